package crdt_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"inkling/crdt/crdttest"
)

var modelGolden = flag.Bool("model.golden", false, "write the histories in testdata/model anew; "+oracleVariable+" must name the oracle")

// told is a history with what the oracle said of it. In its file it is
//
//	peers N                how many peers, only of people
//	s VERB PEER A B TEXT   what they did, see crdttest.Script
//	c …, i …, d …          the history, see crdttest.History
//	? +ID -ID …            the answer: the elements in document order, those that are visible with +
type told struct {
	peers   int
	script  crdttest.Script
	history string
	answer  string
}

// TestModelGolden compares documents with what the oracle once said of the histories in testdata/model. That is what
// ties them to the proof where the oracle is not.
func TestModelGolden(t *testing.T) {
	if *modelGolden {
		writeHistories(t)
	}
	for _, name := range []string{"drawn.txt", "forked.txt"} {
		for i, g := range readHistories(t, name) {
			h, err := crdttest.ParseHistory(g.history)
			if err == nil {
				err = compareAll(h, g.answer, uint64(i))
			}
			if err != nil {
				t.Fatalf("%s, the history\n%s? %s\n%v", name, g.history, g.answer, err)
			}
		}
	}
	for _, g := range readHistories(t, "people.txt") {
		w := playedWorld(t, g.peers, g.script)
		h := w.history()
		if got := h.String(); got != g.history {
			t.Fatalf("people.txt, the script\n%smade\n%swant\n%s", g.script, got, g.history)
		}
		for _, p := range w.peers {
			if err := compare(h, p.doc, g.answer); err != nil {
				t.Fatalf("people.txt, the script\n%s%v", g.script, err)
			}
		}
	}
}

func modelPath(name string) string { return filepath.Join("testdata", "model", name) }

// readHistories reads a file of histories.
func readHistories(t *testing.T, name string) (all []told) {
	t.Helper()
	b, err := os.ReadFile(modelPath(name))
	must(t, err)
	var g told
	for line := range strings.Lines(string(b)) {
		verb, rest, _ := strings.Cut(line, " ")
		switch verb {
		case "#":
		case "peers":
			_, err := fmt.Sscan(rest, &g.peers)
			must(t, err)
		case "s":
			g.script = append(g.script, crdttest.ParseScript(rest)...)
		case "?":
			g.answer = strings.TrimSpace(rest)
			all = append(all, g)
			g = told{}
		default:
			g.history += line
		}
	}
	if len(all) == 0 || g.history != "" {
		t.Fatalf("%s does not end with an answer", name)
	}
	return all
}

func (g told) String() string {
	var b strings.Builder
	if g.peers > 0 {
		fmt.Fprintf(&b, "peers %d\n", g.peers)
	}
	for _, step := range g.script {
		fmt.Fprintf(&b, "s %s", crdttest.Script{step})
	}
	return b.String() + g.history + "? " + g.answer + "\n"
}

// writeHistories asks the oracle of some hundred histories and writes them down.
func writeHistories(t *testing.T) {
	oracle := startOracle(t)
	files := map[string]string{}
	add := func(name string, g told, h *crdttest.History) {
		g.history, g.answer = h.String(), oracle.ask(t, h)
		files[name] += g.String()
	}
	for seed, drawn, forked := uint64(0), 0, 0; drawn < 300 || forked < 200; seed++ {
		switch h := drawHistory(seed); {
		case h.Forked() && forked < 200:
			add("forked.txt", told{}, h)
			forked++
		case !h.Forked() && drawn < 300:
			add("drawn.txt", told{}, h)
			drawn++
		}
	}
	for seed := range uint64(30) {
		rng := rand.New(rand.NewPCG(seed, 1))
		g := told{peers: 2 + rng.IntN(3)}
		g.script = draw(rng, g.peers, 20+rng.IntN(40))
		add("people.txt", g, playedWorld(t, g.peers, g.script).history())
	}
	must(t, os.MkdirAll(modelPath(""), 0o777))
	for name, text := range files {
		must(t, os.WriteFile(modelPath(name), []byte("# Made by go test ./crdt -run TestModelGolden -model.golden, with the oracle: see modelgolden_test.go.\n"+text), 0o666))
	}
}
