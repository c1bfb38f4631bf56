package crdt_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// world is some peers around one document and the network between them. A script of
// steps moves it; where a number of a step is out of range, it is brought into it.
type world struct {
	peers   []*peer
	network *crdttest.Network
	edits   []*crdttest.Edits // only while a script is drawn
	risky   bool              // the same: disks are set back often
}

func newWorld(n int) *world {
	people := crdttest.People(n)
	w := &world{network: crdttest.NewNetwork(n)}
	for _, p := range people {
		w.peers = append(w.peers, newPeer(p, people[0].Genesis()))
	}
	return w
}

// play moves the world by a script, then lets everything arrive. It returns what is wrong.
func play(n int, s crdttest.Script) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%w\n%s", fmt.Errorf("panic: %v", r), debug.Stack())
		}
	}()
	w := newWorld(n)
	for i, step := range s {
		if err := w.step(step); err != nil {
			return fmt.Errorf("step %d, %s: %w", i, crdttest.Script{step}, err)
		}
	}
	return w.settle()
}

// step does one step and checks the peer that did it.
func (w *world) step(s crdttest.Step) error {
	p := w.peers[s.Peer%len(w.peers)]
	if err := w.do(p, s); err != nil {
		return fmt.Errorf("%w\n%s", err, p.doc.Dump())
	}
	if err := w.renew(s.Peer % len(w.peers)); err != nil {
		return err
	}
	if err := p.check(s.A ^ s.B<<3); err != nil {
		return fmt.Errorf("%w\n%s", err, p.doc.Dump())
	}
	return nil
}

// renew makes a peer whose chain forked write another one.
func (w *world) renew(n int) error {
	p := w.peers[n]
	if !p.doc.Forked() {
		return nil
	}
	frames, err := p.flush()
	if err := w.send(n, frames, err); err != nil {
		return err
	}
	return p.again()
}

func (w *world) do(p *peer, s crdttest.Step) error {
	n := s.Peer % len(w.peers)
	switch s.Verb {
	case "receive":
		return p.receive(w.network.Receive(n, s.A, s.B))
	case "repeat":
		w.network.Repeat(n, s.A)
	case "lose":
		w.network.Lose(n, s.A, s.B)
	case "cut":
		w.network.Cut(s.A)
	case "retransmit":
		w.network.Retransmit()
	case "wait":
		p.now = p.now.Add(time.Duration(s.A) * time.Millisecond)
	case "crash":
		return p.start()
	case "setback":
		if len(p.commits) > 0 {
			p.commits = p.commits[:1+len(p.commits)*(s.A%1000)/1000]
			p.disk, p.setBack = p.disk[:p.commits[len(p.commits)-1]], true
		}
		return p.start()
	case "reopen":
		return w.reopen(n)
	case "catchup":
		return w.catchUp(p, w.peers[s.A%len(w.peers)])
	default:
		if p.writes() {
			return w.write(p, s)
		}
	}
	return nil
}

// write does what only a member can.
func (w *world) write(p *peer, s crdttest.Step) error {
	n := s.Peer % len(w.peers)
	switch s.Verb {
	case "edit", "alone":
		at := min(s.A, p.doc.Len())
		frames, err := p.edit(crdttest.Edit{At: at, Delete: min(s.B, p.doc.Len()-at), Insert: s.Text}, s.Verb == "alone")
		return w.send(n, frames, err)
	case "break":
		p.doc.BreakUndo()
	case "undo", "redo":
		return p.takeBack(s.Verb == "undo")
	case "grant":
		q := w.peers[s.A%len(w.peers)]
		p.doc.Grant(q.Author.Device, q.Name, p.now)
		p.drafts = true
	case "flush":
		frames, err := p.flush()
		return w.send(n, frames, err)
	case "begin":
		p.begin()
	case "seal":
		frames, err := p.seal()
		return w.send(n, frames, err)
	default:
		panic("no such step: " + s.Verb)
	}
	return nil
}

func (w *world) send(from int, frames [][]byte, err error) error {
	for _, f := range frames {
		w.network.Send(from, f)
	}
	return err
}

// takeBack undoes or redoes; of others' text nothing may go that was visible before.
func (p *peer) takeBack(undo bool) error {
	foreign := func() (ids []crdt.ID) {
		own := p.Author.Replica(p.doc.ID())
		for at := range p.doc.Len() {
			if id := p.doc.Author(at); id.Replica != own {
				ids = append(ids, id)
			}
		}
		return ids
	}
	before := foreign()
	do := p.doc.Redo
	if undo {
		do = p.doc.Undo
	}
	patch, ok := do(p.now)
	p.drafts = true
	if ok != (len(patch) > 0) {
		return fmt.Errorf("undo %t says %t with the patch %v", undo, ok, patch)
	}
	after := foreign()
	if i := slices.IndexFunc(before, func(id crdt.ID) bool { return !slices.Contains(after, id) }); undo && i >= 0 {
		return fmt.Errorf("undo removed foreign %v", before[i])
	}
	return p.follow(patch)
}

// reopen closes a peer's document and opens it again with its undo list.
func (w *world) reopen(n int) error {
	p := w.peers[n]
	frames, err := p.flush()
	if err := w.send(n, frames, err); err != nil {
		return err
	}
	if p.doc.Forked() {
		return nil
	}
	list, text := p.doc.UndoList(), p.doc.Text()
	if err := p.start(); err != nil {
		return err
	}
	if p.doc.Text() != text {
		return fmt.Errorf("text %q after reopening, was %q", p.doc.Text(), text)
	}
	if !p.writes() {
		return nil
	}
	if err := p.doc.SetUndoList(list); err != nil {
		return err
	}
	if again := p.doc.UndoList(); string(again) != string(list) {
		return fmt.Errorf("undo list %x after reopening, was %x", again, list)
	}
	return nil
}

// catchUp gives p what q has and p lacks, at once, with the signatures that q keeps.
// Where q cannot know that p lacks it, because of a fork, it is given when p has told q what it has.
func (w *world) catchUp(p, q *peer) error {
	if p == q {
		return nil
	}
	heads := crdt.WithoutFamilies(p.doc.Heads(), p.doc.Strange(q.doc.Heads()))
	if err := p.receive(crdttest.Frames(q.doc.DeltaSince(q.doc.Known(heads)))); err != nil {
		return err
	}
	if v := q.oracle.Version(); !w.forked() && !p.doc.Version().Covers(v) {
		return fmt.Errorf("after all that another has: version %v, want at least %v", p.doc.Version(), v)
	}
	return nil
}

// forked says whether somebody's disk was set back.
func (w *world) forked() bool {
	return slices.ContainsFunc(w.peers, func(p *peer) bool { return p.copies > 1 || p.setBack })
}

// settle delivers everything, also what a crash made a peer forget, and compares.
func (w *world) settle() error {
	w.network.Cut(0)
	for n, p := range w.peers {
		if p.writes() {
			frames, err := p.flush()
			if err := w.send(n, frames, err); err != nil {
				return err
			}
		}
	}
	for !w.network.Quiet() {
		w.network.Retransmit()
		for n, p := range w.peers {
			if err := p.receive(w.network.Receive(n, 0, w.network.Waiting(n))); err != nil {
				return fmt.Errorf("%w\n%s", err, p.doc.Dump())
			}
		}
	}
	for range len(w.peers) + 2 {
		for n, p := range w.peers {
			for _, q := range w.peers {
				if err := w.catchUp(p, q); err != nil {
					return fmt.Errorf("catch up: %w\n%s", err, p.doc.Dump())
				}
			}
			if err := w.renew(n); err != nil {
				return err
			}
		}
	}
	return w.same()
}

// same: all peers have the same text, order and version, and give back what they got.
func (w *world) same() error {
	first := w.peers[0].doc
	for n, p := range w.peers {
		if err := p.check(n); err != nil {
			return fmt.Errorf("peer %d: %w\n%s", n, err, p.doc.Dump())
		}
		if err := p.doc.Verify(); err != nil {
			return fmt.Errorf("peer %d: %w", n, err)
		}
		if p.doc.Text() != first.Text() || !slices.Equal(p.doc.Order(), first.Order()) || !p.doc.Version().Equal(first.Version()) {
			return fmt.Errorf("peer %d has %q, peer 0 has %q", n, p.doc.Text(), first.Text())
		}
		if p.doc.Pending() != 0 && !w.forked() { // else something may be lost for good
			return fmt.Errorf("at peer %d %d changes wait", n, p.doc.Pending())
		}
		if err := sameChanges(p.doc.DeltaSince(nil), p.disk); err != nil {
			return fmt.Errorf("peer %d: %w", n, err)
		}
	}
	return nil
}

// sameChanges compares changes, in whatever order.
func sameChanges(got, want []*crdt.Change) error {
	bodies, previous := map[crdt.Hash]string{}, map[crdt.Hash]crdt.Stamp{}
	for _, c := range want {
		bodies[c.Hash], previous[c.Hash] = string(c.Body), c.Previous
	}
	if len(got) != len(want) {
		return fmt.Errorf("%d changes, want %d", len(got), len(want))
	}
	for _, c := range got {
		if body := bodies[c.Hash]; body != string(c.Body) {
			return fmt.Errorf("the body %x at %d of %s, want %x", c.Body, c.Seq, c.Replica, body)
		}
		if known := previous[c.Hash]; c.Previous != known && (known != crdt.Stamp{} || c.Seq == 0) { // one from elsewhere does not say
			return fmt.Errorf("%d of %s goes on from %x, want %x", c.Seq, c.Replica, c.Previous, previous[c.Hash])
		}
	}
	return nil
}

// draw returns a random script for n peers, which it plays meanwhile, so that edits
// are where people would make them. It ends where something goes wrong.
func draw(rng *rand.Rand, n, steps int) (s crdttest.Script) {
	defer func() { _ = recover() }() // play will meet it again
	w := newWorld(n)
	w.risky = rng.IntN(5) == 0
	for range n {
		w.edits = append(w.edits, crdttest.NewEdits(rng))
	}
	for i := 1; i < n; i++ {
		if rng.IntN(3) > 0 { // the others later, or never
			s = append(s, crdttest.Step{Verb: "grant", A: i})
		}
	}
	s = append(s, crdttest.Step{Verb: "edit", Text: "base\n"}, crdttest.Step{Verb: "flush"})
	for _, step := range s {
		if w.step(step) != nil {
			return s
		}
	}
	for i := 1; i < n; i++ {
		s = append(s, crdttest.Step{Verb: "receive", Peer: i, B: 9})
		_ = w.step(s[len(s)-1])
	}
	for len(s) < steps {
		s = append(s, w.next(rng))
		if w.step(s[len(s)-1]) != nil {
			return s
		}
	}
	return s
}

// chances says how often a step is drawn, in 100.
var chances = []struct {
	verb string
	of   int
}{
	{"edit", 30}, {"alone", 11}, {"receive", 22}, {"flush", 8}, {"undo", 5}, {"redo", 3}, {"wait", 4}, {"begin", 2},
	{"seal", 2}, {"repeat", 2}, {"lose", 2}, {"break", 1}, {"grant", 1}, {"cut", 1}, {"retransmit", 1}, {"crash", 1},
	{"reopen", 2}, {"catchup", 1}, {"setback", 1},
}

func (w *world) next(rng *rand.Rand) crdttest.Step {
	k := rng.IntN(100)
	i := 0
	for k >= chances[i].of {
		k -= chances[i].of
		i++
	}
	verb := chances[i].verb
	if w.risky && rng.IntN(12) == 0 {
		verb = "setback"
	}
	s := crdttest.Step{Verb: verb, Peer: rng.IntN(len(w.peers)), A: rng.IntN(1000), B: rng.IntN(6)}
	switch s.Verb {
	case "edit", "alone":
		p := w.peers[s.Peer]
		if k := len(p.came); k > 0 && rng.IntN(3) == 0 { // people look where something happens
			w.edits[s.Peer].Move(p.came[k-1].At + p.came[k-1].Inserted)
			p.came = nil
		}
		e := w.edits[s.Peer].Next(p.doc.Len())
		s.A, s.B, s.Text = e.At, e.Delete, e.Insert
	case "wait":
		s.A = rng.IntN(2400)
	case "cut":
		s.A = rng.IntN(1 << len(w.peers))
	}
	return s
}

// run draws a script and plays it; a failing one is shrunk and shown.
func run(t *testing.T, rng *rand.Rand, n, steps int) {
	t.Helper()
	s := draw(rng, n, steps)
	err := play(n, s)
	if err == nil {
		return
	}
	t.Errorf("%v", err)
	s = crdttest.Shrink(s, 3000, func(s crdttest.Script) bool { return fault(play(n, s)) == fault(err) })
	t.Errorf("to play it again:\nplay(%d, crdttest.ParseScript(`\n%s`))\n%v", n, s, play(n, s))
}

// fault returns what an error has in common with others of its kind: its innermost
// text up to the first number or quotation.
func fault(err error) string {
	for inner := err; inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	if err == nil {
		return ""
	}
	text := err.Error()
	if i := strings.IndexAny(text, "0123456789\"[{\n"); i >= 0 {
		text = text[:i]
	}
	return text
}
