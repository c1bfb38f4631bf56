package storage

import (
	"cmp"
	"crypto/ed25519"
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
)

// find is what one file has of a document, checked.
type find struct {
	r      *remains
	number int64
	base   *foundBlock // the block that covers most; nil when there is none that can be read
	rows   []foundRow  // by place, those that base has left out
	upto   int64       // the greatest place that the file speaks of
	// faults says of blocks why they cannot be read.
	faults []error
}

type foundRow struct {
	place  int64
	change *crdt.Change
}

// foundBlock is a history block, and what is in it.
type foundBlock struct {
	block
	body    []byte
	changes []*crdt.Change // the one at place p is changes[p-1]
	ends    []crdt.Head
}

// find reads all there is of a document in r. The rows count for more than a block that has the same: they have their signatures.
func (r *remains) find(name crdt.DocID, number int64) *find {
	f := &find{r: r, number: number, upto: r.places[number]}
	spare := slices.Clone(r.blocks[number])
	slices.SortStableFunc(spare, func(a, b *block) int { return cmp.Compare(a.kind, b.kind) })
	for _, b := range spare {
		if b.kind == baseKind {
			f.take(name, b)
		}
	}
	f.readRows()
	for _, b := range spare {
		if b.kind != baseKind && b.upto > f.covered() && len(f.absent()) > 0 {
			f.take(name, b)
		}
	}
	return f
}

// take makes b the block that f begins with, if it can be read.
func (f *find) take(name crdt.DocID, b *block) {
	found, err := f.r.block(name, b)
	switch {
	case err == nil:
		f.base = found
		f.rows = slices.DeleteFunc(f.rows, func(row foundRow) bool { return row.place <= found.upto })
	case b.kind == baseKind:
		f.faults = append(f.faults, fmt.Errorf("its first %d changes, which were kept as one block, cannot be read: %w", b.upto, err))
	}
}

// readRows reads the rows behind the block.
func (f *find) readRows() {
	first := changeID(f.number, f.covered()+1)
	from, _ := slices.BinarySearchFunc(f.r.rows, first, func(a rowAt, id int64) int { return cmp.Compare(a.id, id) })
	for _, at := range f.r.rows[from:] {
		if at.id>>32 != f.number {
			break
		}
		place := at.id & 0xffffffff
		if n := len(f.rows); n > 0 && f.rows[n-1].place == place {
			continue
		}
		if c, err := f.r.change(f.number, place); err == nil {
			f.rows = append(f.rows, foundRow{place, c})
		}
	}
}

// covered returns the place of the last change that the block has.
func (f *find) covered() int64 {
	if f == nil || f.base == nil {
		return 0
	}
	return f.base.upto
}

// block reads a block whole, and verifies it.
func (r *remains) block(name crdt.DocID, b *block) (*foundBlock, error) {
	body, err := r.body(b)
	if err != nil {
		return nil, err
	}
	var d *crdt.Doc
	if b.kind == openKind {
		if d, err = crdt.Open(body); err == nil {
			body, err = d.HistoryBlock()
		}
	} else {
		d, err = crdt.LoadBlock(body)
	}
	if err == nil && d.ID() != name {
		err = fmt.Errorf("it is of document %s", d.ID())
	}
	if err == nil {
		err = d.Verify()
	}
	if err != nil {
		return nil, err
	}
	f := &foundBlock{block: *b, body: body, changes: d.DeltaSince(nil), ends: d.Heads()}
	if int64(len(f.changes)) != b.upto {
		return nil, fmt.Errorf("it holds %d changes, and should hold %d", len(f.changes), b.upto)
	}
	f.weight = 0
	for _, c := range f.changes {
		f.weight += weightOf(1, int64(len(c.Body)))
	}
	return f, nil
}

// genesis returns what the document with a number starts from, out of its blocks.
func (r *remains) genesisOf(number int64) (g crdt.Genesis, known bool) {
	for _, b := range r.blocks[number] {
		body, err := r.body(b)
		if err != nil {
			continue
		}
		var d *crdt.Doc
		if b.kind == openKind {
			d, err = crdt.Open(body)
		} else {
			d, err = crdt.LoadBlock(body)
		}
		if err == nil {
			return d.Genesis(), true
		}
	}
	return g, false
}

// changes returns all that was found, oldest first.
func (f *find) changes() []*crdt.Change {
	var list []*crdt.Change
	if f.base != nil {
		list = append(list, f.base.changes...)
	}
	for _, row := range f.rows {
		list = append(list, row.change)
	}
	return list
}

// at returns the change at a place, nil when it cannot be read.
func (f *find) at(place int64) *crdt.Change {
	if place <= f.covered() {
		return f.base.changes[place-1]
	}
	i, found := slices.BinarySearchFunc(f.rows, place, func(r foundRow, p int64) int { return cmp.Compare(r.place, p) })
	if !found {
		return nil
	}
	return f.rows[i].change
}

// absent returns the places of which nothing can be read.
func (f *find) absent() (places []int64) {
	next := f.covered() + 1
	for _, row := range f.rows {
		for ; next < row.place; next++ {
			places = append(places, next)
		}
		next = row.place + 1
	}
	for ; next <= f.upto; next++ {
		places = append(places, next)
	}
	return places
}

// rescue puts a document together out of what several files have of it. That may be done in any order and with too much: a document is
// a function of the set of its changes. Each is verified as if it came from elsewhere.
type rescue struct {
	genesis crdt.Genesis
	key     ed25519.PrivateKey // of this device; nil: it signs nothing
	finds   []*find            // the first is what the library itself has

	doc    *crdt.Doc
	base   *foundBlock                   // what its journal begins with
	placed []*crdt.Change                // behind it, each behind what it builds on
	has    map[crdt.Hash]bool            // all of them
	starts map[crdt.ID]bool              // by their first Seq
	bad    map[crdt.ID]*crdt.ChangeError // what proved to be forged
}

// build makes r.doc of all that was found.
func (r *rescue) build() error {
	r.base, r.placed, r.has, r.starts, r.bad = nil, nil, map[crdt.Hash]bool{}, map[crdt.ID]bool{}, map[crdt.ID]*crdt.ChangeError{}
	for i, f := range r.finds {
		if i > 0 && r.finds[0].base != nil {
			break // the library's own stays what it is
		}
		if f.covered() > r.baseCovers() {
			r.base = f.base
		}
	}
	r.doc = crdt.New(r.genesis)
	if r.base != nil {
		var err error
		if r.doc, err = loadBlock(r.genesis.DocID(), r.base.body); err != nil {
			return err
		}
		for _, c := range r.base.changes {
			r.note(c)
		}
	}
	var list []*crdt.Change
	for _, f := range slices.Backward(r.finds) {
		for _, c := range f.changes() {
			if !r.has[c.Hash] {
				list = append(list, c)
			}
		}
	}
	travelling, err := r.seal(list)
	if err != nil {
		return err
	}
	return r.place(travelling)
}

func (r *rescue) baseCovers() int64 {
	if r.base == nil {
		return 0
	}
	return r.base.upto
}

// note counts c as one of the document's.
func (r *rescue) note(c *crdt.Change) {
	r.has[c.Hash] = true
	r.starts[crdt.ID{Replica: c.Replica, Seq: c.Seq}] = true
}

// seal returns the changes as they travel. The last of each stretch of a chain that this device wrote is signed, if the signature that covered
// it is lost: else nobody would take it, and nothing that builds on it. It was on this device's disk with a good
// checksum, so the device wrote it.
func (r *rescue) seal(list []*crdt.Change) (travelling []*crdt.Change, err error) {
	goesOn := map[crdt.Head]bool{}
	own := map[crdt.ReplicaID]bool{}
	opened := func(c *crdt.Change) {
		if a, opens := c.Author(); opens && r.key != nil && a.Device == crdt.DeviceKey(r.key.Public().(ed25519.PublicKey)) {
			own[c.Replica] = true
		}
	}
	for _, c := range list {
		goesOn[previousOf(c)] = true
		opened(c)
	}
	if r.base != nil {
		for _, c := range r.base.changes {
			opened(c)
		}
	}
	for _, c := range list {
		t, rest, err := crdt.DecodeFrame(c.AppendFrame(nil))
		if err != nil || len(rest) > 0 {
			return nil, errors.Join(err, fmt.Errorf("a change of %s cannot be encoded", r.genesis.DocID()))
		}
		if t.Signature == nil && own[c.Replica] && !goesOn[headOf(c)] {
			t.Signature = ed25519.Sign(r.key, c.Hash[:])
		}
		travelling = append(travelling, t)
	}
	return travelling, nil
}

// placeStep is how many changes are applied at once, as a peer sends them.
const placeStep = 256

// place applies changes, in any order, until nothing more of them takes effect.
func (r *rescue) place(list []*crdt.Change) error {
	for step := placeStep; ; step = max(len(list), 1) {
		before, forgotten := len(r.placed), false
		for some := range slices.Chunk(list, step) {
			a, err := r.doc.Apply(some...)
			if errors.Is(err, crdt.ErrDocumentFull) {
				return err
			}
			forgotten = forgotten || a.Forgotten
			for _, c := range a.Changes {
				r.placed = append(r.placed, c)
				r.note(c)
			}
			for _, e := range a.Refused {
				r.bad[crdt.ID{Replica: e.Replica, Seq: e.Seq}] = e
			}
		}
		// What had to wait for more than a document lets wait is tried once more, all at once.
		if !forgotten || step > placeStep && len(r.placed) == before {
			return nil
		}
	}
}

// lost returns the places of the library's journal of which the change is nowhere, and the changes that can be read and not placed.
func (r *rescue) lost() (places []int64, waiting []*crdt.Change) {
	f := r.finds[0]
	mine := map[crdt.Hash]bool{}
	for _, row := range f.rows {
		mine[row.change.Hash] = true
		if !r.has[row.change.Hash] {
			waiting = append(waiting, row.change)
		}
	}
	for _, place := range f.absent() {
		if !r.healed(place, mine) {
			places = append(places, place)
		}
	}
	return places, waiting
}

// healed says whether another file had the change that the library had at a place.
func (r *rescue) healed(place int64, mine map[crdt.Hash]bool) bool {
	if maker, known := r.finds[0].r.maker(r.finds[0].number, place); known {
		return r.starts[crdt.ID{Replica: maker.replica, Seq: maker.seq}]
	}
	for _, f := range r.finds[1:] {
		if c := f.at(place); c != nil && r.has[c.Hash] && !mine[c.Hash] {
			return true
		}
	}
	return false
}

// whole says whether nothing is missing.
func (r *rescue) whole() bool {
	places, waiting := r.lost()
	return len(places) == 0 && len(waiting) == 0
}

// journal returns the rows behind the base, each behind what it builds on: in the order that the library had, if it had all of them.
func (r *rescue) journal() []*crdt.Change {
	r.restoreSignatures()
	place := map[crdt.Hash]int64{}
	for _, row := range r.finds[0].rows {
		place[row.change.Hash] = row.place
	}
	for _, c := range r.placed {
		if place[c.Hash] == 0 {
			return r.placed
		}
	}
	rows := slices.Clone(r.placed)
	slices.SortFunc(rows, func(a, b *crdt.Change) int { return cmp.Compare(place[a.Hash], place[b.Hash]) })
	d := crdt.New(r.genesis)
	if r.base != nil {
		d, _ = loadBlock(r.genesis.DocID(), r.base.body) // build has loaded it
	}
	for _, c := range rows {
		if _, err := d.Load(c); err != nil {
			return r.placed // a row lay at another place than its own
		}
	}
	return rows
}

// restoreSignatures gives the rows the signatures that they were found with: of those that one later signature covers, the document keeps that
// alone, and others who have less of the chain need them.
func (r *rescue) restoreSignatures() {
	found := map[crdt.Hash][]byte{}
	for _, f := range r.finds {
		for _, c := range f.changes() {
			if c.Signature != nil {
				found[c.Hash] = c.Signature
			}
		}
	}
	for i, c := range r.placed {
		if c.Signature == nil && found[c.Hash] != nil {
			with := *c
			with.Signature = found[c.Hash]
			r.placed[i] = &with
		}
	}
}
