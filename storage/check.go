package storage

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"inkling/crdt"
)

// maxLost is how many unreadable changes of one document a report names.
const maxLost = 100

// Report is what [Library.Check] found.
type Report struct {
	// Problems are SQLite's complaints about the structure of the file.
	Problems    []string
	Documents   []DocumentReport
	Attachments AttachmentsReport
}

// DocumentReport says how much of one document can be read.
type DocumentReport struct {
	Document
	Changes int   // that can be read
	Bytes   int64 // of their bodies
	// Lost are the changes that cannot, the first 100 of them.
	Lost []*LostError
	// Gaps are places where a chain or the journal does not go on: rows are missing.
	Gaps []string
	// Spare says which blocks beside the journal are not what they should be. Nothing is lost with them: they are made anew.
	Spare []string
	// Unread says why the journal could not be read to its end; nil when it was.
	Unread error
	// Forged says why the changes, each of which can be read, are together not what
	// their devices signed; nil when they are, or when that cannot be told because
	// some are missing.
	Forged error
	// Unsound says what does not hold of the document that the changes make ([crdt.Doc.Check]); nil when all does.
	Unsound error
}

// Intact says whether all of the document can be read.
func (d DocumentReport) Intact() bool { return d.complete() && d.Forged == nil && d.Unsound == nil }

// complete says whether every change was read.
func (d DocumentReport) complete() bool {
	return len(d.Lost) == 0 && len(d.Gaps) == 0 && d.Unread == nil
}

// Intact says whether nothing is wrong.
func (r Report) Intact() bool {
	for _, d := range r.Documents {
		if !d.Intact() {
			return false
		}
	}
	return len(r.Problems) == 0 && r.Attachments.Intact()
}

// Summary counts what is wrong, in words.
func (r Report) Summary() string {
	damaged := 0
	for _, d := range r.Documents {
		if !d.Intact() {
			damaged++
		}
	}
	text := plural(damaged, "document") + " of " + strconv.Itoa(len(r.Documents)) + " damaged"
	if n := len(r.Attachments.Lost) + len(r.Attachments.Astray); n > 0 {
		text += ", and " + plural(n, "attached file")
	}
	if len(r.Problems) > 0 {
		text += ", and the structure of the file: " + r.Problems[0]
	}
	return text
}

// String says what is wrong, a line for each thing, or that nothing is.
func (r Report) String() string {
	var b strings.Builder
	for _, p := range r.Problems {
		fmt.Fprintf(&b, "library.db: %s\n", p)
	}
	for _, d := range r.Documents {
		for _, e := range d.Lost {
			fmt.Fprintln(&b, e)
		}
		for _, gap := range d.Gaps {
			fmt.Fprintf(&b, "document %q (%s): %s\n", d.name(), d.ID, gap)
		}
		for _, spare := range d.Spare {
			fmt.Fprintf(&b, "document %q (%s): %s; nothing is lost\n", d.name(), d.ID, spare)
		}
		for _, err := range []error{d.Unread, d.Forged, d.Unsound} {
			if err != nil {
				fmt.Fprintf(&b, "document %q (%s): %v\n", d.name(), d.ID, err)
			}
		}
	}
	for _, e := range r.Attachments.Lost {
		fmt.Fprintln(&b, e)
	}
	for _, problem := range r.Attachments.Astray {
		fmt.Fprintln(&b, problem)
	}
	if r.Intact() {
		b.WriteString(plural(len(r.Documents), "document"))
		if n := r.Attachments.Files; n > 0 {
			b.WriteString(" and " + plural(n, "attached file"))
		}
		b.WriteString(" intact\n")
	}
	return b.String()
}

// Check reads everything: the structure of the file, and of every document, the bin
// included, the checksum and the encoding of every change, and of every block; and it builds the document
// anew, one at a time, to hash all changes and check the signatures; and every attached file. It takes about 6 µs
// per change of a few letters and holds up no writer. The error says that the check
// could not be made; what is wrong with the library is in the report.
func (l *Library) Check(ctx context.Context) (Report, error) {
	var r Report
	problems, err := structureProblems(ctx, l.readers, "PRAGMA integrity_check(100)")
	if err := r.note(err); err != nil {
		return r, fmt.Errorf("storage: check the library: %w", err)
	}
	r.Problems = append(r.Problems, problems...)
	if err := r.note(l.checkSchema()); err != nil {
		return r, fmt.Errorf("storage: check the library: %w", err)
	}
	documents, err := l.documents(`ORDER BY 5 DESC, doc.name`)
	if err := r.note(unlisted(err)); err != nil {
		return r, err
	}
	for _, d := range documents {
		epoch := l.tails.epoch(d.ID)
		report, err := l.checkDocument(ctx, d)
		for ; err == nil && l.tails.epoch(d.ID) != epoch; report, err = l.checkDocument(ctx, d) {
			epoch = l.tails.epoch(d.ID) // it was joined with a block meanwhile
		}
		if err != nil {
			return r, err
		}
		r.Documents = append(r.Documents, report)
	}
	if r.Attachments, err = l.checkAttachments(ctx); ctx.Err() != nil {
		return r, err
	}
	if err := r.note(err); err != nil {
		return r, fmt.Errorf("storage: check the attached files: %w", err)
	}
	return r, nil
}

// note makes damage a problem of the library, and returns any other error.
func (r *Report) note(err error) error {
	var d damage
	if !errors.As(orDamage(err), &d) {
		return err
	}
	if !slices.Contains(r.Problems, string(d)) {
		r.Problems = append(r.Problems, string(d))
	}
	return nil
}

// checkDocument reads all changes of d. The error is ctx's.
func (l *Library) checkDocument(ctx context.Context, d Document) (DocumentReport, error) {
	r := DocumentReport{Document: d}
	base, err := l.checkBlocks(ctx, d, &r)
	if err != nil {
		r.Unread = err
		return r, ctx.Err()
	}
	chains := newChainCheck()
	doc := crdt.New(d.Genesis)
	place := int64(0)
	if base != nil {
		doc, place = base.doc, base.upto
		for _, c := range base.changes {
			r.link(chains, c)
			r.count(c)
		}
	}
	for s, err := range l.journal(ctx, d.ID, place) {
		if ctx.Err() != nil {
			return r, ctx.Err()
		}
		if err != nil {
			r.Unread = err
			return r, nil
		}
		if s.place != place+1 {
			r.gap("places %d to %d of the journal are missing", place+1, s.place-1)
		}
		place = s.place
		r.link(chains, &s.Change)
		c, err := s.change()
		if err != nil {
			r.lose(s.lost(d.ID, d.Title, err))
			continue
		}
		if r.count(c); r.Intact() {
			_, r.Forged = doc.Load(c)
		}
	}
	if err := l.checkForks(d.ID, chains, &r); err != nil {
		r.Unread = err
	}
	if r.Intact() {
		r.Forged = doc.Verify()
	}
	if r.Intact() {
		r.Unsound = doc.Check()
	}
	return r, nil
}

// checkForks compares the list of the chains that forked with the journal.
func (l *Library) checkForks(doc crdt.DocID, chains *chainCheck, r *DocumentReport) error {
	id, err := l.number(context.Background(), doc)
	if err != nil {
		return fmt.Errorf("storage: read the forks of %s: %w", doc, err)
	}
	listed, err := readForks(l.readers, id)
	if err != nil {
		return fmt.Errorf("storage: read the forks of %s: %w", doc, err)
	}
	for _, replica := range listed {
		if !chains.forked[replica] {
			r.gap("replica %s did not fork, as it should have", replica)
		}
		delete(chains.forked, replica)
	}
	for replica := range chains.forked {
		r.gap("replica %s forked, which is not noted", replica)
	}
	return nil
}

// chainCheck follows the chains of a journal.
type chainCheck struct {
	seen   map[crdt.Head]bool // where changes end; true: another goes on from there
	forked map[crdt.ReplicaID]bool
}

func newChainCheck() *chainCheck {
	return &chainCheck{map[crdt.Head]bool{}, map[crdt.ReplicaID]bool{}}
}

// add says what is wrong with the place of c in the journal; "" when it is new, and begins a chain or
// goes on from a change before it.
func (k *chainCheck) add(c *crdt.Change) (problem string) {
	if _, known := k.seen[headOf(c)]; known {
		return "is there twice"
	}
	k.seen[headOf(c)] = false
	p := previousOf(c)
	if p == (crdt.Head{}) {
		p.Replica = c.Replica // what its first change goes on from
		if _, begun := k.seen[p]; !begun {
			k.seen[p] = false
		}
	}
	again, joins := k.seen[p]
	if !joins {
		return "goes on from one that is not there"
	}
	if again {
		k.forked[c.Replica] = true
	}
	k.seen[p] = true
	return ""
}

// link adds c to the chains, and notes what is wrong with its place there, if anything is.
func (r *DocumentReport) link(chains *chainCheck, c *crdt.Change) {
	if problem := chains.add(c); problem != "" {
		r.gap("the change at %d of replica %s %s", c.Seq, c.Replica, problem)
	}
}

// count notes a change that can be read.
func (r *DocumentReport) count(c *crdt.Change) {
	r.Changes++
	r.Bytes += int64(len(c.Body))
}

func (r *DocumentReport) gap(format string, args ...any) {
	if len(r.Gaps) < maxLost {
		r.Gaps = append(r.Gaps, fmt.Sprintf(format, args...))
	}
}

func (r *DocumentReport) lose(e *LostError) {
	if len(r.Lost) < maxLost {
		r.Lost = append(r.Lost, e)
	}
}
