package link

import (
	"crypto/ed25519"
	"fmt"
	"time"

	"inkling/netsync/wire"
)

// Patience with the other end.
const (
	HandshakePatience = 5 * time.Second  // until Admitted or Stranger
	StrangerPatience  = 10 * time.Second // for a stranger to say what it wants
	// JoinPatience is how long a person has to answer a request to join.
	JoinPatience = 10 * time.Minute
)

// Self is this end.
type Self struct {
	Key  ed25519.PrivateKey
	Name string // told to admitted peers
}

// ID returns the PeerID that belongs to key.
func ID(key ed25519.PrivateKey) PeerID { return PeerID(key.Public().(ed25519.PublicKey)) }

type state int

const (
	waitOpen   state = iota // dialler: to be opened
	waitAnswer              // dialler: knocked
	waitClaim               // dialler: knows who answered, may it go on?
	waitEntry               // dialler: proved, Welcome or Stranger?
	waitKnock               // listener
	waitProve               // listener: answered a knock
	waitLookUp              // listener: is the prover known?
	strange                 // a stranger to at least one end
	admitted
	closed
)

// Machine is the state of one link. It is not safe for concurrent use.
type Machine struct {
	self     Self
	exporter Exporter
	dialler  bool
	// knocks are the peers that the dialler looks for; filler is sent where there
	// are none.
	knocks []PeerID
	filler [32]byte
	pinned bool // dialler: knows the ones it looks for already

	state    state
	peer     PeerID // proved; zero before and for strangers
	deadline time.Time
	hello    string // name heard before the link was admitted
	joining  bool   // waits for the answer to its Join
	called   bool   // the stranger has said its name
	compares bool   // dialler: an answer to its Compare is to come; listener: to be given
	asked    bool   // waits for the person to answer the other's Join, or for the library to let a guest in
	guest    guest  // this end types a code
	host     host   // this end shows one
	pulse    pulse
}

// NewDialler returns the dialling end, which looks for one of knocks (at most
// wire.MaxKnocks; none: a visible stranger). filler is 32 random bytes. pinned
// says that the ones looked for are known, not just named by an invite.
func NewDialler(self Self, e Exporter, knocks []PeerID, filler [32]byte, pinned bool, now time.Time) *Machine {
	if len(knocks) > wire.MaxKnocks {
		panic("link: too many peers to knock for")
	}
	return &Machine{
		self: self, exporter: e, dialler: true, knocks: knocks, filler: filler, pinned: pinned,
		state: waitOpen, deadline: now.Add(HandshakePatience),
	}
}

// NewListener returns the listening end.
func NewListener(self Self, e Exporter, now time.Time) *Machine {
	return &Machine{self: self, exporter: e, state: waitKnock, deadline: now.Add(HandshakePatience)}
}

// Deadline says when Step wants a Tick; zero: never.
func (m *Machine) Deadline() time.Time {
	if m.state == closed {
		return time.Time{}
	}
	return earlier(m.deadline, m.pulse.deadline())
}

// Step takes what happened and returns what to do. Whatever the other end sends
// is answered or ends in Close; only events out of order from this end panic.
func (m *Machine) Step(now time.Time, e Event) []Effect {
	if m.state == closed {
		return nil
	}
	switch e := e.(type) {
	case Opened:
		return m.opened()
	case Received:
		m.pulse.hear(now)
		return m.received(now, e.Message)
	case Heard:
		m.pulse.hear(now)
		return nil
	case Tick:
		return m.tick(now)
	case Claimed:
		return m.claimed(e)
	case LookedUp:
		return m.lookedUp(now, e)
	case Calls:
		return m.call(e)
	case Asked:
		return m.ask(now, e)
	case Typed:
		return m.typed(e)
	case Judged:
		return m.judged(e)
	case Decided:
		return m.decided(now, e)
	case Adopted:
		return m.adopted(now)
	case Watch:
		m.pulse.watch(e.On, now)
		return m.tick(now)
	case Probe:
		return m.pulse.probe(now)
	case Tell:
		return m.tell(e)
	case Renamed:
		return m.renamed(e)
	}
	panic(fmt.Sprintf("link: unknown event %T", e))
}

func (m *Machine) close(code wire.Code, reason string) []Effect {
	m.state = closed
	return []Effect{Close{Code: code, Reason: reason}}
}

func (m *Machine) tick(now time.Time) []Effect {
	if m.deadline.IsZero() || now.Before(m.deadline) {
		effects, silent := m.pulse.tick(now)
		if silent {
			return m.close(wire.Silent, "nothing was heard of the peer")
		}
		return effects
	}
	if m.state == strange {
		return m.close(wire.NotAdmitted, "a stranger who wants nothing")
	}
	return m.close(wire.TooSlow, "the handshake took too long")
}

func (m *Machine) opened() []Effect {
	m.state = waitAnswer
	var knock wire.Knock
	for _, id := range m.knocks {
		knock.MACs = append(knock.MACs, knockMAC(id, m.exporter))
	}
	if len(knock.MACs) == 0 {
		knock.MACs = [][32]byte{m.filler}
	}
	return []Effect{Send{knock}}
}

func (m *Machine) claimed(e Claimed) []Effect {
	if !e.Go {
		return m.close(wire.Done, "another dial was faster")
	}
	m.state = waitEntry
	proof := wire.Prove{Key: ID(m.self.Key), Signature: sign(m.self.Key, roleDialler, m.exporter), HaveLive: e.HaveLive}
	return []Effect{Send{proof}}
}

func (m *Machine) lookedUp(now time.Time, e LookedUp) []Effect {
	switch {
	case !e.Known:
		return append([]Effect{Send{wire.Stranger{}}}, m.pair(now)...)
	case !e.Keep:
		return m.close(wire.Duplicate, "another connection is kept")
	}
	return append([]Effect{Send{wire.Welcome{}}}, m.admit(now)...)
}

// pair leaves only the pairing messages.
func (m *Machine) pair(now time.Time) []Effect {
	m.state = strange
	m.deadline = now.Add(StrangerPatience)
	return []Effect{Stranger{Peer: m.peer}}
}

func (m *Machine) admit(now time.Time) []Effect {
	m.state = admitted
	m.deadline = time.Time{}
	m.pulse.heard = now
	effects := []Effect{Admitted{Peer: m.peer}, Send{wire.Hello{Name: m.self.Name}}}
	if m.hello != "" {
		effects = append(effects, Named{Name: m.hello})
	}
	return effects
}

// call tells our name to a stranger; nobody else needs it.
func (m *Machine) call(e Calls) []Effect {
	if m.state != strange || m.peer != (PeerID{}) {
		panic("link: Calls to somebody who is no stranger")
	}
	return []Effect{Send{e.Call}}
}

// tell sends what is said about documents to an admitted peer.
func (m *Machine) tell(e Tell) (effects []Effect) {
	for _, message := range e.Messages {
		if m.state != admitted || !m.mayTell(message) {
			panic(fmt.Sprintf("link: %T out of order", message))
		}
		effects = append(effects, Send{message})
	}
	return effects
}

func (m *Machine) mayTell(message wire.Message) (may bool) {
	switch msg := message.(type) {
	case wire.Offer:
		return !m.dialler
	case wire.Compare:
		may, m.compares = m.dialler && !m.compares, true
	case wire.Compared:
		may, m.compares = !m.dialler && m.compares, !msg.Last
	}
	return may
}

func (m *Machine) renamed(e Renamed) []Effect {
	m.self.Name = e.Name
	if m.state != admitted {
		return nil
	}
	return []Effect{Send{wire.Hello{Name: e.Name}}}
}
