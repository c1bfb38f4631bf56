package crdttest

import (
	"math/rand/v2"
	"slices"
)

// Network carries messages between peers as badly as it can: it repeats some,
// delivers in any order, and loses some until [Network.Retransmit].
type Network struct {
	rng     *rand.Rand
	inboxes [][][]byte
	lost    [][][]byte // by receiver
}

// NewNetwork returns a network of so many peers.
func NewNetwork(rng *rand.Rand, peers int) *Network {
	return &Network{rng: rng, inboxes: make([][][]byte, peers), lost: make([][][]byte, peers)}
}

// Broadcast sends a message from one peer to all others.
func (n *Network) Broadcast(from int, message []byte) {
	for to := range n.inboxes {
		if to == from {
			continue
		}
		if n.rng.IntN(8) == 0 {
			n.lost[to] = append(n.lost[to], message)
			continue
		}
		for n.put(to, message); n.rng.IntN(5) == 0; {
			n.put(to, message)
		}
	}
}

func (n *Network) put(to int, message []byte) {
	at := n.rng.IntN(len(n.inboxes[to]) + 1)
	n.inboxes[to] = slices.Insert(n.inboxes[to], at, message)
}

// Receive returns some of what is on its way to a peer.
func (n *Network) Receive(to int) [][]byte {
	k := n.rng.IntN(len(n.inboxes[to]) + 1)
	messages := n.inboxes[to][:k]
	n.inboxes[to] = slices.Clone(n.inboxes[to][k:])
	return messages
}

// Crash loses all that is on its way to a peer.
func (n *Network) Crash(to int) {
	n.lost[to] = append(n.lost[to], n.inboxes[to]...)
	n.inboxes[to] = nil
}

// Retransmit sends again what was lost.
func (n *Network) Retransmit() {
	for to := range n.lost {
		for _, message := range n.lost[to] {
			n.put(to, message)
		}
		n.lost[to] = nil
	}
}

// Quiet says whether nothing is on its way and nothing is lost.
func (n *Network) Quiet() bool {
	empty := func(queue [][]byte) bool { return len(queue) == 0 }
	return !slices.ContainsFunc(n.inboxes, func(q [][]byte) bool { return !empty(q) }) &&
		!slices.ContainsFunc(n.lost, func(q [][]byte) bool { return !empty(q) })
}
