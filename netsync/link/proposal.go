package link

import (
	"fmt"

	"inkling/netsync/wire"
)

// proposals counts what is proposed over this link and not replied to, by either end, so that an end that is slow to
// decide holds a bounded number of them.
type proposals struct {
	mine, theirs int
	// early is what the other end said when it had let us in, and we had not stored that yet.
	early     []wire.Propose
	condition wire.Condition
	told      wire.Condition // what this end said last
}

func (m *Machine) propose(e Proposes) []Effect {
	if m.state != admitted || m.proposals.mine == wire.MaxProposals {
		panic("link: Proposes too early, or too many")
	}
	m.proposals.mine++
	return []Effect{Send{e.Propose}}
}

func (m *Machine) reply(e Replies) []Effect {
	if m.proposals.theirs == 0 {
		panic("link: Replies without Proposed")
	}
	m.proposals.theirs--
	return []Effect{Send{e.Reply}}
}

// comesEarly says whether the other end may have admitted this link, and we have not.
func (m *Machine) comesEarly() bool {
	return m.state == strange && m.dialler && m.peer != (PeerID{})
}

func (m *Machine) proposed(p wire.Propose) []Effect {
	if m.state != admitted && !m.comesEarly() {
		return m.unexpected(p)
	}
	if m.proposals.theirs == wire.MaxProposals {
		return m.close(wire.Unexpected, fmt.Sprintf("more than %d proposals wait", wire.MaxProposals))
	}
	m.proposals.theirs++
	if m.state != admitted {
		m.proposals.early = append(m.proposals.early, p)
		return nil
	}
	return []Effect{Proposed{p}}
}

func (m *Machine) replied(r wire.Reply) []Effect {
	if m.state != admitted || m.proposals.mine == 0 {
		return m.unexpected(r)
	}
	m.proposals.mine--
	return []Effect{Replied{r}}
}

func (m *Machine) conditionTold(c wire.Condition) []Effect {
	switch {
	case m.state == admitted:
		return []Effect{Conditioned{c}}
	case m.comesEarly():
		m.proposals.condition = c
		return nil
	}
	return m.unexpected(c)
}

// condition tells an admitted peer what this end's device is like, if that is news.
func (m *Machine) condition(e Condition) []Effect {
	if m.state != admitted || e.Condition == m.proposals.told {
		return nil
	}
	m.proposals.told = e.Condition
	return []Effect{Send{e.Condition}}
}

// catchUp passes on what came early.
func (m *Machine) catchUp() (effects []Effect) {
	if m.proposals.condition != (wire.Condition{}) {
		effects = append(effects, Conditioned{m.proposals.condition})
	}
	for _, p := range m.proposals.early {
		effects = append(effects, Proposed{p})
	}
	m.proposals.early = nil
	return effects
}
