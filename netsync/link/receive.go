package link

import (
	"fmt"
	"time"

	"inkling/netsync/wire"
)

// received judges a message by the state it comes in. What may not come closes
// the connection.
func (m *Machine) received(now time.Time, message wire.Message) []Effect {
	switch msg := message.(type) {
	case wire.Knock:
		if m.state == waitKnock {
			return m.knocked(now, msg)
		}
	case wire.Answer:
		if m.state == waitAnswer {
			return m.answered(msg)
		}
	case wire.Stranger:
		if m.state == waitAnswer || m.state == waitEntry {
			return m.pair(now)
		}
	case wire.Prove:
		if m.state == waitProve {
			return m.proved(msg)
		}
	case wire.Welcome:
		if m.state == waitEntry {
			return m.welcomed(now)
		}
	case wire.Hello:
		return m.named(msg)
	case wire.Offer:
		return m.offered(msg)
	case wire.Compare:
		if m.state == admitted && !m.dialler && !m.compares {
			m.compares = true
			return []Effect{Asks{msg}}
		}
	case wire.Compared:
		if m.state == admitted && m.dialler && m.compares {
			m.compares = !msg.Last
			return []Effect{Answered{msg}}
		}
	case wire.Join:
		return m.joinAsked(now, msg)
	case wire.Refused:
		if m.joining || m.guest.stage != noTry {
			return m.joinAnswered(now, msg)
		}
	case wire.Joined:
		if m.joining {
			return m.joinAnswered(now, msg)
		}
	case wire.Try:
		return m.tried(msg)
	case wire.Share:
		return m.shared(msg)
	case wire.Confirm:
		return m.confirmed(msg)
	case wire.Reveal:
		return m.revealed(now, msg)
	case wire.Present:
		return m.presented(now, msg)
	case wire.Call:
		if m.state == strange && m.peer == (PeerID{}) && !m.called {
			m.called = true
			return []Effect{Called{msg}}
		}
	}
	return m.unexpected(message)
}

func (m *Machine) unexpected(message wire.Message) []Effect {
	return m.close(wire.Unexpected, fmt.Sprintf("message %s may not come here", message.Type()))
}

func (m *Machine) knocked(now time.Time, knock wire.Knock) []Effect {
	mine := knockMAC(ID(m.self.Key), m.exporter)
	for i, mac := range knock.MACs {
		if mac == mine {
			m.state = waitProve
			return []Effect{Send{wire.Answer{Index: uint8(i), Signature: sign(m.self.Key, roleListener, m.exporter)}}}
		}
	}
	return append([]Effect{Send{wire.Stranger{}}}, m.pair(now)...)
}

func (m *Machine) answered(answer wire.Answer) []Effect {
	if int(answer.Index) >= len(m.knocks) {
		return m.close(wire.WrongPeer, "an answer to a knock that was not made")
	}
	peer := m.knocks[answer.Index]
	if !verify(peer, roleListener, m.exporter, answer.Signature) {
		return m.close(wire.WrongPeer, "the listener's signature is wrong")
	}
	m.peer, m.state = peer, waitClaim
	return []Effect{Verified{Peer: peer}}
}

func (m *Machine) proved(proof wire.Prove) []Effect {
	if !verify(proof.Key, roleDialler, m.exporter, proof.Signature) {
		return m.close(wire.WrongPeer, "the dialler's signature is wrong")
	}
	if proof.Key == ID(m.self.Key) {
		return m.close(wire.WrongPeer, "that is my own key")
	}
	m.peer, m.state = proof.Key, waitLookUp
	return []Effect{LookUp{Peer: proof.Key, HaveLive: proof.HaveLive}}
}

// welcomed admits the listener if it is pinned; one that only an invite named
// is admitted when the invite has been answered and stored.
func (m *Machine) welcomed(now time.Time) []Effect {
	if m.pinned {
		return m.admit(now)
	}
	return m.pair(now)
}

func (m *Machine) named(hello wire.Hello) []Effect {
	switch {
	case m.state == admitted:
		return []Effect{Named{Name: hello.Name}}
	case m.state == strange && m.dialler && m.peer != (PeerID{}):
		m.hello = hello.Name // it has let us in before we have stored that
		return nil
	}
	return m.unexpected(hello)
}

func (m *Machine) offered(offer wire.Offer) []Effect {
	switch {
	case m.state == admitted && m.dialler:
		return []Effect{Offered{offer}}
	case m.state == strange && m.dialler && m.peer != (PeerID{}):
		return nil // every shared document is asked for when the link is admitted
	}
	return m.unexpected(offer)
}
