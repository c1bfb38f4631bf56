package crdt_test

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// peer is one copy of a document with its disk, its oracle and a view that follows
// its patches. What is wrong it returns as an error, so that a failing run can be shrunk.
type peer struct {
	crdttest.Person
	genesis crdt.Genesis
	doc     *crdt.Doc
	oracle  *crdttest.Naive
	view    *crdttest.View
	disk    []*crdt.Change // made and applied, in that order
	commits []int          // lengths that disk had after each transaction
	now     time.Time
	came    crdt.Patch   // from others, last
	drafts  bool         // doc has edits that are not sealed
	batches []crdt.Batch // flushed, not sealed, oldest first
	copies  int          // of the document on this device, each with a nonce of its own
	setBack bool         // the disk was once set back to an older state
	sealed  *crdt.Change // the last one, if a batch waits that was flushed before it was sealed
}

func newPeer(p crdttest.Person, g crdt.Genesis) *peer {
	q := &peer{Person: p, genesis: g, now: noon, copies: 1}
	if err := q.start(); err != nil {
		panic(err)
	}
	return q
}

func (p *peer) commit(changes []*crdt.Change) {
	p.disk = append(p.disk, changes...)
	p.commits = append(p.commits, len(p.disk))
}

// start builds the document from the disk.
func (p *peer) start() error {
	p.doc, p.oracle, p.view = crdt.New(p.genesis), crdttest.NewNaive(p.genesis), crdttest.NewView()
	p.drafts, p.batches, p.sealed = false, nil, nil
	for _, c := range p.disk {
		kept, err := crdt.NewChange(c.Replica, c.Seq, c.Body, c.Hash, c.Signature)
		if err != nil {
			return fmt.Errorf("read a stored change: %w", err)
		}
		patch, err := p.doc.Load(kept)
		if err != nil {
			return fmt.Errorf("load a stored change: %w", err)
		}
		if err := p.follow(patch); err != nil {
			return err
		}
	}
	p.oracle.Apply(crdttest.Frames(p.disk)...)
	if err := p.doc.Verify(); err != nil {
		return err
	}
	return p.attach()
}

// attach tries to become a writer; who has no Grant cannot.
func (p *peer) attach() error {
	if p.doc.Forked() {
		return nil // until all is flushed, see [world.renew]
	}
	return p.write()
}

func (p *peer) write() error {
	switch err := p.doc.Attach(p.Author); {
	case errors.Is(err, crdt.ErrForked):
		return p.again()
	case err != nil && !errors.Is(err, crdt.ErrNotMember):
		return err
	}
	return nil
}

// again becomes the writer of another chain.
func (p *peer) again() error {
	p.copies++
	p.Person = p.Again(p.copies)
	return p.write()
}

func (p *peer) writes() bool { _, ok := p.doc.Attached(); return ok }

func (p *peer) follow(patch crdt.Patch) error { return p.view.Follow(patch, p.doc.Text()) }

// edit makes an edit. If nothing was in the draft it may flush (alone) and compare the
// ops with the oracle's. It returns frames to send.
func (p *peer) edit(e crdttest.Edit, alone bool) ([][]byte, error) {
	alone = alone && !p.drafts && (e.Delete == 0) != (e.Insert == "")
	seq := p.doc.Version()[p.Author.Replica(p.doc.ID())]
	var want map[string]bool
	if e.Delete > 0 {
		if alone {
			want = targets(p.oracle.Targets(e.At, e.At+e.Delete))
		}
		if err := p.follow(crdt.Patch{p.doc.Delete(e.At, e.At+e.Delete, p.now)}); err != nil {
			return nil, err
		}
	}
	var insert crdttest.Op
	if e.Insert != "" {
		if alone {
			insert = p.oracle.InsertOp(p.Author.Replica(p.doc.ID()), e.At, e.Insert)
		}
		if err := p.follow(crdt.Patch{p.doc.Insert(e.At, e.Insert, p.now)}); err != nil {
			return nil, err
		}
	}
	p.drafts = true
	if !alone {
		return nil, nil
	}
	frames, err := p.flush()
	got := p.oracle.Ops(p.Author.Replica(p.doc.ID()), seq)
	switch {
	case err != nil:
		return nil, err
	case e.Insert != "" && !reflect.DeepEqual(got, []crdttest.Op{insert}):
		return nil, fmt.Errorf("%+v became %+v, want %+v", e, got, insert)
	case e.Insert == "" && !reflect.DeepEqual(targetsOf(got), want):
		return nil, fmt.Errorf("%+v became %+v, want deletes of %v", e, got, want)
	}
	return frames, nil
}

func targets(ids []crdt.ID) map[string]bool {
	all := map[string]bool{}
	for _, id := range ids {
		all[fmt.Sprint(id)] = true
	}
	return all
}

// targetsOf returns what Deletes hit.
func targetsOf(ops []crdttest.Op) map[string]bool {
	var ids []crdt.ID
	for _, o := range ops {
		for i := range o.Target.Len {
			ids = append(ids, crdt.ID{Replica: o.Target.Replica, Seq: o.Target.Seq + i})
		}
	}
	return targets(ids)
}

// flush flushes, seals all that is flushed, and returns its frames.
func (p *peer) flush() (frames [][]byte, err error) {
	for p.begin(); len(p.batches) > 0 && err == nil; {
		var more [][]byte
		more, err = p.seal()
		frames = append(frames, more...)
	}
	p.drafts = false
	return frames, err
}

// begin flushes, and leaves the sealing for later.
func (p *peer) begin() {
	if b := p.doc.Flush(); !b.Empty() {
		p.batches = append(p.batches, b)
	}
}

// seal seals the oldest batch.
func (p *peer) seal() ([][]byte, error) {
	if len(p.batches) == 0 {
		return nil, nil
	}
	b := p.batches[0]
	if p.sealed != nil {
		b.After(p.sealed)
	}
	changes := b.Seal(p.Key)
	p.doc.Sealed(changes)
	p.batches, p.sealed = p.batches[1:], changes[len(changes)-1]
	if len(p.batches) == 0 {
		p.sealed = nil
	}
	for _, c := range changes {
		if want, _, err := crdt.DecodeFrame(c.AppendFrame(nil)); err != nil || want.Next != c.Next {
			return nil, fmt.Errorf("a flushed change does not decode: %w", err)
		}
	}
	p.commit(changes)
	frames := crdttest.Frames(changes)
	p.oracle.Apply(frames...)
	return frames, p.receive(nil) // what had to wait for that
}

// receive applies frames as one batch.
func (p *peer) receive(frames [][]byte) error {
	var changes []*crdt.Change
	for _, b := range frames {
		c, rest, err := crdt.DecodeFrame(b)
		if err != nil || len(rest) > 0 {
			return fmt.Errorf("decode %x: %w", b, err)
		}
		changes = append(changes, c)
	}
	old := p.doc.Text()
	applied, err := p.doc.Apply(changes...)
	if err != nil || len(applied.Refused) > 0 {
		return fmt.Errorf("apply: %w, refused %v", err, applied.Refused)
	}
	if len(applied.Changes) == 0 && (len(applied.Patch) > 0 || p.doc.Text() != old) {
		return errors.New("no change was applied, but the text changed")
	}
	p.commit(applied.Changes)
	p.oracle.Apply(frames...)
	for _, c := range applied.Changes {
		if !p.oracle.Has(c.Hash) {
			return fmt.Errorf("hash %x of %s up to %d is another than the oracle's", c.Hash, c.Replica, c.Next)
		}
	}
	if p.came = applied.Patch; len(p.came) > 0 && p.came[len(p.came)-1].Inserted == 0 {
		p.came = nil
	}
	if err := p.follow(applied.Patch); err != nil {
		return err
	}
	return p.attach()
}

// check compares the document with the oracle, as far as that knows it.
func (p *peer) check(n int) error {
	if err := p.doc.Check(); err != nil {
		return err
	}
	if p.drafts {
		return nil
	}
	if got, want := p.doc.Text(), p.oracle.Text(); got != want {
		return fmt.Errorf("text %q, want %q", got, want)
	}
	if !p.doc.Version().Equal(p.oracle.Version()) {
		return fmt.Errorf("version %v, want %v", p.doc.Version(), p.oracle.Version())
	}
	if !slices.Equal(p.doc.Order(), p.oracle.Order()) {
		return fmt.Errorf("order %v, want %v", p.doc.Order(), p.oracle.Order())
	}
	for at, want := range p.oracle.Authors() {
		if got := p.doc.Author(at); got != want {
			return fmt.Errorf("element %v is at %d, want %v", got, at, want)
		}
	}
	return p.checkPlaces(n)
}

// checkPlaces compares some anchors and old versions, drawn by n.
func (p *peer) checkPlaces(n int) error {
	order := append(p.oracle.Order(), crdt.ID{}, crdt.ID{Replica: crdt.ReplicaID{1}})
	a := crdt.Anchor{ID: order[n%len(order)], Bias: n%2 == 0}
	got, known := p.doc.Offset(a)
	if want, wantKnown := p.oracle.Offset(a); got != want || known != wantKnown {
		return fmt.Errorf("anchor %v is at %d %t, want %d %t", a, got, known, want, wantKnown)
	}
	v := p.oracle.Version()
	for i, r := range v.Replicas() {
		v[r] = uint32(n>>i) % (v[r] + 1)
	}
	past, err := p.doc.TextAt(v)
	if want := p.oracle.TextAt(v); err != nil || past != want {
		return fmt.Errorf("text at %v is %q, %w; want %q", v, past, err, want)
	}
	diff, err := p.doc.Diff(v, p.doc.Version())
	if err != nil {
		return err
	}
	view := crdttest.NewView()
	if err := view.Follow(inserted(past), past); err != nil {
		return err
	}
	if err := view.Follow(diff, p.doc.Text()); err != nil {
		return fmt.Errorf("diff from %v: %w", v, err)
	}
	return nil
}

// inserted returns a patch that makes text of nothing.
func inserted(text string) crdt.Patch {
	if text == "" {
		return nil
	}
	e := crdt.Edit{}
	for _, r := range text {
		e.Inserted++
		if r == '\n' {
			e.LinesInserted++
		}
	}
	return crdt.Patch{e}
}
