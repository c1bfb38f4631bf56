package netsync

import (
	"errors"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/wire"
)

// puts makes p a member of the document at this end, and has it proposed.
func (p *person) puts(doc crdt.DocID, other *person) {
	p.library.share(doc, other.asPeer())
	p.library.mu.Lock()
	if p.library.put == nil {
		p.library.put = map[PeerID]map[crdt.DocID]bool{}
	}
	if p.library.put[other.id] == nil {
		p.library.put[other.id] = map[crdt.DocID]bool{}
	}
	p.library.put[other.id][doc] = true
	p.library.mu.Unlock()
	p.Shared(doc)
}

// pairedWith makes two nodes know each other, without a document.
func (w *world) pairedWith(a, b *person) {
	for _, p := range [][2]*person{{a, b}, {b, a}} {
		if err := p[0].library.Pair(p[1].asPeer()); err != nil {
			w.t.Fatal(err)
		}
		p[0].Shared(crdt.DocID{}) // reads the peers
	}
}

func (p *person) has(doc crdt.DocID) bool { return p.library.text(doc) != "no document" }

// TestProposalIsTaken: documents that somebody puts to a device that takes them are there, and are kept equal both ways,
// more of them than may wait at once, whether the device was here or comes later, over bad wires, too.
func TestProposalIsTaken(t *testing.T) {
	each(t, 9, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, nas := w.person("Ana"), w.person("NAS")
			defer ana.stop()
			defer func() { nas.stop() }()
			nas.library.judge = func(Proposal) wire.Verdict { return wire.Taken }
			w.pairedWith(ana, nas)
			var docs []crdt.DocID
			put := func(n int) {
				doc := ana.library.add(genesisOf(n))
				ana.library.write(doc, "from Ana ")
				ana.puts(doc, nas)
				docs = append(docs, doc)
			}
			equal := func() bool {
				for _, doc := range docs {
					if !nas.has(doc) || !w.equal(doc, ana, nas)() {
						return false
					}
				}
				return true
			}
			put(1)
			w.within(time.Minute, "the first is there", equal)
			nas.library.write(docs[0], "and back ")
			w.within(time.Minute, "the answer is there", equal)
			nas.stop()
			for n := range 2*wire.MaxProposals + 5 {
				put(n + 2)
			}
			nas.start()
			w.within(2*time.Minute, "all are there", equal)
			if !saw(ana, func(e Replied) bool { return e.Peer == nas.id && e.Doc == docs[0] && e.Verdict == wire.Taken }) {
				t.Error("Ana was not told that the first was taken")
			}
		})
	})
}

// TestProposalThatWaits: what is not taken is not there and is not given; a device that has no room is asked again when it
// says that it has.
func TestProposalThatWaits(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, nas := w.person("Ana"), w.person("NAS")
		defer ana.stop()
		defer nas.stop()
		w.pairedWith(ana, nas)
		waits, full := ana.library.add(genesisOf(1)), ana.library.add(genesisOf(2))
		ana.library.write(waits, "text")
		ana.library.write(full, "more text")
		ana.puts(waits, nas)
		w.within(time.Minute, "Ana is told that it waits", func() bool {
			return saw(ana, func(e Replied) bool { return e.Doc == waits && e.Verdict == wire.Waits })
		})
		nas.library.mu.Lock()
		nas.library.judge = func(p Proposal) wire.Verdict { return wire.NoRoom }
		nas.library.mu.Unlock()
		nas.SetFull(true)
		status := func() PeerStatus { return ana.Peers()[0] }
		w.within(time.Second, "Ana is told that it is full", func() bool { return status().Full && !status().Unattended })
		ana.puts(full, nas)
		w.within(time.Minute, "Ana is told that there is no room", func() bool {
			return saw(ana, func(e Replied) bool { return e.Doc == full && e.Verdict == wire.NoRoom })
		})
		if nas.has(waits) || nas.has(full) {
			t.Error("what was not taken is there")
		}
		nas.library.mu.Lock()
		nas.library.judge = func(p Proposal) wire.Verdict { return wire.Taken }
		nas.library.mu.Unlock()
		nas.SetFull(false)
		w.within(10*time.Second, "both are there", func() bool {
			return !status().Full && w.equal(full, ana, nas)() && w.equal(waits, ana, nas)()
		})
	})
}

// TestUnattended: peers are told that nobody sits at a device, at each new link.
func TestUnattended(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, nas := w.person("Ana"), w.person("NAS")
		defer func() { ana.stop() }()
		defer nas.stop()
		nas.Node.mu.Lock()
		nas.Node.condition.Unattended = true // as by Config.Unattended
		nas.Node.mu.Unlock()
		w.pairedWith(ana, nas)
		told := func() bool { return ana.online(nas) && ana.Peers()[0].Unattended }
		w.within(10*time.Second, "Ana is told", told)
		if nas.Peers()[0].Unattended {
			t.Error("Ana's device is unattended, too")
		}
		ana.stop()
		ana.start()
		w.within(time.Minute, "Ana is told after a restart", told)
	})
}

// TestUnwantedProposals: a library that fails takes nothing and says so, and a genesis that is none ends the connection.
func TestUnwantedProposals(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, nas := w.person("Ana"), w.person("NAS")
		defer ana.stop()
		defer nas.stop()
		w.pairedWith(ana, nas)
		w.within(10*time.Second, "both are here", func() bool { return ana.online(nas) && nas.online(ana) })
		nas.library.mu.Lock()
		nas.library.broken = errors.New("the disk refuses")
		nas.library.judge = func(Proposal) wire.Verdict { return wire.Taken }
		nas.library.mu.Unlock()
		doc := ana.library.add(genesisOf(1))
		ana.puts(doc, nas)
		w.within(time.Minute, "Ana is told that there is no room", func() bool {
			return saw(ana, func(e Replied) bool { return e.Doc == doc && e.Verdict == wire.NoRoom })
		})
		c := ana.link(nas.id)
		c.post(proposes(wire.Propose{}))
		w.within(10*time.Second, "a genesis of zeros ends the link", func() bool { return c.quic.Context().Err() != nil })
	})
}

func proposes(p wire.Propose) link.Event { return link.Proposes{Propose: p} }
