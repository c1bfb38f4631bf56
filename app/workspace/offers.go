package workspace

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/netsync/wire"
)

// Offer is a document that somebody who is known would have this device take. It is kept until the end of the program: the
// other device offers again at the next start what was not taken.
type Offer struct {
	Doc   crdt.DocID
	Title string // as the other person sees it; never empty
	From  Person
	start crdt.Genesis
}

// Limits of offers.
const (
	maxOffers   = 20    // of one device
	maxDeclined = 4_096 // that are remembered
)

type offers struct {
	mu       sync.Mutex
	by       map[PeerID][]Offer // oldest first
	declined map[crdt.DocID]bool
}

func newOffers() offers {
	return offers{by: map[PeerID][]Offer{}, declined: map[crdt.DocID]bool{}}
}

// add keeps an offer, in the place of an earlier one of the same document; news: it was not known.
func (o *offers) add(from PeerID, offer Offer) (news bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	list := o.by[from]
	same := slices.IndexFunc(list, func(old Offer) bool { return old.Doc == offer.Doc })
	switch {
	case same >= 0:
		news = list[same].Title != offer.Title
		list[same].Title = offer.Title
	case o.declined[offer.Doc] || len(list) == maxOffers:
	default:
		o.by[from], news = append(list, offer), true
	}
	return news
}

// take removes the offers of a document, and returns one of them.
func (o *offers) take(doc crdt.DocID) (offer Offer, from PeerID, found bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, list := range o.by {
		i := slices.IndexFunc(list, func(offer Offer) bool { return offer.Doc == doc })
		if i < 0 {
			continue
		}
		offer, from, found = list[i], id, true
		o.by[id] = slices.Delete(list, i, i+1)
	}
	return offer, from, found
}

// decline removes the offers of a document and listens to no more of them.
func (o *offers) decline(doc crdt.DocID) {
	o.take(doc)
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.declined) == maxDeclined {
		clear(o.declined)
	}
	o.declined[doc] = true
}

// Offers lists what others would have this device take, by their names and the titles.
func (w *Workspace) Offers() []Offer {
	w.offers.mu.Lock()
	var list []Offer
	for id, of := range w.offers.by {
		for _, offer := range of {
			offer.From.ID = id
			list = append(list, offer)
		}
	}
	w.offers.mu.Unlock()
	names, err := w.Names()
	for i := range list {
		list[i].From, _ = w.people.person(list[i].From.ID, list[i].Doc)
		if err == nil {
			list[i].From.Name = cmp.Or(names.names[list[i].From.ID], "Somebody")
		}
	}
	slices.SortFunc(list, func(a, b Offer) int {
		return cmp.Or(strings.Compare(a.From.Name, b.From.Name), strings.Compare(a.Title, b.Title), strings.Compare(string(a.Doc[:]), string(b.Doc[:])))
	})
	return list
}

// errNoOffer is given for an offer that is there no more.
var errNoOffer = errors.New("this is not offered any more")

// Accept takes a document that is offered: it is one of this library's now, and its text comes by itself.
func (w *Workspace) Accept(doc crdt.DocID) error {
	offer, from, found := w.offers.take(doc)
	if !found {
		return errNoOffer
	}
	w.events.tell(OffersChanged{})
	if err := w.takeOffered(offer.start, from); err != nil {
		w.offers.add(from, offer)
		w.events.tell(OffersChanged{})
		return fmt.Errorf("take the document: %w", err)
	}
	w.node.Shared(doc)
	return nil
}

// Decline takes an offer off the list until the next start of the program.
func (w *Workspace) Decline(doc crdt.DocID) {
	w.offers.decline(doc)
	w.events.tell(OffersChanged{})
}

// takeOffered adds a document to the library, with the one who offered it as a member.
func (w *Workspace) takeOffered(g crdt.Genesis, from PeerID) error {
	paired, err := w.paired()
	if err != nil {
		return err
	}
	p, known := paired[from]
	if !known {
		return errors.New("the device that offers it is not known any more")
	}
	return peerLibrary{w}.Joined(g, netsync.Peer{ID: p.Key, Name: p.Name, Addrs: p.Addrs})
}

// Proposed takes what a peer offers, or keeps it for the person. It lets nobody into a document that the library has, and
// the verdict is the same as if that were unknown, but to its members: else any peer could get into documents of others by naming them, or
// find out which there are. One that the person threw away stays where it is. To devices that this one has not been paired with, but met
// in a document, nobody listens.
func (p peerLibrary) Proposed(from netsync.PeerID, offered netsync.Proposal) (wire.Verdict, error) {
	w := p.w
	doc := offered.Genesis.DocID()
	known, err := w.lib.Knows(doc)
	if err != nil {
		return 0, err
	}
	shared, err := w.lib.SharedWith(from)
	if err != nil {
		return 0, err
	}
	paired, err := w.paired()
	if err != nil {
		return 0, err
	}
	_, isPaired := paired[from]
	switch {
	case slices.Contains(shared, doc):
		return wire.Taken, nil
	case !isPaired:
		return wire.Waits, nil
	case !w.service.takesFrom(from):
		if !known && w.offers.add(from, Offer{Doc: doc, Title: cmp.Or(offered.Title, Untitled), start: offered.Genesis}) {
			w.events.tell(OffersChanged{})
		}
		return wire.Waits, nil
	case w.full():
		return wire.NoRoom, nil
	case known:
		return wire.Taken, nil
	}
	return wire.Taken, w.takeOffered(offered.Genesis, from)
}
