package storage_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"inkling/storage"
	"inkling/storage/disktest"
)

// verdict is what an image of a trial's disk was found to hold. The laws: it opens
// and is whole; what is in it are the first entries of the trial, as they were appended,
// and the counter of the same time; it takes the next entry.
type verdict struct {
	entries int // how many of the trial's
	counted int
	known   map[int]bool // documents
	stage   string       // how far a compaction was, if one had begun
	corrupt error        // a law is broken
	told    bool         // that something is wrong
}

// lost says what is missing of what was said to be committed by position.
func (v *verdict) lost(tr *trial, position int) error {
	if want := tr.toldBy(position); v.entries < want {
		return fmt.Errorf("%d entries are left of %d that were said to be committed", v.entries, want)
	}
	if want := tr.countedBy(position); v.counted < want {
		return fmt.Errorf("the counter is %d behind", want-v.counted)
	}
	for n, added := range tr.added {
		if added <= position && !v.known[n] {
			return fmt.Errorf("document %d was said to be added", n)
		}
	}
	return nil
}

// judge looks at an image.
func (tr *trial) judge(image *disktest.Disk) *verdict {
	l, err := storage.OpenIn(image)
	if err != nil {
		return &verdict{corrupt: fmt.Errorf("open: %w", err)}
	}
	v, err := tr.read(l)
	if err == nil {
		err = checkAll(l)
	}
	if err == nil {
		err = tr.goOn(l, v.entries)
	}
	if err == nil && tr.rng.IntN(compactedOf) == 0 {
		err = tr.compactAll(l, v)
	}
	if closeErr := l.Close(); closeErr != nil {
		err = errors.Join(err, fmt.Errorf("close: %w", closeErr))
	}
	v.corrupt = err
	return &v
}

// read compares the journals, the list and the counter with the trial's entries.
func (tr *trial) read(l *storage.Library) (v verdict, err error) {
	v.known = map[int]bool{}
	held := map[int]int{} // changes, by document
	documents, err := l.Documents()
	if err != nil {
		return v, err
	}
	for n := range tr.added {
		v.known[n] = slices.ContainsFunc(documents, func(d storage.Document) bool { return d.ID == genesis(n).DocID() })
		if !v.known[n] {
			continue
		}
		if held[n], err = tr.readJournal(l, n); err != nil {
			return v, err
		}
	}
	newest := map[int]entry{}
	for _, e := range tr.entries {
		if held[e.document] < len(e.changes) {
			break
		}
		held[e.document] -= len(e.changes)
		newest[e.document] = e
		v.entries++
	}
	for n, more := range held {
		if more > 0 {
			return v, fmt.Errorf("document %d has %d changes more than the first %d entries", n, more, v.entries)
		}
	}
	for _, d := range documents {
		if err := listed(d, newest); err != nil {
			return v, err
		}
	}
	if v.counted, err = readCounter(l); err == nil {
		v.stage, err = stageOf(l)
	}
	return v, err
}

// stageOf says how far the compaction that had come furthest was.
func stageOf(l *storage.Library) (string, error) {
	for _, stage := range []struct{ name, query string }{
		{"rows that a base covers", `SELECT count(*) FROM block JOIN change USING (doc) WHERE kind = 1 AND change.id <= doc << 32 | upto`},
		{"a base and a successor", `SELECT count(*) FROM block a JOIN block b USING (doc) WHERE a.kind = 1 AND b.kind = 2`},
		{"a successor", `SELECT count(*) FROM block WHERE kind = 2`},
		{"a base", `SELECT count(*) FROM block WHERE kind = 1`},
	} {
		if n, err := storage.Count(l, stage.query); err != nil || n > 0 {
			return stage.name, err
		}
	}
	return "rows only", nil
}

// readJournal returns how many changes a document has; they are the first that were
// appended to it.
func (tr *trial) readJournal(l *storage.Library, document int) (n int, err error) {
	want := tr.changes[document]
	for c, err := range l.Changes(genesis(document).DocID()) {
		if err != nil {
			return n, err
		}
		if n >= len(want) || !sameButUnsigned(c, want[n]) {
			return n, fmt.Errorf("change %d of document %d is not the one that was appended", n, document)
		}
		n++
	}
	return n, nil
}

// listed says whether the list has what the newest entry of a document says.
func listed(d storage.Document, newest map[int]entry) error {
	for n, e := range newest {
		if genesis(n).DocID() == d.ID && (d.Title != e.title || e.now.Sub(d.Modified).Abs() >= time.Second) {
			return fmt.Errorf("document %d is listed as %q of %v, its newest change is of %q, %v", n, d.Title, d.Modified, e.title, e.now)
		}
	}
	return nil
}

// compactedOf is of how many images the documents of one are compacted, whatever the cut has left of that.
const compactedOf = 24

// compactAll compacts all documents, and sees that they are what they were.
func (tr *trial) compactAll(l *storage.Library, v verdict) error {
	for n := 1; n <= deskDocuments; n++ {
		if !v.known[n] {
			continue
		}
		before, err := tr.readJournal(l, n)
		for more := before > 0; more && err == nil; {
			more, err = l.Compact(context.Background(), genesis(n).DocID(), storage.Always)
		}
		if err != nil {
			return fmt.Errorf("compact document %d: %w", n, err)
		}
		after, err := tr.readJournal(l, n)
		if err == nil && after != before {
			err = fmt.Errorf("%d changes, before %d", after, before)
		}
		if err != nil {
			return fmt.Errorf("document %d, compacted: %w", n, err)
		}
	}
	return checkAll(l)
}

// readCounter returns how often the trial has counted.
func readCounter(l *storage.Library) (int, error) {
	value, err := l.State(genesis(1).DocID(), counter)
	if err != nil || value == nil {
		return 0, err
	}
	n, err := strconv.Atoi(string(value))
	return n + 1, err
}

func checkAll(l *storage.Library) error {
	r, err := l.Check(context.Background())
	if err == nil && !r.Intact() {
		err = errors.New(r.String())
	}
	return err
}

// goOn appends the next entry and sees that it is there. When there is none, it appends
// the last once more, which alters nothing.
func (tr *trial) goOn(l *storage.Library, held int) error {
	held = min(held, len(tr.entries)-1)
	e := tr.entries[held]
	if err := l.Add(genesis(e.document), day); err != nil {
		return fmt.Errorf("go on: %w", err)
	}
	if err := save(l, e.doc(), e.changes, e.title, e.now); err != nil {
		return fmt.Errorf("go on: %w", err)
	}
	want := 0
	for _, before := range tr.entries[:held+1] {
		if before.document == e.document {
			want += len(before.changes)
		}
	}
	n, err := tr.readJournal(l, e.document)
	if err == nil && n != want {
		err = fmt.Errorf("%d changes, want %d", n, want)
	}
	if err != nil {
		return fmt.Errorf("after going on: %w", err)
	}
	return nil
}
