package storage

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"inkling/crdt"
)

// remains is what there is in a library's file, wherever it lies: where the rows of journals and blocks are, and the small tables.
type remains struct {
	w     *wreck
	docs  map[int64]docRow
	byID  map[crdt.DocID]int64
	rows  []rowAt // of table change, by id; the same id may be there twice in a damaged file
	parts []rowAt // of the tables block_part and attachment_part, likewise: a row does not say of which
	// chain is the index over table change: who made which row.
	chain  []chainRow
	blocks map[int64][]*block // by document
	// places are the greatest places that anything in the file speaks of, by document.
	places   map[int64]int64
	most     int64 // rows that the file has room for: no place is believed that is further behind a block
	listings map[int64]listingRow
	peers    []peerRow
	members  []memberRow
	invites  []inviteRow
	states   []stateRow
	contents []contentRow
	links    []linkRow
	unread   int // pages that the disk did not give
}

type docRow struct {
	id                                  int64
	name                                crdt.DocID
	genesis                             crdt.Genesis
	created, deleted, binned, destroyed sqlInt
}

// sqlInt is an integer that may be NULL, as the driver takes it: nil or an int64.
type sqlInt any

type rowAt struct {
	id   int64
	page int64
	cell int // the how manieth of the page
}

type chainRow struct {
	id      int64
	replica crdt.ReplicaID
	seq     uint32
}

type listingRow struct {
	title    string
	modified int64
}

type peerRow struct {
	key          []byte
	name, addrs  string
	pinned, seen sqlInt
}

type memberRow struct {
	doc   int64
	key   []byte
	added int64
}

// inviteRow is an invitation that was used; open ones are not carried over.
type inviteRow struct {
	id, secret       []byte
	doc              int64
	created, expires int64
	usedBy           []byte
	used             sqlInt
}

// contentRow is a row of table attachment that has its hash.
type contentRow struct {
	id, length int64
	hash       FileHash
}

// linkRow is a row of table attached.
type linkRow struct {
	doc, attachment  int64
	name             string
	sum              []byte
	added            int64
	detached, binned sqlInt
}

type stateRow struct {
	doc   []byte
	key   string
	value []byte
}

// The shapes of the rows that are looked for: in tables with rowids the first column is NULL, because it is the rowid.
var (
	changeShape  = shapeOf("n", "i", "b16", "i", "i", "b8?", "b32", "b64?", "b8", "i", "b")
	partShape    = shapeOf("n", "b8", "b")
	blockShape   = shapeOf("n", "i", "i", "i", "i", "i", "b32", "b32?")
	docShape     = shapeOf("n", "b32", "b49", "i", "i?", "i?", "i?", "b16?")
	listingShape = shapeOf("n", "t", "i")
	indexedShape = shapeOf("n", "i", "t", "t", "b", "t")
	chainShape   = shapeOf("i", "b16", "i", "i")
	peerShape    = shapeOf("b32", "t", "t", "i?", "i?")
	memberShape  = shapeOf("i", "b32", "i")
	inviteShape  = shapeOf("b8", "b16", "i", "i", "i", "b32?", "i?")
	contentShape = shapeOf("n", "b32", "i")
	linkShape    = shapeOf("i", "t", "i", "b8", "i", "i?", "i?")
	stateShape   = shapeOf("b32", "t", "b")
)

// look reads every page of w once. Memory is about 50 bytes for each row of a journal.
func look(ctx context.Context, w *wreck) (*remains, error) {
	r := &remains{w: w, docs: map[int64]docRow{}, byID: map[crdt.DocID]int64{}, blocks: map[int64][]*block{}, places: map[int64]int64{},
		listings: map[int64]listingRow{}}
	count, err := w.pages.count()
	if err != nil {
		return nil, err
	}
	r.most = count * rowsPerPage
	for n := int64(1); n <= count; n++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		page, err := w.pages.page(n)
		if err != nil {
			r.unread++
			continue
		}
		i := -1
		for c := range cells(page, n) {
			i++
			r.take(c, rowAt{c.rowid, n, i})
		}
	}
	byRow := func(a, b rowAt) int { return cmp.Compare(a.id, b.id) }
	slices.SortStableFunc(r.rows, byRow)
	slices.SortStableFunc(r.parts, byRow)
	slices.SortFunc(r.chain, func(a, b chainRow) int { return cmp.Compare(a.id, b.id) })
	return r, nil
}

// take notes a row, if it is one that counts.
func (r *remains) take(c cell, at rowAt) {
	columns := columnsOf(c.local, c.length)
	has := func(shape []columnShape) bool { return fits(columns, shape) }
	switch {
	case has(changeShape):
		r.rows = append(r.rows, at)
		r.reach(at.id>>32, at.id&0xffffffff)
	case has(partShape):
		r.parts = append(r.parts, at)
	case has(chainShape):
		if v, ok := r.whole(c, columns); ok {
			entry := chainRow{id: v.int(3), replica: crdt.ReplicaID(v.bytes(1)), seq: uint32(v.int(2))}
			if entry.id>>32 == v.int(0) {
				r.chain = append(r.chain, entry)
				r.reach(v.int(0), entry.id&0xffffffff)
			}
		}
	case has(blockShape), has(docShape), has(listingShape), has(indexedShape), has(peerShape), has(memberShape), has(inviteShape), has(stateShape),
		has(contentShape), has(linkShape):
		if v, ok := r.whole(c, columns); ok {
			r.takeSmall(at.id, v, has)
		}
	}
}

// rowsPerPage is more than there can be rows of table change on a page.
const rowsPerPage = dbPageBytes / 100

// reach notes that the journal of a document goes as far as a place. One flipped bit can make any number of a place, so it must be
// one that the file has room for.
func (r *remains) reach(doc, place int64) {
	if place < r.most || place < 1<<20 {
		r.places[doc] = max(r.places[doc], place)
	}
}

// whole returns the whole record of c.
func (r *remains) whole(c cell, columns []column) (row, bool) {
	b, err := r.w.pages.record(c)
	return row{b, columns}, err == nil
}

// takeSmall notes a row of one of the small tables.
func (r *remains) takeSmall(id int64, v row, has func([]columnShape) bool) {
	optional := func(i int) sqlInt {
		if v.null(i) {
			return nil
		}
		return v.int(i)
	}
	switch {
	case has(blockShape):
		r.takeBlock(id, v)
	case has(docShape):
		r.takeDoc(docRow{id: id, created: optional(3), deleted: optional(4), binned: optional(5), destroyed: optional(6)}, v)
	case has(listingShape):
		r.listings[id] = listingRow{v.text(1), v.int(2)}
	case has(indexedShape):
		r.reach(id, v.int(1))
	case has(peerShape):
		r.peers = append(r.peers, peerRow{v.bytes(0), v.text(1), v.text(2), optional(3), optional(4)})
	case has(memberShape):
		r.members = append(r.members, memberRow{v.int(0), v.bytes(1), v.int(2)})
	case has(inviteShape):
		if !v.null(6) {
			r.invites = append(r.invites, inviteRow{v.bytes(0), v.bytes(1), v.int(2), v.int(3), v.int(4), v.bytes(5), v.int(6)})
		}
	case has(contentShape):
		r.contents = append(r.contents, contentRow{id, v.int(2), FileHash(v.bytes(1))})
	case has(linkShape):
		r.links = append(r.links, linkRow{v.int(0), v.int(2), v.text(1), v.bytes(3), v.int(4), optional(5), optional(6)})
	case has(stateShape):
		r.states = append(r.states, stateRow{v.bytes(0), v.text(1), v.bytes(2)})
	}
}

func (r *remains) takeBlock(id int64, v row) {
	b := &block{id: id, kind: int(v.int(2)), upto: v.int(3), weight: v.int(4), length: v.int(5), hash: [32]byte(v.bytes(6))}
	if !v.null(7) {
		b.of = [32]byte(v.bytes(7))
	}
	if b.upto > 0 && b.length > 0 && b.kind >= baseKind && b.kind <= openKind {
		r.blocks[v.int(1)] = append(r.blocks[v.int(1)], b)
		r.reach(v.int(1), b.upto)
	}
}

// takeDoc notes a document whose name is the hash of what it starts from, as it must be.
func (r *remains) takeDoc(d docRow, v row) {
	g, err := crdt.DecodeGenesis(v.bytes(2))
	if err != nil || !bytes.Equal(v.bytes(1), idBytes(g)) {
		return
	}
	d.genesis, d.name = g, g.DocID()
	if (d.deleted == nil) != (d.binned == nil) {
		d.deleted, d.binned = nil, nil
	}
	r.docs[d.id] = d
	r.byID[d.name] = d.id
}

func idBytes(g crdt.Genesis) []byte { id := g.DocID(); return id[:] }

// at returns the rows with an id.
func at(rows []rowAt, id int64) []rowAt {
	from, _ := slices.BinarySearchFunc(rows, id, func(r rowAt, id int64) int { return cmp.Compare(r.id, id) })
	to := from
	for to < len(rows) && rows[to].id == id {
		to++
	}
	return rows[from:to]
}

// read reads a row again, whole.
func (r *remains) read(at rowAt) (v row, err error) {
	page, err := r.w.pages.page(at.page)
	if err != nil {
		return v, err
	}
	i := -1
	for c := range cells(page, at.page) {
		if i++; i < at.cell {
			continue
		}
		columns := columnsOf(c.local, c.length)
		b, err := r.w.pages.record(c)
		return row{b, columns}, err
	}
	return v, errPage
}

// change returns the change at a place of a document's rows, checked by its checksum; the error says why there is none.
func (r *remains) change(doc, place int64) (*crdt.Change, error) {
	err := error(errNoRow)
	for _, at := range at(r.rows, changeID(doc, place)) {
		var v row
		if v, err = r.read(at); err != nil {
			continue
		}
		s := &stored{place: place, codec: int(v.int(9))}
		s.Seq, s.Next, s.Body, s.Signature = uint32(v.int(3)), uint32(v.int(4)), v.bytes(10), v.bytes(7)
		copy(s.Replica[:], v.bytes(2))
		copy(s.Previous[:], v.bytes(5))
		copy(s.Hash[:], v.bytes(6))
		copy(s.checksum[:], v.bytes(8))
		var c *crdt.Change
		if c, err = s.change(); err == nil {
			return c, nil
		}
	}
	return nil, err
}

var errNoRow = errors.New("it is nowhere in the file")

// body returns the bytes of a block, checked.
func (r *remains) body(b *block) ([]byte, error) {
	parts, err := r.assemble(b.id, b.length, b.hash)
	if err != nil {
		return nil, err
	}
	var body []byte
	for _, at := range parts {
		p, err := r.part(at)
		if err != nil {
			return nil, err
		}
		body = append(body, p...)
	}
	return body, nil
}

// maxAssemblies is how many ways are tried to put parts together.
const maxAssemblies = 256

// assemble returns where the parts of a block or of an attached file lie. Both tables count their parts alike, so there may be two with one id, each
// with a good checksum. All rows on a page are of one table, so that few ways remain, and the hash of all says which it is.
func (r *remains) assemble(id, length int64, sum [32]byte) ([]rowAt, error) {
	count := max(1, (length+partBytes-1)/partBytes)
	if length == 0 {
		count = 0
	}
	if count > 1<<16 {
		return nil, errPage
	}
	candidates := make([][]rowAt, count)
	for part := range candidates {
		size := min(partBytes, length-int64(part)*partBytes)
		for _, at := range at(r.parts, id<<16|int64(part)) {
			if body, err := r.part(at); err == nil && int64(len(body)) == size {
				candidates[part] = append(candidates[part], at)
			}
		}
		if len(candidates[part]) == 0 {
			return nil, fmt.Errorf("part %d of %d: %w", part+1, count, errNoRow)
		}
	}
	chosen := make([]rowAt, 0, count)
	tries := 0
	var try func() bool
	try = func() bool {
		n := len(chosen)
		if n == len(candidates) {
			tries++
			return r.sumOf(chosen) == sum
		}
		for _, c := range candidates[n] {
			if n > 0 && c.page != chosen[n-1].page && slices.ContainsFunc(candidates[n], func(k rowAt) bool { return k.page == chosen[n-1].page }) {
				continue
			}
			if chosen = append(chosen, c); try() {
				return true
			}
			if chosen = chosen[:n]; tries >= maxAssemblies {
				return false
			}
		}
		return false
	}
	if !try() {
		return nil, errChecksum
	}
	return chosen, nil
}

// sumOf returns the hash of parts, one behind the other.
func (r *remains) sumOf(parts []rowAt) (sum [32]byte) {
	h := sha256.New()
	for _, at := range parts {
		if body, err := r.part(at); err == nil {
			h.Write(body)
		}
	}
	h.Sum(sum[:0])
	return sum
}

// part returns a part, checked.
func (r *remains) part(at rowAt) ([]byte, error) {
	v, err := r.read(at)
	if err != nil {
		return nil, err
	}
	if sum := sha256.Sum256(v.bytes(2)); !bytes.Equal(sum[:len(checksum{})], v.bytes(1)) {
		return nil, errChecksum
	}
	return v.bytes(2), nil
}

// maker returns whose change a row was that cannot be read, by the index over them.
func (r *remains) maker(doc, place int64) (c chainRow, known bool) {
	i, known := slices.BinarySearchFunc(r.chain, changeID(doc, place), func(c chainRow, id int64) int { return cmp.Compare(c.id, id) })
	if known {
		c = r.chain[i]
	}
	return c, known
}

// numbers returns the numbers of all documents that anything in the file speaks of, ascending.
func (r *remains) numbers() []int64 {
	seen := map[int64]bool{}
	for id := range r.docs {
		seen[id] = true
	}
	for id := range r.places {
		seen[id] = true
	}
	for id := range r.listings {
		seen[id] = true
	}
	for _, m := range r.members {
		seen[m.doc] = true
	}
	var list []int64
	for id := range seen {
		if id > 0 && id < 1<<31 {
			list = append(list, id)
		}
	}
	slices.Sort(list)
	return list
}
