package netsync

import (
	"fmt"
	"net/netip"
	"testing"
	"time"

	"inkling/crdt"
)

// TestJoinAndSync: a newcomer opens an invite, the issuer says yes, and both
// write.
func TestJoinAndSync(t *testing.T) {
	each(t, 9, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := ana.library.add(genesisOf(1))
			ana.library.write(doc, "from Ana ")
			ana.answer = yes
			joined, err := join(ben, w.invite(ana, doc))
			if err != nil || joined != doc {
				t.Fatalf("Join: %v, %v; want %v", joined, err, doc)
			}
			ben.library.write(doc, "from Ben ")
			w.within(5*time.Second, "equal texts", w.equal(doc, ana, ben))
			if text := ana.library.text(doc); len(text) != len("from Ana from Ben ") {
				t.Fatalf("text %q", text)
			}
			if !saw(ana, func(e JoinRequested) bool { return e.Name == "Ben" && e.Peer == ben.id && e.Doc == doc }) {
				t.Error("Ana was not asked about Ben")
			}
			w.within(5*time.Second, "Ben acknowledged", func() bool {
				heads, _ := ana.library.Heads(doc)
				return saw(ana, func(e Acked) bool { return e.Peer == ben.id && equalHeads(e.Heads, heads) })
			})
			w.within(5*time.Second, "both here, with names", func() bool {
				return ana.online(ben) && ben.online(ana) && ana.Peers()[0].Name == "Ben" && ben.Peers()[0].Name == "Ana"
			})
		})
	})
}

// TestRelay: A and B never hear each other; C passes their changes on.
func TestRelay(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			a, b, c := w.person("A"), w.person("B"), w.person("C")
			defer a.stop()
			defer b.stop()
			defer c.stop()
			w.cut(func(from, to netip.Addr) bool {
				return from == a.addr().Addr() && to == b.addr().Addr() || from == b.addr().Addr() && to == a.addr().Addr()
			})
			doc := w.acquaint(1, a, b, c)
			for range 10 {
				a.library.write(doc, "a")
				b.library.write(doc, "b")
				time.Sleep(time.Duration(w.rand.Intn(300)) * time.Millisecond)
			}
			w.within(20*time.Second, "equal texts", func() bool {
				return w.equal(doc, a, b, c)() && len(a.library.text(doc)) == 20
			})
			if a.online(b) || b.online(a) {
				t.Error("A and B see each other through a cut")
			}
		})
	})
}

// TestCutHeals: 39 s without a network while both write; away within 5 s, equal
// within 3 s after the network is back.
func TestCutHeals(t *testing.T) {
	each(t, 9, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := w.acquaint(1, ana, ben)
			ana.SetOpen(doc, true)
			ben.SetOpen(doc, true)
			ana.library.write(doc, "x")
			w.within(5*time.Second, "equal before", func() bool { return w.equal(doc, ana, ben)() && ben.online(ana) && ana.online(ben) })

			w.cut(everything)
			took := w.within(5*time.Second, "away", func() bool { return !ana.online(ben) && !ben.online(ana) })
			t.Logf("away after %v", took)
			for end := time.Now().Add(39*time.Second - took); time.Now().Before(end); time.Sleep(700 * time.Millisecond) {
				ana.library.write(doc, "a")
				ben.library.write(doc, "b")
			}
			w.cut(nil)
			took = w.within(3*time.Second, "equal after", func() bool {
				return w.equal(doc, ana, ben)() && ana.online(ben) && ben.online(ana)
			})
			t.Logf("equal after %v", took)
		})
	})
}

// TestShortCutsHeal cuts for random times around the limits of heartbeat and
// idle timeout.
func TestShortCutsHeal(t *testing.T) {
	each(t, 12, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := w.acquaint(1, ana, ben)
			ana.SetOpen(doc, true) // only one of the two looks at it
			for range 5 {
				w.cut(nil)
				w.within(5*time.Second, "equal", func() bool { return w.equal(doc, ana, ben)() && ana.online(ben) })
				w.cut(everything)
				ben.library.write(doc, "b")
				ana.library.write(doc, "a")
				time.Sleep(time.Duration(w.rand.Intn(25_000)) * time.Millisecond)
			}
		})
	})
}

// TestRestart: a program that ends and starts again, silently or with a goodbye,
// at the same address or another.
func TestRestart(t *testing.T) {
	each(t, 8, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			doc := w.acquaint(1, ana, ben)
			ana.SetOpen(doc, true)
			ana.library.write(doc, "one")
			w.within(5*time.Second, "equal before", func() bool { return w.equal(doc, ana, ben)() && ana.online(ben) })
			time.Sleep(3 * time.Second) // nobody restarts a program within its first seconds
			old := ben.addr().Addr()
			silent := w.rand.Intn(2) == 0
			if silent {
				w.cut(func(from, _ netip.Addr) bool { return from == old })
			}
			ben.stop()
			ana.library.write(doc, "two")
			switch {
			case silent:
			case loss == 0:
				w.within(time.Second, "goodbye heard", func() bool { return !ana.online(ben) })
			default: // the one packet that says goodbye may be lost
				w.within(5*time.Second, "away", func() bool { return !ana.online(ben) })
			}
			ben.start()
			defer ben.stop()
			took := w.within(3*time.Second, "equal after", func() bool { return w.equal(doc, ana, ben)() && ana.online(ben) && ben.online(ana) })
			t.Logf("silent %v: equal after %v", silent, took)
		})
	})
}

// TestSimultaneousDial: both dial at once, again and again; in the end they have
// one and the same connection.
func TestSimultaneousDial(t *testing.T) {
	each(t, 30, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := w.acquaint(1, ana, ben)
			time.Sleep(time.Duration(w.rand.Intn(60)) * time.Millisecond)
			ana.Refresh()
			time.Sleep(time.Duration(w.rand.Intn(60)) * time.Millisecond)
			ben.Refresh()
			time.Sleep(10 * time.Second)
			a, b := ana.link(ben.id), ben.link(ana.id)
			if a == nil || b == nil || a.exporter != b.exporter {
				t.Fatalf("Ana and Ben do not have the same connection: %v, %v", a, b)
			}
			if count := ana.connectionCount(); count != 1 {
				t.Errorf("%d connections, want 1", count)
			}
			ben.library.write(doc, "x")
			w.within(time.Second, "equal", w.equal(doc, ana, ben))
		})
	})
}

// TestLateMember: a document is shared while the connection is up, from either
// side first.
func TestLateMember(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			w.acquaint(1, ana, ben)
			w.within(5*time.Second, "connected", func() bool { return ana.online(ben) && ben.online(ana) })
			first, second := ana, ben
			if w.rand.Intn(2) == 0 {
				first, second = ben, ana
			}
			g := genesisOf(2)
			for _, p := range []*person{first, second} {
				other := map[*person]*person{ana: ben, ben: ana}[p]
				p.library.add(g)
				p.library.share(g.DocID(), other.asPeer())
				p.library.write(g.DocID(), p.name)
				p.Shared(g.DocID())
				time.Sleep(time.Duration(w.rand.Intn(100)) * time.Millisecond)
			}
			w.within(5*time.Second, "equal", w.equal(g.DocID(), ana, ben))
		})
	})
}

// TestBigDocument: many changes and some of the greatest size.
func TestBigDocument(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		doc := w.acquaint(1, ana, ben)
		long := make([]byte, 900_000)
		for i := range long {
			long[i] = 'a' + byte(i%26)
		}
		ana.library.write(doc, string(long))
		for range 3000 {
			ana.library.write(doc, "k")
		}
		ben.library.write(doc, string(long))
		w.within(time.Minute, "equal", func() bool { return w.equal(doc, ana, ben)() && len(ana.library.text(doc)) == 1_803_000 })
	})
}

// TestCarets: moves arrive, a loss is repaired, and a caret ends with the peer.
func TestCarets(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := w.acquaint(1, ana, ben)
			ana.SetOpen(doc, true)
			at := func(seq uint32) *Presence {
				a := crdt.Anchor{ID: crdt.ID{Replica: crdt.ReplicaID{1}, Seq: seq}, Bias: crdt.After}
				return &Presence{Head: a, Tail: a}
			}
			ben.SetPresence(doc, at(0)) // before they are connected
			w.within(5*time.Second, "first caret", func() bool { return caretAt(ana, ben, doc, at(0)) })
			for i := range uint32(50) {
				ben.SetPresence(doc, at(i+1))
				time.Sleep(5 * time.Millisecond)
			}
			w.within(3*time.Second, "last caret", func() bool { return caretAt(ana, ben, doc, at(50)) })
			ben.SetPresence(doc, nil)
			w.within(6*time.Second, "caret gone", func() bool { return caretAt(ana, ben, doc, nil) })
			ben.SetPresence(doc, at(7))
			w.within(3*time.Second, "caret back", func() bool { return caretAt(ana, ben, doc, at(7)) })
			w.cut(everything)
			w.within(5*time.Second, "caret gone with the peer", func() bool { return caretAt(ana, ben, doc, nil) })
		})
	})
}

// caretAt says whether the last that p heard of other's caret is want.
func caretAt(p, other *person, doc crdt.DocID, want *Presence) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	for i := len(p.events) - 1; i >= 0; i-- {
		if e, ok := p.events[i].(PresenceChanged); ok && e.Peer == other.id && e.Doc == doc {
			return e.Presence == nil && want == nil || e.Presence != nil && want != nil && *e.Presence == *want
		}
	}
	return false
}

// TestLibraryFails: a library that cannot commit takes the rest later.
func TestLibraryFails(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		ben.library.broken = fmt.Errorf("disk full")
		doc := w.acquaint(1, ana, ben)
		ana.library.write(doc, "x")
		time.Sleep(20 * time.Second)
		if ben.library.text(doc) != "" || !ana.online(ben) {
			t.Fatal("a broken library took something, or ended the connection")
		}
		ben.library.mu.Lock()
		ben.library.broken = nil
		ben.library.mu.Unlock()
		w.within(reopenMost+time.Second, "equal", w.equal(doc, ana, ben))
	})
}
