package crdt_test

import (
	"flag"
	"math/rand/v2"
	"reflect"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

var (
	runsFlag  = flag.Int("runs", 40, "random runs of each kind")
	stepsFlag = flag.Int("steps", 150, "steps of a random run")
	peersFlag = flag.Int("peers", 0, "peers of a random run; 0: 2 to 5")
	seedFlag  = flag.Uint64("seed", 0, "seed of the first random run; 0: another one each time")
)

// eachSeed runs f on fresh seeds and names the seed of one that fails.
func eachSeed(t *testing.T, f func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	first := *seedFlag
	if first == 0 {
		first = uint64(time.Now().UnixNano()) % 1_000_000_007
	}
	for seed := first; seed < first+uint64(*runsFlag) && !t.Failed(); seed++ {
		oneSeed(t, seed, f)
	}
}

func oneSeed(t *testing.T, seed uint64, f func(t *testing.T, rng *rand.Rand)) {
	t.Helper()
	rng := rand.New(rand.NewPCG(seed, 1))
	defer crdt.ShrinkContainers(rng)()
	defer func() {
		if t.Failed() {
			t.Logf("again with -run '^%s$' -seed %d -runs 1 -steps %d -peers %d", t.Name(), seed, *stepsFlag, *peersFlag)
		}
	}()
	f(t, rng)
}

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// peer is one copy with its disk, its oracle and a view that follows its patches.
type peer struct {
	t       *testing.T
	rng     *rand.Rand
	n       int
	network *crdttest.Network
	edits   *crdttest.Edits
	now     time.Time

	replica crdt.ReplicaID
	doc     *crdt.Doc
	oracle  *crdttest.Naive
	view    *crdttest.View
	disk    [][]byte // of the changes made and applied, in that order
	drafts  bool     // doc has edits that are not flushed
}

func newPeers(t *testing.T, rng *rand.Rand) ([]*peer, *crdttest.Network) {
	count := *peersFlag
	if count == 0 {
		count = 2 + rng.IntN(4)
	}
	network := crdttest.NewNetwork(rng, count)
	peers := make([]*peer, count)
	for n := range peers {
		p := &peer{t: t, rng: rng, n: n, network: network, edits: crdttest.NewEdits(rng), now: noon}
		for i := range p.replica {
			p.replica[i] = byte(rng.IntN(256))
		}
		p.start()
		peers[n] = p
	}
	return peers, network
}

// start builds the document from the disk.
func (p *peer) start() {
	p.doc, p.oracle, p.view, p.drafts = crdt.New(), crdttest.NewNaive(), crdttest.NewView(), false
	for _, b := range p.disk {
		c := p.decode(b)
		applied, err := p.doc.Apply(c)
		if err != nil || len(applied.Changes) != 1 {
			p.t.Fatalf("load a stored change: %d applied, %v", len(applied.Changes), err)
		}
		p.oracle.Apply(c)
		p.follow(applied.Patch)
	}
	p.doc.Attach(p.replica)
}

func (p *peer) decode(b []byte) *crdt.Change {
	c, err := crdt.DecodeChange(b)
	if err != nil {
		p.t.Fatalf("decode %x: %v", b, err)
	}
	return c
}

func (p *peer) follow(patch crdt.Patch) {
	p.t.Helper()
	if err := p.view.Follow(patch, p.doc.Text()); err != nil {
		p.t.Fatalf("view of peer %d: %v\n%s", p.n, err, p.doc.Dump())
	}
}

func (p *peer) step() {
	p.now = p.now.Add(time.Duration(p.rng.IntN(1200)) * time.Millisecond)
	switch k := p.rng.IntN(40); {
	case k < 22:
		p.edit()
	case k < 25:
		patch, _ := p.doc.Undo(p.now)
		p.drafts = true
		p.follow(patch)
	case k < 27:
		patch, _ := p.doc.Redo(p.now)
		p.drafts = true
		p.follow(patch)
	case k < 30:
		p.flush()
	case k < 38:
		p.receive()
	case k == 38:
		p.network.Retransmit()
	default:
		p.network.Crash(p.n)
		p.start()
		p.resend()
	}
	p.check()
}

// edit makes a random edit. If nothing was in the draft it also flushes at
// times, and compares the ops with the oracle's.
func (p *peer) edit() {
	e := p.edits.Next(p.doc.Len())
	alone := !p.drafts && (e.Delete == 0 || e.Insert == "")
	var want []crdt.Op
	if e.Delete > 0 {
		if alone {
			want = p.oracle.DeleteOps(e.At, e.At+e.Delete)
		}
		p.follow(p.doc.Delete(e.At, e.At+e.Delete, p.now))
	}
	if e.Insert != "" {
		if alone {
			want = []crdt.Op{p.oracle.InsertOp(p.replica, e.At, e.Insert)}
		}
		p.follow(p.doc.Insert(e.At, e.Insert, p.now))
	}
	p.drafts = true
	if alone && p.rng.IntN(2) == 0 {
		changes := p.flush()
		if len(changes) != 1 || !sameOps(changes[0].Ops, want) {
			p.t.Errorf("%+v became %+v, want %+v", e, changes, want)
		}
	}
}

// sameOps compares ops; deletes that touch may have become one.
func sameOps(got, want []crdt.Op) bool {
	if len(got) > 0 && got[0].Kind == crdt.Delete {
		return reflect.DeepEqual(targets(got), targets(want))
	}
	return reflect.DeepEqual(got, want)
}

func targets(ops []crdt.Op) map[crdt.ID]bool {
	all := map[crdt.ID]bool{}
	for _, o := range ops {
		for i := range o.Target.Len {
			all[crdt.ID{Replica: o.Target.Replica, Seq: o.Target.Seq + i}] = o.Kind == crdt.Delete
		}
	}
	return all
}

func (p *peer) flush() []*crdt.Change {
	changes := p.doc.Flush(p.now)
	for _, c := range changes {
		b := c.Bytes()
		p.disk = append(p.disk, b)
		p.oracle.Apply(p.decode(b))
		p.network.Broadcast(p.n, b)
	}
	p.drafts = false
	return changes
}

func (p *peer) receive() {
	for _, b := range p.network.Receive(p.n) {
		p.apply(b)
	}
}

func (p *peer) apply(b []byte) {
	c := p.decode(b)
	old := p.doc.Text()
	applied, err := p.doc.Apply(c)
	if err != nil || len(applied.Refused) > 0 {
		p.t.Fatalf("apply %+v: %v %v", c, err, applied.Refused)
	}
	if len(applied.Changes) == 0 && (len(applied.Patch) > 0 || p.doc.Text() != old) {
		p.t.Errorf("a change that was not applied changed the text")
	}
	for _, c := range applied.Changes {
		p.disk = append(p.disk, c.Bytes())
		p.oracle.Apply(c)
	}
	p.follow(applied.Patch)
}

// resend broadcasts the own changes again: a crash may have come between the disk
// and the network, and it emptied what waited here.
func (p *peer) resend() {
	for _, b := range p.disk {
		if p.decode(b).Replica == p.replica {
			p.network.Broadcast(p.n, b)
		}
	}
}

func (p *peer) check() {
	p.t.Helper()
	if err := p.doc.Check(); err != nil {
		p.t.Errorf("peer %d: %v\n%s", p.n, err, p.doc.Dump())
	}
	if p.drafts {
		return
	}
	if got, want := p.doc.Text(), p.oracle.Text(); got != want {
		p.t.Errorf("peer %d: text %q, want %q\n%s", p.n, got, want, p.doc.Dump())
	}
	a := crdt.Anchor{ID: crdt.ID{Replica: p.replica, Seq: uint32(p.rng.IntN(60))}, Bias: crdt.Bias(p.rng.IntN(2) == 0)}
	got, known := p.doc.Offset(a)
	if want, wantKnown := p.oracle.Offset(a); got != want || known != wantKnown {
		p.t.Errorf("peer %d: %v is at %d %t, want %d %t", p.n, a, got, known, want, wantKnown)
	}
}

func TestRandomPeersConverge(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		peers, network := newPeers(t, rng)
		for range *stepsFlag {
			peers[rng.IntN(len(peers))].step()
			if t.Failed() {
				return
			}
		}
		settle(peers, network)
		for _, p := range peers[1:] {
			if got, want := p.doc.Text(), peers[0].doc.Text(); got != want {
				t.Errorf("peer %d has %q, peer 0 %q", p.n, got, want)
			}
			if !p.doc.Version().Equal(peers[0].doc.Version()) {
				t.Errorf("peer %d has seen %v, peer 0 %v", p.n, p.doc.Version(), peers[0].doc.Version())
			}
		}
	})
}

// settle delivers everything, also what a crash made a peer forget.
func settle(peers []*peer, network *crdttest.Network) {
	for _, p := range peers {
		p.flush()
		p.resend()
	}
	for !network.Quiet() {
		network.Retransmit()
		for _, p := range peers {
			p.receive()
		}
	}
	for _, p := range peers { // what was received, waited and was forgotten
		for _, q := range peers {
			for _, b := range q.disk {
				if c := p.decode(b); c.Replica == q.replica {
					p.apply(b)
				}
			}
		}
		p.check()
	}
}

// TestReadingAgrees compares every way to read a document with a plain string.
func TestReadingAgrees(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		d, edits := crdt.New(), crdttest.NewEdits(rng)
		d.Attach(crdt.ReplicaID{1})
		var plain []rune
		for range *stepsFlag {
			e := edits.Next(len(plain))
			d.Delete(e.At, e.At+e.Delete, noon)
			d.Insert(e.At, e.Insert, noon)
			plain = append(append(append([]rune{}, plain[:e.At]...), []rune(e.Insert)...), plain[e.At+e.Delete:]...)
			from := rng.IntN(len(plain) + 1)
			to := from + rng.IntN(len(plain)-from+1)
			if got := d.Slice(from, to); got != string(plain[from:to]) {
				t.Fatalf("Slice(%d, %d) = %q, want %q", from, to, got, string(plain[from:to]))
			}
			checkLines(t, d, plain)
			checkAnchors(t, d, from)
		}
	})
}

func checkLines(t *testing.T, d *crdt.Doc, plain []rune) {
	t.Helper()
	line, start := 0, 0
	for offset := 0; offset <= len(plain); offset++ {
		if offset > 0 && plain[offset-1] == '\n' {
			line, start = line+1, offset
		}
		if got := d.LineAt(offset); got != line {
			t.Fatalf("LineAt(%d) = %d, want %d", offset, got, line)
		}
	}
	if d.Lines() != line+1 || d.LineStart(line) != start || d.Len() != len(plain) || d.Text() != string(plain) {
		t.Fatalf("%d paragraphs, the last from %d, length %d; want %d, %d, %d", d.Lines(), d.LineStart(line), d.Len(), line+1, start, len(plain))
	}
}

func checkAnchors(t *testing.T, d *crdt.Doc, offset int) {
	t.Helper()
	for _, bias := range []crdt.Bias{crdt.Before, crdt.After} {
		if got, known := d.Offset(d.Anchor(offset, bias)); got != offset || !known {
			t.Fatalf("anchor at %d with %v is at %d, known %t", offset, bias, got, known)
		}
	}
}
