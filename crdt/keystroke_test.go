package crdt_test

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"

	"inkling/crdt"
)

// TestKeystrokesAreWrittenAsOtherChanges: whatever is flushed, its bytes are those that
// the history gives for it, and people typing together flush both keystrokes and other changes.
func TestKeystrokesAreWrittenAsOtherChanges(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		p := newPeople(t, 2, "some text\n")
		w := typist{rng: rng, now: noon}
		flushes := map[bool]int{}
		for range *stepsFlag {
			i := rng.IntN(2)
			d := p.docs[i]
			for range 1 + rng.IntN(8)/7 {
				w.edit(d)
			}
			if rng.IntN(8) == 0 {
				continue // more, before it is flushed
			}
			b := d.Flush()
			if b.Empty() {
				continue
			}
			bodies, keystroke := b.Bodies()
			flushes[keystroke]++
			if again := d.Rewritten(b); !bytes.Equal(bodies, again) {
				t.Fatalf("flushed %x, the history has %x (a keystroke: %t)\n%s", bodies, again, keystroke, d.Dump())
			}
			changes := b.Seal(p.who[i].Key)
			d.Sealed(changes)
			if rng.IntN(3) == 0 {
				p.meet()
			}
		}
		p.meet()
		if flushes[true] == 0 || flushes[false] == 0 {
			t.Errorf("%d keystrokes and %d others were flushed", flushes[true], flushes[false])
		}
	})
}

// typist makes local edits, most of them where the last one was.
type typist struct {
	rng *rand.Rand
	now time.Time
	at  int
}

var keys = []string{"a", "b", "é", "漢", "\n", "word", "wörd\n", "paste 🙂"}

func (w *typist) edit(d *crdt.Doc) {
	w.now = w.now.Add(time.Duration(w.rng.IntN(3000)) * time.Millisecond)
	if w.rng.IntN(10) == 0 {
		w.at = w.rng.IntN(d.Len() + 1)
	}
	w.at = min(w.at, d.Len())
	n := 1 + w.rng.IntN(5)/4
	switch w.rng.IntN(12) {
	case 0, 1, 2:
		w.at = max(0, w.at-n)
		d.Delete(w.at, min(w.at+n, d.Len()), w.now)
	case 3:
		d.Delete(w.at, min(w.at+n, d.Len()), w.now)
	case 4:
		d.Undo(w.now)
	case 5:
		d.Redo(w.now)
	default:
		text := keys[w.rng.IntN(len(keys))]
		d.Insert(w.at, text, w.now)
		w.at += len([]rune(text))
	}
}
