package netsync

import (
	"crypto/rand"
	"time"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// host is this end's screen, when a code is on it: for which document, and on which connections it is being tried.
// Guarded by Node.mu.
type host struct {
	screen pairing.Screen
	doc    crdt.DocID                    // zero: for the device alone
	tries  map[pairing.TryID]*connection // those that wait for a word of the screen
	last   pairing.TryID
}

// ShowCode puts a code on the screen and returns it. Who types it within 10 minutes on a device of this network is let
// into doc without further question, or, where doc is zero, into none: then the two devices only know each other from
// then on. A code that was shown before is gone. What becomes of it is told by events: [CodeShown],
// [CodeTried], [CodeUsed].
func (n *Node) ShowCode(doc crdt.DocID) (code string) {
	n.mu.Lock()
	n.host.doc = doc
	n.tellHost(n.stepScreen(pairing.Show{}), 0)
	code = n.host.screen.Code()
	n.mu.Unlock()
	if n.cfg.Finder != nil {
		n.advertise()
		n.cfg.Finder.Refresh() // has the others look, too
	}
	n.nudge()
	return code
}

// HideCode takes the code off the screen if it is one for doc.
func (n *Node) HideCode(doc crdt.DocID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.host.doc != doc {
		return
	}
	n.tellHost(n.stepScreen(pairing.Hide{}), 0)
}

// stepScreen gives e to the screen. The caller holds n.mu.
func (n *Node) stepScreen(e pairing.Event) []pairing.Effect {
	var random [32]byte
	rand.Read(random[:])
	return n.host.screen.Step(time.Now(), random, e)
}

// screenDue does what the screen has its time for. The caller holds n.mu.
func (n *Node) screenDue(now time.Time) (next time.Time) {
	if at := n.host.screen.Deadline(); !at.IsZero() && !now.Before(at) {
		n.tellHost(n.stepScreen(pairing.Tick{}), 0)
	}
	return n.host.screen.Deadline()
}

// tellHost does what the screen says, and returns what the link of the try own has to hear at once. Others are told
// soon. The caller holds n.mu.
func (n *Node) tellHost(effects []pairing.Effect, own pairing.TryID) (answer *link.Judged) {
	for _, e := range effects {
		switch e := e.(type) {
		case pairing.Shown:
			n.events.put(CodeShown{Doc: n.host.doc, Code: e.Code, Until: e.Until})
			if n.cfg.Finder != nil && !n.closing {
				n.tasks.Go(n.advertise)
			}
		case pairing.Warned:
			n.events.put(CodeTried{From: e.From, Count: e.Count})
		case pairing.Counter:
			answer = &link.Judged{Answer: wire.Share{Share: e.Share}}
		case pairing.Believed:
			n.host.tries[e.Try].letInto = n.host.doc
			delete(n.host.tries, e.Try)
			answer = &link.Judged{Answer: wire.Reveal{Tag: e.Tag}, Binder: e.Binder}
		case pairing.Refuse:
			refused := link.Judged{Answer: wire.Refused{Reason: refusalReasons[e.Reason]}}
			c := n.host.tries[e.Try]
			delete(n.host.tries, e.Try)
			if e.Try == own {
				answer = &refused
			} else if c != nil && !n.closing {
				n.tasks.Go(func() { c.post(refused) })
			}
		}
	}
	return answer
}

var refusalReasons = map[pairing.Refusal]wire.Reason{
	pairing.NoCode: wire.NoCode, pairing.WrongCode: wire.WrongCode, pairing.Barred: wire.Barred, pairing.Busy: wire.TooMany,
}

// tried shows the screen the share of a guest.
func (c *connection) tried(share [32]byte) link.Event {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	n.host.last++
	c.try = n.host.last
	n.host.tries[c.try] = c
	n.nudge() // the try has its deadline
	return *n.tellHost(n.stepScreen(pairing.Begin{Try: c.try, From: c.at.Addr(), Exporter: c.exporter, Share: share}), c.try)
}

// confirmed shows the screen the tag of a guest.
func (c *connection) confirmed(tag [64]byte) link.Event {
	n := c.node
	n.mu.Lock()
	defer n.mu.Unlock()
	n.host.tries[c.try] = c
	return *n.tellHost(n.stepScreen(pairing.Confirm{Try: c.try, Tag: tag}), c.try)
}

// breakOff ends the try on a connection that ends. The caller holds n.mu.
func (n *Node) breakOff(c *connection) {
	if n.host.tries[c.try] == c {
		delete(n.host.tries, c.try)
		n.tellHost(n.stepScreen(pairing.BreakOff{Try: c.try}), 0)
	}
}
