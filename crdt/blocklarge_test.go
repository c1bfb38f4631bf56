package crdt_test

import (
	"bytes"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// written returns a document with what edit does to it, as the creator.
func written(t *testing.T, edit func(d *crdt.Doc)) *crdt.Doc {
	t.Helper()
	p := crdttest.People(1)[0]
	d := crdt.New(p.Genesis())
	must(t, d.Attach(p.Author))
	edit(d)
	p.Flush(d)
	return d
}

// sameAll says what is wrong with any block of d.
func sameAll(d *crdt.Doc) error {
	for _, same := range []func(*crdt.Doc) error{sameBlock, sameOpen} {
		if err := same(d); err != nil {
			return err
		}
	}
	return sameBlocks(d, [][]byte{nil, value(d.LaterBlock(nil))})
}

// TestBlockOfALongDocument: some thousand edits have all blocks.
func TestBlockOfALongDocument(t *testing.T) {
	fewSeeds(t, func(t *testing.T, rng *rand.Rand) { must(t, sameAll(longDocument(t, rng))) })
}

// longDocument returns what three people wrote who met now and then: with pauses, moves, retyping and
// undo, in changes of one edit and of many.
func longDocument(t *testing.T, rng *rand.Rand) *crdt.Doc {
	t.Helper()
	p := newPeople(t, 3, strings.Repeat("A long beginning, in lines.\n", 40))
	now := noon
	for range 12 {
		for i, d := range p.docs {
			at := rng.IntN(d.Len() + 1)
			for range 1 + rng.IntN(60) {
				if now = now.Add(time.Duration(rng.IntN(40)) * time.Second / 10); rng.IntN(8) == 0 {
					at = rng.IntN(d.Len() + 1)
				}
				switch n := rng.IntN(12); {
				case n == 0:
					d.Undo(now)
					at = min(at, d.Len())
				case n < 4 && at > 0:
					d.Delete(at-1, at, now)
					at--
				case n == 4 && at+40 < d.Len():
					d.Delete(at, at+rng.IntN(40), now)
				default:
					text := []string{"a", "b", " ", "\n", "é", "漢字", "and so on ", "🙂"}[rng.IntN(8)]
					d.Insert(at, text, now)
					at += len([]rune(text))
				}
				if rng.IntN(3) > 0 {
					p.who[i].Flush(d)
				}
			}
		}
		p.meet()
	}
	must(t, p.docs[0].Check())
	return p.docs[0]
}

// TestBlockOfNothing: an empty document has blocks.
func TestBlockOfNothing(t *testing.T) {
	must(t, sameAll(crdt.New(crdttest.People(1)[0].Genesis())))
}

// TestBlockOfWideText: long text that is not ASCII, deleted in parts, undone, in one change.
func TestBlockOfWideText(t *testing.T) {
	for _, text := range []string{strings.Repeat("é\n", 3000), strings.Repeat("aé漢🙂", 2000), strings.Repeat("x", 30_000) + "é"} {
		must(t, sameAll(wideDocument(t, text)))
	}
}

func wideDocument(t *testing.T, text string) *crdt.Doc {
	t.Helper()
	return written(t, func(d *crdt.Doc) {
		d.Insert(0, "In front of it.\n", noon)
		d.BreakUndo()
		d.Insert(16, text, noon)
		d.Delete(10, 2500, noon)
		d.BreakUndo()
		d.Delete(100, 1300, noon)
		d.Undo(noon)
		d.Insert(1500, "é漢", noon)
	})
}

// TestBlockOfRegularText: what packs better than a block may is padded.
func TestBlockOfRegularText(t *testing.T) {
	text := strings.Repeat("x", 9<<20)
	d := written(t, func(d *crdt.Doc) { d.Insert(0, text, noon) })
	block, err := d.HistoryBlock()
	must(t, err)
	later := crdt.New(d.Genesis())
	must(t, later.LoadLater(value(d.LaterBlock(nil))))
	for name, e := range map[string]*crdt.Doc{"history": loadBlock(t, block), "open": openBlock(t, d), "later": later} {
		if e.Text() != text || !e.Version().Equal(d.Version()) {
			t.Errorf("%s: %d of %d bytes, version %v", name, e.Len(), len(text), e.Version())
		}
	}
}

// TestBlockOfADraft: what is not flushed and sealed cannot be in a block.
func TestBlockOfADraft(t *testing.T) {
	p := crdttest.People(1)[0]
	d := crdt.New(p.Genesis())
	must(t, d.Attach(p.Author))
	d.Insert(0, "x", noon)
	for name, write := range map[string]func(){
		"HistoryBlock": func() { _, _ = d.HistoryBlock() },
		"OpenBlock":    func() { _, _ = d.OpenBlock() },
		"LaterBlock":   func() { _, _ = d.LaterBlock(nil) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s does not panic", name)
				}
			}()
			write()
		}()
	}
}

// TestBlockClaims: a block that says that it holds more than its length justifies is refused before anything is made.
func TestBlockClaims(t *testing.T) {
	_, err := crdt.Open(nil)
	mustFormat(t, err)
	d := crdt.New(crdttest.People(1)[0].Genesis())
	mustFormat(t, d.LoadLater(crdt.Pack([]byte("inkl\x01\x00\xff\xff\xff\x0f\x00"), nil)))
	block, err := d.OpenBlock()
	must(t, err)
	head, _ := crdt.UnpackOpen(block)
	claim := append(head[:len(head)-2:len(head)-2], 0xff, 0xff, 0xff, 0x0f, 0)
	_, err = crdt.Open(crdt.Pack(claim, nil))
	mustFormat(t, err)
	many := []byte("inkl\x01\x00\xff\xff\x3f\x00\x00") // changes, stamps and bytes
	if err := d.LoadLater(crdt.Pack(many, nil)); err == nil || !strings.Contains(err.Error(), "claims") {
		t.Errorf("a later block of a million changes: %v", err)
	}
}

// TestBlockOfLittle: documents of few edits, where what is first is also last.
func TestBlockOfLittle(t *testing.T) {
	for _, edits := range []string{"abc<<<", "a<b<c<", "abc<<<d", "é<", "ab|x<<", "ab|><c", "abc|||>>>", "ab||>>d", "abcd||x>>y<<<"} {
		must(t, sameAll(written(t, func(d *crdt.Doc) {
			at := 0
			for _, key := range edits {
				switch key {
				case '<':
					at--
					d.Delete(at, at+1, noon)
				case '>':
					d.Delete(at, at+1, noon)
				case '|':
					at--
				default:
					d.Insert(at, string(key), noon)
					at++
				}
				crdttest.People(1)[0].Flush(d)
			}
		})))
	}
}

// TestBlockOfAFork: a document with a forked chain has blocks but for the open-block, and says so.
func TestBlockOfAFork(t *testing.T) {
	p := crdttest.People(1)[0]
	one := crdt.New(p.Genesis())
	must(t, one.Attach(p.Author))
	other := crdt.New(p.Genesis())
	must(t, other.Attach(p.Author))
	one.Insert(0, "one", noon)
	other.Insert(0, "other", noon)
	p.Flush(one)
	apply(t, one, p.Flush(other)...)
	if !one.Forked() {
		t.Fatal("the chain has not forked")
	}
	if _, err := one.OpenBlock(); !errors.Is(err, crdt.ErrNoBlock) {
		t.Errorf("OpenBlock gives %v", err)
	}
	must(t, sameBlock(one))
	must(t, sameBlocks(one, [][]byte{nil, value(one.LaterBlock(nil))}))
	block := value(one.HistoryBlock())
	for i := range block {
		damaged := bytes.Clone(block)
		damaged[i] ^= 4
		_, err := crdt.LoadBlock(damaged)
		mustFormat(t, err)
	}
}
