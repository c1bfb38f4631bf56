package crdt_test

import (
	"encoding/binary"
	"reflect"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
)

// decoded returns changes as another copy gets them; each must obey the format.
func decoded(t *testing.T, changes []*crdt.Change) []*crdt.Change {
	t.Helper()
	var all []*crdt.Change
	for _, c := range changes {
		got, err := crdt.DecodeChange(c.Bytes())
		if err != nil {
			t.Fatalf("a flushed change does not decode: %v", err)
		}
		all = append(all, got)
	}
	return all
}

// copyOf returns a document that has applied changes, as they decode.
func copyOf(t *testing.T, changes []*crdt.Change) *crdt.Doc {
	t.Helper()
	d := crdt.New()
	applyAll(t, d, decoded(t, changes))
	return d
}

func TestTypingAndBackspacingIsOneOpEach(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "hello wörld")
	for at := 10; at > 5; at-- {
		w.Delete(at, at+1, w.now)
	}
	for range 3 {
		w.Delete(1, 2, w.now)
	}
	got := w.Flush(w.now)
	want := []*crdt.Change{{
		Replica: anaID, Minutes: w.now.Unix() / 60,
		Ops: []crdt.Op{insertOp(crdt.ID{}, "hello wörld"), deleteOp(anaID, 6, 5), deleteOp(anaID, 1, 3)},
	}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("flushed %+v, want %+v", got[0], want[0])
	}
	if again := w.Flush(w.now); again != nil {
		t.Errorf("the second flush gave %v", again)
	}
	if got := copyOf(t, got).Text(); got != "ho " {
		t.Errorf("the copy has %q", got)
	}
}

func TestForeignChangeEndsADraft(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	ben := &crdt.Change{Replica: benID, Ops: []crdt.Op{insertOp(crdt.ID{}, "B")}}
	applyAll(t, w.Doc, []*crdt.Change{ben})
	w.typed(w.Len(), "two")
	more := &crdt.Change{Replica: benID, Seq: 1, Ops: []crdt.Op{insertOp(crdt.ID{Replica: benID}, "C")}}
	changes := w.Flush(w.now)
	applyAll(t, w.Doc, []*crdt.Change{more})
	w.typed(0, "!")
	changes = append(changes, w.Flush(w.now)...)
	if len(changes) != 3 {
		t.Fatalf("%d changes, want 3", len(changes))
	}
	for i, want := range [][]crdt.ID{nil, {{Replica: benID, Seq: 0}}, {{Replica: benID, Seq: 1}}} {
		if !reflect.DeepEqual(changes[i].Causes, want) {
			t.Errorf("change %d names the causes %v, want %v", i, changes[i].Causes, want)
		}
	}
	if got := copyOf(t, append([]*crdt.Change{ben, more}, changes...)).Text(); got != w.Text() {
		t.Errorf("the copy has %q, want %q", got, w.Text())
	}
}

func TestGreatEditsBecomeSeveralChanges(t *testing.T) {
	for name, edit := range map[string]func(w *writer){
		"paste": func(w *writer) { w.Insert(0, strings.Repeat("wör中👍\n", 120_000), w.now) },
		"ops": func(w *writer) {
			for range 25_000 {
				w.Insert(0, "x", w.now) // in front: each an op of its own
			}
		},
		"typing": func(w *writer) {
			for range 3 {
				w.Insert(w.Len(), strings.Repeat("ab", 200_000), w.now)
			}
		},
		"deletes": func(w *writer) {
			w.Insert(0, strings.Repeat("ab", 40_000), w.now)
			for at := range 40_000 {
				w.BreakUndo()
				w.Delete(at, at+1, w.now)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			edit(w)
			changes := w.Flush(w.now)
			if len(changes) < 2 {
				t.Errorf("%d changes", len(changes))
			}
			if got := copyOf(t, changes).Text(); got != w.Text() {
				t.Errorf("the copy has %d bytes of text, want %d", len(got), len(w.Text()))
			}
			if err := w.Check(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestMoreCausesThanOneChangeHolds: a newcomer's first edit in a document of 5,000 replicas.
func TestMoreCausesThanOneChangeHolds(t *testing.T) {
	var changes []*crdt.Change
	for i := range 5000 {
		var r crdt.ReplicaID
		binary.BigEndian.PutUint32(r[:], uint32(i+1))
		changes = append(changes, &crdt.Change{Replica: r, Ops: []crdt.Op{insertOp(crdt.ID{}, "x")}})
	}
	w := newWriter(t)
	applyAll(t, w.Doc, changes)
	w.Delete(0, 5000, w.now)
	w.Insert(0, "fresh", w.now)
	own := w.Flush(w.now)
	if got := copyOf(t, append(changes, own...)).Text(); got != "fresh" {
		t.Errorf("the copy has %.40q", got)
	}
	w.undo(w.Undo, true, strings.Repeat("x", 5000))
}

func TestAttachGoesOnWhereTheReplicaWas(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "before")
	d := copyOf(t, w.Flush(w.now))
	d.Attach(anaID)
	d.Insert(6, " after", noon)
	changes := d.Flush(noon)
	if changes[0].Seq != 6 {
		t.Errorf("the change begins at %d, want 6", changes[0].Seq)
	}
	applyAll(t, w.Doc, decoded(t, changes))
	w.want("before after")
}

// TestOwnChainGoesOnElsewhere: a copy of the same replica went on from the flushed edits.
// That must not happen, but it must not break the chain either.
func TestOwnChainGoesOnElsewhere(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "one")
	ahead := &crdt.Change{Replica: anaID, Seq: 3, Ops: []crdt.Op{insertOp(crdt.ID{Replica: anaID, Seq: 2}, "+")}}
	applyAll(t, w.Doc, []*crdt.Change{ahead})
	w.typed(4, "two")
	changes := w.Flush(w.now)
	if len(changes) != 2 || changes[1].Seq != 4 {
		t.Fatalf("flushed %+v", changes)
	}
	if got := copyOf(t, []*crdt.Change{changes[1], ahead, changes[0]}).Text(); got != "one+two" {
		t.Errorf("the copy has %q", got)
	}
}

func TestAttachToAnotherReplicaDeclaresAll(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "abc")
	changes := w.Flush(w.now)
	w.Attach(benID)
	w.undo(w.Undo, false, "abc")
	w.Delete(1, 2, w.now)
	if got := copyOf(t, append(changes, w.Flush(w.now)...)).Text(); got != "ac" {
		t.Errorf("the copy has %q", got)
	}
}

func TestEditsBefore1970CountAs1970(t *testing.T) {
	w := newWriter(t)
	w.typed(0, "x")
	if c := decoded(t, w.Flush(time.Time{}))[0]; c.Minutes != 0 {
		t.Errorf("minutes %d", c.Minutes)
	}
}

func TestCallersBugsPanic(t *testing.T) {
	for name, f := range map[string]func(d *crdt.Doc){
		"insert outside":      func(d *crdt.Doc) { d.Insert(4, "x", noon) },
		"insert before 0":     func(d *crdt.Doc) { d.Insert(-1, "x", noon) },
		"broken text":         func(d *crdt.Doc) { d.Insert(0, "\xff", noon) },
		"delete outside":      func(d *crdt.Doc) { d.Delete(1, 4, noon) },
		"delete backwards":    func(d *crdt.Doc) { d.Delete(2, 1, noon) },
		"slice outside":       func(d *crdt.Doc) { d.Slice(0, 4) },
		"no such paragraph":   func(d *crdt.Doc) { d.LineStart(1) },
		"author at the end":   func(d *crdt.Doc) { d.Author(3) },
		"attach to nobody":    func(d *crdt.Doc) { d.Attach(crdt.ReplicaID{}) },
		"attach with a draft": func(d *crdt.Doc) { d.Attach(benID) },
		"edit unattached":     func(*crdt.Doc) { crdt.New().Insert(0, "x", noon) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWriter(t)
			w.Insert(0, "abc", noon)
			defer func() {
				if got, ok := recover().(string); !ok || !strings.HasPrefix(got, "crdt: ") {
					t.Errorf("panic %q, want one that begins with crdt:", got)
				}
				w.want("abc")
			}()
			f(w.Doc)
		})
	}
}
