package link

import (
	"time"

	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// stage is how far a try of a code has come, at either end.
type stage int

const (
	noTry  stage = iota
	begun        // guest: Try is sent; host: it is being judged
	dealt        // host: Share is sent
	proved       // guest: Confirm is sent; host: it is being judged
	known        // both: Reveal is sent; the keys follow
	lapsed       // host: refused after Share; the guest's Confirm may be on its way
)

// guest is the end that types a code.
type guest struct {
	stage stage
	try   *pairing.Guest
	name  string
}

// host is the end that shows one. What the code is, and how often it is tried, is not known here.
type host struct {
	stage  stage
	binder [32]byte
}

// typed begins a try. The other end may be a stranger: it is told nothing but the share.
func (m *Machine) typed(e Typed) []Effect {
	if m.state != admitted && (m.state != strange || !m.dialler) || m.joining || m.guest.stage != noTry {
		panic("link: Typed too early, or while another answer is waited for")
	}
	m.guest = guest{stage: begun, try: pairing.NewGuest(e.Code, m.exporter, e.Random), name: e.Name}
	return []Effect{Send{wire.Try{Share: m.guest.try.Share()}}}
}

// shared proves that this end knows the code.
func (m *Machine) shared(share wire.Share) []Effect {
	if m.guest.stage != begun {
		return m.unexpected(share)
	}
	tag, err := m.guest.try.Answer(share.Share)
	if err != nil {
		return m.close(wire.Malformed, err.Error())
	}
	m.guest.stage = proved
	return []Effect{Send{wire.Confirm{Tag: tag}}}
}

// revealed believes the host when it has the code and the key that it says, and presents itself.
func (m *Machine) revealed(now time.Time, reveal wire.Reveal) []Effect {
	if m.guest.stage != proved || m.joining {
		return m.unexpected(reveal)
	}
	binder := m.guest.try.Binder()
	switch {
	case !m.guest.try.Believes(reveal.Tag):
		return m.close(wire.WrongPeer, "the host does not have the code")
	case !verify(reveal.Key, roleHost, m.exporter, reveal.Signature, binder[:]):
		return m.close(wire.WrongPeer, "the host's signature is wrong")
	case reveal.Key == ID(m.self.Key):
		return m.close(wire.WrongPeer, "that is my own key")
	case m.peer != (PeerID{}) && m.peer != PeerID(reveal.Key):
		return m.close(wire.WrongPeer, "the host is somebody else than before")
	}
	m.peer, m.joining, m.guest.stage = reveal.Key, true, known
	if m.state == strange {
		m.deadline = now.Add(JoinPatience)
	}
	present := wire.Present{Key: ID(m.self.Key), Signature: sign(m.self.Key, roleGuest, m.exporter, binder[:]), Name: m.guest.name}
	return []Effect{Met{Peer: m.peer}, Send{present}}
}

// tried passes on that the other end tries a code, one at a time.
func (m *Machine) tried(try wire.Try) []Effect {
	mayTry := m.state == admitted || m.state == strange && !m.dialler
	if !mayTry || m.asked || m.host.stage != noTry && m.host.stage != lapsed {
		return m.unexpected(try)
	}
	m.host.stage = begun
	return []Effect{Tried{Share: try.Share}}
}

func (m *Machine) confirmed(confirm wire.Confirm) []Effect {
	if m.host.stage == lapsed {
		m.host = host{}
		return nil
	}
	if m.host.stage != dealt {
		return m.unexpected(confirm)
	}
	m.host.stage = proved
	return []Effect{Confirmed{Tag: confirm.Tag}}
}

// judged goes on with the other end's try as the screen says. To one who was believed this end shows its key.
// A refusal may come at any stage before that: the code was taken off the screen.
func (m *Machine) judged(e Judged) []Effect {
	switch answer := e.Answer.(type) {
	case wire.Refused:
		switch m.host.stage {
		case begun, proved:
			m.host = host{}
		case dealt:
			m.host = host{stage: lapsed}
		default:
			return nil // the try has come to its end already
		}
		return []Effect{Send{answer}}
	case wire.Share:
		if m.host.stage == begun {
			m.host.stage = dealt
			return []Effect{Send{answer}}
		}
	case wire.Reveal:
		if m.host.stage == proved {
			m.host = host{stage: known, binder: e.Binder}
			answer.Key = ID(m.self.Key)
			answer.Signature = sign(m.self.Key, roleHost, m.exporter, e.Binder[:])
			return []Effect{Send{answer}}
		}
	}
	panic("link: Judged out of order")
}

// presented has the guest let in.
func (m *Machine) presented(now time.Time, present wire.Present) []Effect {
	if m.host.stage != known {
		return m.unexpected(present)
	}
	switch {
	case !verify(present.Key, roleGuest, m.exporter, present.Signature, m.host.binder[:]):
		return m.close(wire.WrongPeer, "the guest's signature is wrong")
	case present.Key == ID(m.self.Key):
		return m.close(wire.WrongPeer, "that is my own key")
	case m.peer != (PeerID{}) && m.peer != PeerID(present.Key):
		return m.close(wire.WrongPeer, "the guest is somebody else than before")
	}
	m.peer, m.asked, m.host = present.Key, true, host{}
	if m.state == strange {
		m.deadline = now.Add(JoinPatience)
	}
	return []Effect{Presented{Peer: m.peer, Name: present.Name}}
}
