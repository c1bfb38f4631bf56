package netsync

import (
	"errors"

	"inkling/netsync/link"
	"inkling/netsync/reconcile"
	"inkling/netsync/wire"
)

// compare begins to look for the documents that differ from the listener's: the dialler's part.
func (c *connection) compare() {
	set, err := c.sums()
	if err != nil {
		return
	}
	descent := reconcile.NewDescent(set)
	if ask, more := descent.Next(); more {
		c.descent = descent // the goroutine that runs the link takes it from the answer on
		c.post(link.Tell{Messages: []wire.Message{ask}})
	}
}

// answered takes a part of the listener's answer, has streams opened for what differs, and asks on.
func (c *connection) answered(answer wire.Compared) link.Event {
	differ, err := c.descent.Take(answer)
	if err != nil {
		var bad *wire.Error
		errors.As(err, &bad)
		c.closeWith(bad.Code, bad.Error())
		return nil
	}
	c.node.mu.Lock()
	for _, id := range differ {
		c.want(id)
	}
	c.node.mu.Unlock()
	if !answer.Last {
		return nil
	}
	if ask, more := c.descent.Next(); more {
		return link.Tell{Messages: []wire.Message{ask}}
	}
	c.descent = nil
	return nil
}

// answer is the listener's part. The link lets the dialler ask one thing at a time.
func (c *connection) answer(ask wire.Compare) {
	if c.set == nil {
		set, err := c.sums()
		if err != nil {
			return
		}
		c.set = set
	}
	var answers []wire.Message
	deeper := false
	for _, m := range c.set.Answer(ask) {
		answers = append(answers, m)
		for _, r := range m.Ranges {
			deeper = deeper || !r.Listed
		}
	}
	if !deeper {
		c.set = nil
	}
	c.post(link.Tell{Messages: answers})
}

// sums returns the set of what is shared with the peer. If it cannot be read, the connection is closed.
func (c *connection) sums() (*reconcile.Set, error) {
	docs, err := c.node.cfg.Library.Sums(c.peer)
	if err != nil {
		c.node.log.Error("read what is shared", "error", err)
		c.closeWith(wire.Unavailable, "")
		return nil, err
	}
	return reconcile.NewSet(c.exporter, docs), nil
}
