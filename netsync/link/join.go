package link

import (
	"time"

	"inkling/netsync/wire"
)

// ask sends our Join. The one who asks has verified the other end's key, so that
// nobody else can collect the proof.
func (m *Machine) ask(now time.Time, e Asked) []Effect {
	if m.state != admitted && (m.state != strange || !m.dialler) || m.peer == (PeerID{}) || m.joining || m.guest.stage != noTry {
		panic("link: Asked without a proved peer, or twice")
	}
	m.joining = true
	if m.state == strange {
		m.deadline = now.Add(JoinPatience)
	}
	return []Effect{Send{e.Join}}
}

func (m *Machine) joinAnswered(now time.Time, answer wire.Message) []Effect {
	spent := m.guest.stage >= proved
	m.joining, m.guest = false, guest{}
	if m.state == strange {
		m.deadline = now.Add(StrangerPatience)
	}
	return []Effect{JoinAnswered{Answer: answer, Spent: spent}}
}

// adopted: what Joined or Paired brought is stored, the issuer is known at this end now.
func (m *Machine) adopted(now time.Time) []Effect {
	if m.state == admitted {
		return nil
	}
	return m.admit(now)
}

// joinAsked passes on the other's Join, one at a time.
func (m *Machine) joinAsked(now time.Time, join wire.Join) []Effect {
	mayAsk := m.state == admitted || m.state == strange && !m.dialler && m.peer != (PeerID{})
	if !mayAsk || m.asked || m.host.stage != noTry {
		return m.unexpected(join)
	}
	m.asked = true
	if m.state == strange {
		m.deadline = now.Add(JoinPatience)
	}
	return []Effect{JoinAsked{Peer: m.peer, Join: join}}
}

func (m *Machine) decided(now time.Time, e Decided) []Effect {
	if !m.asked {
		panic("link: Decided without JoinAsked or Presented")
	}
	m.asked = false
	effects := []Effect{Send{e.Answer}}
	_, refused := e.Answer.(wire.Refused)
	switch {
	case m.state == admitted:
	case refused:
		m.deadline = now.Add(StrangerPatience)
	default:
		effects = append(effects, m.admit(now)...)
	}
	return effects
}
