package netsync

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"inkling/crdt"
	"inkling/netsync/reconcile"
	"inkling/netsync/wire"
)

// memory is a Library in memory, on real documents. Its invariant: log holds, in
// apply order, exactly what doc has applied.
type memory struct {
	mu       sync.Mutex
	node     *Node // told of commits
	owner    PeerID
	docs     map[crdt.DocID]*memoryDoc
	peers    map[PeerID]Peer
	invites  map[[8]byte]Invite
	usedBy   map[[8]byte]PeerID
	stored   int                                     // changes taken by Receive
	broken   error                                   // what Receive returns instead
	deaf     func(doc crdt.DocID) bool               // nil, or of what documents Receive drops all
	received func()                                  // called at the end of each Receive
	lie      func(body []byte, b *wire.Block) []byte // what Block gives instead, and Since names
	taken    int                                     // blocks
	wrong    int                                     // blocks that Take refused

	remembered atomic.Int32                  // calls of RememberPeer
	disk       atomic.Pointer[time.Duration] // how long SharedWith takes
}

type memoryDoc struct {
	genesis crdt.Genesis
	doc     *crdt.Doc
	log     []logged
	members map[PeerID]bool
	base    *memoryBase // nil: none
}

// memoryBase is a block of the first changes of the log.
type memoryBase struct {
	wire.Block
	body  []byte
	heads map[crdt.ReplicaID]uint32
}

type logged struct {
	head    crdt.Head // with it
	encoded []byte
}

// writer is the key of the device that every library here writes documents with, each
// with a nonce of its own: who may write is a matter of the documents, not of the node.
var writer = keyOf(0, "writer")

func newMemory(key ed25519.PrivateKey) *memory {
	return &memory{
		owner: PeerID(key.Public().(ed25519.PublicKey)), docs: map[crdt.DocID]*memoryDoc{}, peers: map[PeerID]Peer{},
		invites: map[[8]byte]Invite{}, usedBy: map[[8]byte]PeerID{},
	}
}

// add makes the document that starts from g; this device writes it as a replica of its own.
func (l *memory) add(g crdt.Genesis) crdt.DocID {
	l.mu.Lock()
	defer l.mu.Unlock()
	id := g.DocID()
	if l.docs[id] == nil {
		d := crdt.New(g)
		if err := d.Attach(crdt.Author{Device: g.Creator, Nonce: [16]byte(l.owner[:])}); err != nil {
			panic(err)
		}
		l.docs[id] = &memoryDoc{genesis: g, doc: d, members: map[PeerID]bool{}}
	}
	return id
}

// share makes p a pinned member of doc without an invite.
func (l *memory) share(doc crdt.DocID, p Peer) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.peers[p.ID] = p
	l.docs[doc].members[p.ID] = true
}

// write inserts text at the document's start and commits it.
func (l *memory) write(id crdt.DocID, text string) {
	l.mu.Lock()
	d := l.docs[id]
	d.doc.Insert(0, text, time.Now())
	for _, c := range flush(d.doc) {
		d.append(c)
	}
	node := l.node
	l.mu.Unlock()
	if node != nil {
		node.Committed(id)
	}
}

func flush(d *crdt.Doc) []*crdt.Change {
	batch := d.Flush()
	changes := batch.Seal(writer)
	d.Sealed(changes)
	return changes
}

func (d *memoryDoc) append(c *crdt.Change) {
	d.log = append(d.log, logged{crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: c.Stamp}, c.AppendFrame(nil)})
}

func (l *memory) text(id crdt.DocID) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if d := l.docs[id]; d != nil {
		return d.doc.Text()
	}
	return "no document"
}

// waiting is how many changes of a document wait for others.
func (l *memory) waiting(id crdt.DocID) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.docs[id].doc.Pending()
}

func (l *memory) storedNow() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.stored
}

func (l *memory) Peers() (all []Peer, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, p := range l.peers {
		all = append(all, p)
	}
	return all, nil
}

func (l *memory) RememberPeer(p Peer) error {
	l.remembered.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if _, pinned := l.peers[p.ID]; !pinned {
		return fmt.Errorf("peer %x is not pinned", p.ID[:4])
	}
	l.peers[p.ID] = p
	return nil
}

func (l *memory) SharedWith(p PeerID) (all []crdt.DocID, err error) {
	if d := l.disk.Load(); d != nil {
		time.Sleep(*d)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, d := range l.docs {
		if d.members[p] {
			all = append(all, id)
		}
	}
	return all, nil
}

func (l *memory) Sums(p PeerID) (all []reconcile.Doc, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for id, d := range l.docs {
		if d.members[p] {
			all = append(all, reconcile.Doc{ID: id, Sum: crdt.SumHeads(d.doc.Heads())})
		}
	}
	return all, nil
}

var errNoDocument = errors.New("no such document")

func (l *memory) Heads(id crdt.DocID) ([]crdt.Head, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.docs[id]
	if d == nil {
		return nil, errNoDocument
	}
	return d.doc.Heads(), nil
}

// compact makes a block of all that is there of a document.
func (l *memory) compact(id crdt.DocID) {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.docs[id]
	body, err := d.doc.HistoryBlock()
	if err != nil {
		panic(err)
	}
	d.base = &memoryBase{Block: wire.Block{Hash: sha256.Sum256(body), Length: len(body), Heads: d.doc.Heads()}, body: body, heads: map[crdt.ReplicaID]uint32{}}
	for _, h := range d.base.Heads {
		d.base.heads[h.Replica] = h.Next
	}
	if l.lie != nil {
		d.base.body = l.lie(body, &d.base.Block)
	}
}

func (l *memory) Block(id crdt.DocID, hash wire.Hash) ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if b := l.docs[id].base; b != nil && b.Hash == hash {
		return b.body, nil
	}
	return nil, errors.New("the block is gone")
}

func (l *memory) Has(id crdt.DocID, heads []crdt.Head) (bool, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, h := range heads {
		if !slices.ContainsFunc(l.docs[id].log, func(e logged) bool { return e.head == h }) {
			return false, nil
		}
	}
	return true, nil
}

// Take is what [inkling/storage]'s TakeBlock does, on a document in memory.
func (l *memory) Take(from PeerID, id crdt.DocID, body []byte, heads []crdt.Head) error {
	b, err := crdt.LoadBlock(body)
	if err == nil {
		err = b.Verify()
	}
	if err == nil && (b.ID() != id || !equalHeads(b.Heads(), heads)) {
		err = errors.New("of another document, or with other heads")
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.docs[id]
	switch {
	case l.broken != nil:
		return l.broken
	case d == nil || !d.members[from]:
		return errNoDocument
	case err != nil:
		l.wrong++
		return fmt.Errorf("%w: %w", ErrWrongBlock, err)
	}
	l.taken++
	had := map[crdt.Head]bool{}
	for _, e := range d.log {
		had[e.head] = true
	}
	changes := b.DeltaSince(nil)
	if _, rest, err := d.doc.LoadVouched(changes); err != nil || len(rest) > 0 {
		return fmt.Errorf("%d changes are left: %w", len(rest), err)
	}
	for _, c := range changes {
		if !had[crdt.Head{Replica: c.Replica, Next: c.Next, Stamp: c.Stamp}] {
			d.append(c)
		}
	}
	applied, err := d.doc.Apply() // what waited
	for _, c := range applied.Changes {
		d.append(c)
	}
	return err
}

// Since knows of no forks. A block is given to who lacks ten changes of it.
func (l *memory) Since(id crdt.DocID, have []crdt.Head, maxBytes int, declines func(wire.Hash) bool) (encoded [][]byte, then []crdt.Head, block *wire.Block, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	size, has := 0, map[crdt.ReplicaID]crdt.Head{}
	if b := l.docs[id].base; b != nil && !declines(b.Hash) && l.docs[id].lacking(have) >= 10 {
		return nil, nil, &b.Block, nil
	}
	for _, h := range have {
		if h.Next > has[h.Replica].Next {
			has[h.Replica] = h
		}
	}
	for _, e := range l.docs[id].log {
		if e.head.Next <= has[e.head.Replica].Next {
			continue
		}
		if size += len(e.encoded); size > maxBytes && len(encoded) > 0 {
			break
		}
		encoded = append(encoded, e.encoded)
		has[e.head.Replica] = e.head
	}
	return encoded, slices.Collect(maps.Values(has)), nil, nil
}

// lacking counts the changes of the base that a copy lacks which told heads.
func (d *memoryDoc) lacking(have []crdt.Head) (count int) {
	has := map[crdt.ReplicaID]uint32{}
	for _, h := range have {
		has[h.Replica] = max(has[h.Replica], h.Next)
	}
	for _, e := range d.log {
		if e.head.Next > has[e.head.Replica] && e.head.Next <= d.base.heads[e.head.Replica] {
			count++
		}
	}
	return count
}

func (l *memory) Receive(from PeerID, id crdt.DocID, encoded [][]byte) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	d := l.docs[id]
	if l.broken != nil {
		return l.broken
	}
	if d == nil || !d.members[from] {
		return errNoDocument
	}
	if l.deaf != nil && l.deaf(id) {
		return nil // as of changes whose signatures are wrong
	}
	var changes []*crdt.Change
	for _, b := range encoded {
		c, _, err := crdt.DecodeFrame(b)
		if err != nil {
			return err
		}
		changes = append(changes, c)
	}
	applied, err := d.doc.Apply(changes...)
	l.stored += len(applied.Changes)
	for _, c := range applied.Changes {
		d.append(c)
	}
	if refused := (*crdt.ChangeError)(nil); err != nil && !errors.As(err, &refused) { // forged ones are dropped, as app/workspace does
		return err
	}
	if l.received != nil {
		l.received()
	}
	return nil
}

func (l *memory) AddInvite(i Invite) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.invites[i.ID] = i
	return nil
}

func (l *memory) Invite(id [8]byte) (Invite, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i, ok := l.invites[id]
	if !ok {
		return i, errors.New("no such invite")
	}
	return i, nil
}

func (l *memory) Admit(id [8]byte, p Peer) (g crdt.Genesis, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	i := l.invites[id]
	if i.Used && l.usedBy[id] != p.ID {
		return g, errors.New("invite used by another")
	}
	i.Used = true
	l.invites[id], l.usedBy[id], l.peers[p.ID] = i, p.ID, p
	l.docs[i.Doc].members[p.ID] = true
	return l.docs[i.Doc].genesis, nil
}

func (l *memory) Let(doc crdt.DocID, p Peer) (g crdt.Genesis, err error) {
	if l.broken != nil {
		return g, l.broken
	}
	l.share(doc, p)
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.docs[doc].genesis, nil
}

func (l *memory) Joined(g crdt.Genesis, issuer Peer) error {
	id := l.add(g)
	l.share(id, issuer)
	return nil
}

// genesisOf returns a genesis that differs for each number.
func genesisOf(number int) (g crdt.Genesis) {
	binary.BigEndian.PutUint64(g.Random[:], uint64(number))
	g.Creator = crdt.DeviceKey(writer.Public().(ed25519.PublicKey))
	return g
}
