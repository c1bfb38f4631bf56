package netsync

import (
	"net/netip"
	"sync"

	"inkling/crdt"
)

// eventQueue holds events until they are taken. An event takes the place of an
// earlier one about the same thing, so that the queue is never longer than there
// are peers, their documents and requests.
type eventQueue struct {
	mu     sync.Mutex
	order  []any // keys, oldest first
	events map[any]Event
	filled chan struct{}
}

func newEventQueue() *eventQueue {
	return &eventQueue{events: map[any]Event{}, filled: make(chan struct{}, 1)}
}

// aboutPeer, … are the keys: what an event is about.
type (
	aboutPeer     PeerID
	aboutNearby   struct{}
	aboutPresence struct {
		peer PeerID
		doc  crdt.DocID
	}
	aboutAck     aboutPresence
	aboutReply   aboutPresence
	aboutCode    struct{}
	aboutTry     netip.Addr
	aboutUse     aboutRequest
	aboutRequest struct {
		peer PeerID
		doc  crdt.DocID
	}
)

func subject(e Event) any {
	switch e := e.(type) {
	case PeerChanged:
		return aboutPeer(e.ID)
	case NearbyChanged:
		return aboutNearby{}
	case PresenceChanged:
		return aboutPresence{e.Peer, e.Doc}
	case JoinRequested:
		return aboutRequest{e.Peer, e.Doc}
	case CodeShown:
		return aboutCode{}
	case CodeTried:
		return aboutTry(e.From)
	case CodeUsed:
		return aboutUse{e.Peer, e.Doc}
	case Replied:
		return aboutReply{e.Peer, e.Doc}
	case Acked:
		return aboutAck{e.Peer, e.Doc}
	}
	panic("netsync: event of unknown kind")
}

func (q *eventQueue) put(e Event) {
	q.mu.Lock()
	defer q.mu.Unlock()
	key := subject(e)
	if _, waiting := q.events[key]; waiting {
		for i, k := range q.order {
			if k == key {
				q.order = append(q.order[:i], q.order[i+1:]...)
				break
			}
		}
	}
	q.order = append(q.order, key)
	q.events[key] = e
	select {
	case q.filled <- struct{}{}:
	default:
	}
}

func (q *eventQueue) take() (Event, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.order) == 0 {
		return nil, false
	}
	key := q.order[0]
	q.order = q.order[1:]
	e := q.events[key]
	delete(q.events, key)
	return e, true
}

// deliver calls f for each event in order until done is closed; what was put
// before that is still delivered.
func (q *eventQueue) deliver(done <-chan struct{}, f func(Event)) {
	for {
		for e, ok := q.take(); ok; e, ok = q.take() {
			f(e)
		}
		select {
		case <-q.filled:
		case <-done:
			for e, ok := q.take(); ok; e, ok = q.take() {
				f(e)
			}
			return
		}
	}
}
