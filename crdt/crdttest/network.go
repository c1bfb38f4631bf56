package crdttest

import "slices"

// Network carries frames between peers as badly as it is told to: frames arrive in
// any order, after any time, twice or not at all, and not at all across a cut. It has no dice:
// each mishap is asked for, so that a run can be played again.
type Network struct {
	inboxes [][][]byte // by receiver
	lost    [][]letter // by receiver
	side    []bool     // of the cut, if any
}

// letter is a frame with its sender.
type letter struct {
	from  int
	frame []byte
}

// NewNetwork returns a network of so many peers.
func NewNetwork(peers int) *Network {
	return &Network{inboxes: make([][][]byte, peers), lost: make([][]letter, peers), side: make([]bool, peers)}
}

// Send sends a frame to all other peers. What the cut keeps back is lost.
func (n *Network) Send(from int, frame []byte) {
	for to := range n.inboxes {
		if to != from {
			n.carry(to, letter{from, frame})
		}
	}
}

func (n *Network) carry(to int, l letter) {
	if n.side[l.from] != n.side[to] {
		n.lost[to] = append(n.lost[to], l)
		return
	}
	n.inboxes[to] = append(n.inboxes[to], l.frame)
}

// Receive takes up to count frames out of what is on its way to a peer, from the place
// at on, which may be anything; it goes on from the beginning.
func (n *Network) Receive(to, at, count int) (frames [][]byte) {
	for len(n.inboxes[to]) > 0 && count > 0 {
		at = max(0, at) % len(n.inboxes[to])
		frames = append(frames, n.inboxes[to][at])
		n.inboxes[to] = slices.Delete(n.inboxes[to], at, at+1)
		count--
	}
	return frames
}

// Repeat makes a frame that is on its way arrive once more.
func (n *Network) Repeat(to, at int) {
	if k := len(n.inboxes[to]); k > 0 {
		n.inboxes[to] = append(n.inboxes[to], n.inboxes[to][max(0, at)%k])
	}
}

// Lose loses up to count frames that are on their way to a peer, from the place at on.
func (n *Network) Lose(to, at, count int) {
	for _, frame := range n.Receive(to, at, count) {
		n.lost[to] = append(n.lost[to], letter{to, frame}) // nothing keeps it back
	}
}

// Cut parts the peers whose bit is set from the others; 0 ends the cut.
func (n *Network) Cut(peers int) {
	for i := range n.side {
		n.side[i] = peers>>i&1 != 0
	}
}

// Retransmit sends again what was lost.
func (n *Network) Retransmit() {
	for to, lost := range n.lost {
		n.lost[to] = nil
		for _, l := range lost {
			n.carry(to, l)
		}
	}
}

// Waiting returns how many frames are on their way to a peer.
func (n *Network) Waiting(to int) int { return len(n.inboxes[to]) }

// Quiet says whether nothing is on its way and nothing is lost.
func (n *Network) Quiet() bool {
	return !slices.ContainsFunc(n.inboxes, func(q [][]byte) bool { return len(q) > 0 }) &&
		!slices.ContainsFunc(n.lost, func(q []letter) bool { return len(q) > 0 })
}
