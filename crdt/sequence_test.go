package crdt

import (
	"strings"
	"testing"
	"time"
)

func countRuns(d *Doc) (n int) {
	for _, b := range d.seq.blocks {
		n += len(b.runs)
	}
	return n
}

// TestRunsStayFew: what goes on from what is there joins its run.
func TestRunsStayFew(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	d := New()
	d.Attach(ReplicaID{1})
	for i := range int(maxRun) {
		d.Insert(i, "x", now)
		d.Flush(now)
	}
	if n := countRuns(d); n != 1 {
		t.Errorf("typing made %d runs", n)
	}
	for i := int(maxRun); i > 500; i-- {
		d.BreakUndo()
		d.Delete(i-1, i, now)
	}
	if n := countRuns(d); n != 2 {
		t.Errorf("typing and backspacing made %d runs", n)
	}
	for range maxRun - 500 {
		d.Undo(now)
	}
	if n := countRuns(d); n != 1 || d.Len() != int(maxRun) {
		t.Errorf("undoing that left %d runs of %d code points", n, d.Len())
	}
}

// TestIndexPagesSplit makes an index of many pages, out of order.
func TestIndexPagesSplit(t *testing.T) {
	var x index
	blocks := []*block{{at: 0}, {at: 1}}
	x.append(0, blocks[0])
	n := uint32(5 * maxPage)
	for i := range n {
		seq := i * 7919 % n // every one, scattered
		if seq%2 == 1 {
			x.move(seq, 1, blocks[1])
		}
	}
	if len(x.pages) < 4 {
		t.Fatalf("%d pages", len(x.pages))
	}
	for seq := range n {
		if got := x.find(seq); got != blocks[seq%2] {
			t.Fatalf("seq %d is in block %d", seq, got.at)
		}
	}
}

// TestCursorSurvivesEditsInFrontOfIt hides elements, which splits blocks, while the
// cursor is at the end.
func TestCursorSurvivesEditsInFrontOfIt(t *testing.T) {
	d := New()
	d.Attach(ReplicaID{1})
	for range 2 * maxRuns {
		d.Insert(0, "x\n", time.Time{})
	}
	const n = 500
	d.Insert(0, strings.Repeat("y", n), time.Time{})
	first := d.own.next - n
	for i := uint32(0); i < n; i += 2 {
		d.seq.nth(visible, d.Len()-1)
		d.seq.hide(d.seq.find(d.own, first+i), 1, +1)
		if err := d.checkBlocks(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDumpNamesRuns(t *testing.T) {
	d := New()
	d.Attach(ReplicaID{0xab, 0xcd})
	d.Insert(0, "hello", time.Time{})
	d.Delete(1, 3, time.Time{})
	for _, want := range []string{`abcd:0+1 after root chain 0 Lamport 1 "h"`, `["el"] deleted by 1`, "3 code points"} {
		if got := d.Dump(); !strings.Contains(got, want) {
			t.Errorf("%s\ndoes not contain %s", got, want)
		}
	}
}

// TestCheckFindsDamage: Check can fail, whatever is wrong.
func TestCheckFindsDamage(t *testing.T) {
	for name, damage := range map[string]func(d *Doc, first *run){
		"deletes":     func(_ *Doc, r *run) { r.deletes++ },
		"text":        func(_ *Doc, r *run) { r.text++ },
		"newlines":    func(_ *Doc, r *run) { r.newlines++ },
		"chain":       func(_ *Doc, r *run) { r.chain++ },
		"order":       func(d *Doc, _ *run) { b := d.seq.blocks[0]; b.runs[0], b.runs[1] = b.runs[1], b.runs[0] },
		"block sums":  func(d *Doc, _ *run) { d.seq.blocks[0].sums[visible]++ },
		"sums":        func(d *Doc, _ *run) { d.seq.sums[newlines]++ },
		"least key":   func(d *Doc, _ *run) { d.seq.blocks[0].least.seq++ },
		"index":       func(d *Doc, _ *run) { d.own.index.pages[0][0].block = &block{} },
		"log":         func(d *Doc, _ *run) { d.own.log[0].n++ },
		"cancelled":   func(d *Doc, _ *run) { d.own.log[1].cancelled = true },
		"Lamports":    func(d *Doc, _ *run) { d.own.clock = append(d.own.clock, tick{seq: 1, lamport: 1}) },
		"lost run":    func(d *Doc, _ *run) { b := d.seq.blocks[0]; b.runs = b.runs[1:]; b.recount(); d.seq.sums = b.sums },
		"declared":    func(d *Doc, _ *run) { d.own.declared[ReplicaID{9}] = 4 },
		"pending":     func(d *Doc, _ *run) { d.pending.bytes++ },
		"draft":       func(d *Doc, _ *run) { d.draft.text = append(d.draft.text, 'x') },
		"block count": func(d *Doc, _ *run) { d.seq.blocks = append(d.seq.blocks, &block{}) },
	} {
		d := New()
		d.Attach(ReplicaID{1})
		d.Insert(0, "one\n", time.Time{})
		d.Delete(1, 2, time.Time{})
		d.Insert(0, "zero\n", time.Time{})
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
		damage(d, &d.seq.blocks[0].runs[0])
		if err := d.Check(); err == nil {
			t.Errorf("%s: Check finds nothing", name)
		}
	}
}
