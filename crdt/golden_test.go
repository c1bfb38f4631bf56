package crdt_test

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

var goldenFlag = flag.Bool("golden", false, "write the documents of testdata/blocks anew")

// goldenDocuments are how the documents of testdata/blocks were made. Each is kept there as it was written once: NAME.txt
// is its text, NAME.frames are its changes, NAME.history, .later and .open its blocks; one with a fork has no open-block.
var goldenDocuments = map[string]func(t *testing.T) *crdt.Doc{
	"long":     func(t *testing.T) *crdt.Doc { return longDocument(t, goldenSeed(1)) },
	"longer":   func(t *testing.T) *crdt.Doc { return longDocument(t, goldenSeed(2)) },
	"played":   func(t *testing.T) *crdt.Doc { return playUnforked(t, goldenSeed(3))[0].doc },
	"strange1": func(t *testing.T) *crdt.Doc { return strangeDoc(t, goldenSeed(1)) },
	"strange2": func(t *testing.T) *crdt.Doc { return strangeDoc(t, goldenSeed(2)) },
	"strange3": func(t *testing.T) *crdt.Doc { return strangest(t, goldenSeed(3)) },
	"strange4": func(t *testing.T) *crdt.Doc { return strangest(t, goldenSeed(4)) },
	"wide":     func(t *testing.T) *crdt.Doc { return wideDocument(t, strings.Repeat("aé漢🙂", 2000)) },
	"ascii":    func(t *testing.T) *crdt.Doc { return wideDocument(t, strings.Repeat("plain text\n", 500)) },
	"empty":    func(*testing.T) *crdt.Doc { return crdt.New(crdttest.People(1)[0].Genesis()) },
	"forked":   func(t *testing.T) *crdt.Doc { f := newForking(t); return copyOf(t, f.ana.Genesis(), f.all) },
}

func goldenSeed(n uint64) *rand.Rand { return rand.New(rand.NewPCG(n, 7)) }

// strangest returns a document in which a great many odd things have happened.
func strangest(t *testing.T, rng *rand.Rand) *crdt.Doc {
	_, changes := strangeChanges(rng, 6, 300)
	d := crdt.New(crdttest.People(1)[0].Genesis())
	apply(t, d, changes...)
	return d
}

// TestGoldenBlocks: what was written once is read for ever, and means what it meant. A block has the same bytes
// as long as it has the same version: a writer that does anything else has another format, though it may read that itself.
func TestGoldenBlocks(t *testing.T) {
	for name, make := range goldenDocuments {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join("testdata", "blocks", name)
			if *goldenFlag {
				writeGolden(t, path, make(t))
			}
			readGolden(t, path)
		})
	}
}

func writeGolden(t *testing.T, path string, d *crdt.Doc) {
	t.Helper()
	put := func(kind string, b []byte) { must(t, os.WriteFile(path+kind, b, 0o644)) }
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	put(".txt", []byte(d.Text()))
	put(".frames", slices.Concat(crdttest.Frames(d.DeltaSince(nil))...))
	put(".history", value(d.HistoryBlock()))
	put(".later", value(d.LaterBlock(nil)))
	if open, err := loadBlock(t, value(d.HistoryBlock())).OpenBlock(); err == nil {
		put(".open", open)
	}
}

func readGolden(t *testing.T, path string) {
	t.Helper()
	get := func(kind string) []byte { return value(os.ReadFile(path + kind)) }
	text, history, later := string(get(".txt")), get(".history"), get(".later")
	changes := decodeAll(t, get(".frames"))
	d := loadBlock(t, history)
	fromLater, fromFrames := crdt.New(d.Genesis()), crdt.New(d.Genesis())
	must(t, fromLater.LoadLater(later))
	apply(t, fromFrames, changes...) // in another order
	must(t, sameAsGolden(fromFrames, text, changes))
	all := map[string]*crdt.Doc{"history": d, "later": fromLater}
	open, err := os.ReadFile(path + ".open")
	if err == nil {
		all["open"] = value(crdt.Open(open))
	} else if filepath.Base(path) != "forked" {
		t.Fatal(err)
	}
	for from, d := range all {
		if err := sameAsGolden(d, text, changes); err != nil {
			t.Errorf("%s: %v", from, err)
		}
		if !bytes.Equal(value(d.HistoryBlock()), history) {
			t.Errorf("%s: another history block", from)
		}
		if open != nil && from != "later" { // into how many runs long text is divided depends on the way it came
			sameParts(t, from+": another open-block", crdt.UnpackOpen, value(d.OpenBlock()), open)
		}
		sameParts(t, from+": another later block", crdt.UnpackLater, value(d.LaterBlock(nil)), later)
	}
}

// sameAsGolden says what is wrong with a document that has a text and these changes.
func sameAsGolden(d *crdt.Doc, text string, changes []*crdt.Change) error {
	if d.Text() != text {
		return fmt.Errorf("text %q, want %q", d.Text(), text)
	}
	if got, want := bareFrames(d.DeltaSince(nil)), bareFrames(changes); !slices.Equal(got, want) {
		return fmt.Errorf("changes %x, want %x", got, want)
	}
	return cmp.Or(d.Check(), d.Verify())
}

// bareFrames returns changes as they travel, without signatures and in no order that means anything.
func bareFrames(changes []*crdt.Change) (all []string) {
	for _, c := range changes {
		bare := *c
		bare.Signature = nil
		all = append(all, string(bare.AppendFrame(nil)))
	}
	slices.Sort(all)
	return all
}

// sameParts compares blocks but for how they are packed, which is for the packer to decide.
func sameParts(t *testing.T, what string, unpack func([]byte) (head, plain []byte), got, want []byte) {
	t.Helper()
	head, plain := unpack(got)
	wantHead, wantPlain := unpack(want)
	if !bytes.Equal(head, wantHead) || !bytes.Equal(plain, wantPlain) {
		t.Error(what)
	}
}

func decodeAll(t *testing.T, frames []byte) (all []*crdt.Change) {
	t.Helper()
	for len(frames) > 0 {
		c, rest, err := crdt.DecodeFrame(frames)
		must(t, err)
		all, frames = append(all, c), rest
	}
	return all
}
