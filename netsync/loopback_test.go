package netsync

import (
	"fmt"
	"log/slog"

	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"inkling/crdt"
)

// real starts a person on real UDP sockets of this machine.
func real(t testing.TB, name string, port int) *person {
	t.Helper()
	p := &person{name: name, key: keyOf(1, name), library: newMemory(keyOf(1, name))}
	node, err := Start(Config{
		Key: p.key, Name: func() string { return name }, Library: p.library, Events: p.happened, Port: port, Inbox: t.TempDir(),
		Logger: slog.New(p.handler()),
	})
	if err != nil {
		t.Fatal(err)
	}
	p.Node, p.library.node = node, node
	return p
}

func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !condition(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("still not: %s", what)
		}
	}
}

// TestRealSockets: two programs on this machine, the second on another port
// because the first has its own; an invite, text both ways, a goodbye.
func TestRealSockets(t *testing.T) {
	defer goleak.VerifyNone(t)
	ana := real(t, "Ana", 0)
	defer ana.Close()
	ben := real(t, "Ben", ana.Port())
	defer ben.Close()
	if ben.Port() == ana.Port() || len(ben.Trouble()) != 0 {
		t.Errorf("ports %d and %d, trouble %q", ana.Port(), ben.Port(), ben.Trouble())
	}
	if a := ben.Address(); a != "" && !strings.HasSuffix(a, fmt.Sprintf(":%d", ben.Port())) {
		t.Errorf("who types %q does not find port %d", a, ben.Port())
	}
	doc := ana.library.add(genesisOf(1))
	ana.library.write(doc, "from Ana ")
	ana.answer = yes
	link, err := ana.NewInvite(doc, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := join(ben, link); err != nil {
		t.Fatal(err)
	}
	ben.library.write(doc, "from Ben ")
	equal := func() bool {
		return ana.library.text(doc) == ben.library.text(doc) && len(ana.library.text(doc)) == len("from Ana from Ben ")
	}
	eventually(t, "equal", equal)
	if err := ben.Close(); err != nil {
		t.Error(err)
	}
	eventually(t, "the goodbye is heard", func() bool { return !ana.online(ben) })
}

// BenchmarkKeystroke measures from an edit's commit at one end to the return of
// the other library's Receive, on loopback with real sockets, and prints the
// percentiles. The libraries are in memory: no disk is in it.
func BenchmarkKeystroke(b *testing.B) {
	ana, ben := real(b, "Ana", 17447), real(b, "Ben", 17448)
	defer ana.Close()
	defer ben.Close()
	doc := ana.library.add(genesisOf(1))
	ana.answer = yes
	link, err := ana.NewInvite(doc, time.Now())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := join(ben, link); err != nil {
		b.Fatal(err)
	}
	got := make(chan time.Time, 1)
	ben.library.received = func() { got <- time.Now() }
	ana.library.write(doc, "x")
	<-got
	var took []time.Duration
	for b.Loop() {
		time.Sleep(2 * time.Millisecond) // a fast typist is slower
		began := time.Now()
		ana.library.write(doc, "x")
		took = append(took, (<-got).Sub(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)/2].Microseconds()), "µs-p50")
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "µs-p99")
}

// BenchmarkCatchUp measures how fast a newcomer gets a document of many small
// changes.
func BenchmarkCatchUp(b *testing.B) {
	const changes = 20_000
	source := newMemory(keyOf(1, "Ana"))
	doc := source.add(genesisOf(1))
	for range changes {
		source.write(doc, "x")
	}
	for b.Loop() {
		ana, ben := real(b, "Ana", 17447), real(b, "Ben", 17448)
		ana.library.mu.Lock()
		ana.library.docs[doc] = source.docs[doc]
		ana.library.mu.Unlock()
		ana.answer = yes
		link, err := ana.NewInvite(doc, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		began := time.Now()
		if _, err := join(ben, link); err != nil {
			b.Fatal(err)
		}
		eventually(b, "equal", func() bool {
			heads, err := ben.library.Heads(doc)
			return err == nil && equalHeads(heads, mustHeads(source, doc))
		})
		b.ReportMetric(float64(time.Since(began).Milliseconds()), "ms/20000-changes")
		ana.Close()
		ben.Close()
	}
}

func mustHeads(l *memory, doc crdt.DocID) []crdt.Head {
	heads, err := l.Heads(doc)
	if err != nil {
		panic(err)
	}
	return heads
}

// equalHeads says whether a and b are the same, in whatever order.
func equalHeads(a, b []crdt.Head) bool {
	set := map[crdt.Head]int{}
	for _, h := range a {
		set[h]++
	}
	for _, h := range b {
		set[h]--
	}
	for _, n := range set {
		if n != 0 {
			return false
		}
	}
	return true
}
