package netsync

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/discovery"
)

// ether is a local network on which Finders of one test see each other's adverts
// at once and every minute.
type ether struct {
	mu      sync.Mutex
	finders []*etherFinder
}

type etherFinder struct {
	ether  *ether
	person *person
	advert discovery.Advert
	found  func(discovery.Sighting)
}

func (f *etherFinder) Run(ctx context.Context, found func(discovery.Sighting)) error {
	f.ether.mu.Lock()
	f.found = found
	f.ether.finders = append(f.ether.finders, f)
	f.ether.mu.Unlock()
	for {
		f.Refresh()
		select {
		case <-time.After(time.Minute):
		case <-ctx.Done():
			f.ether.mu.Lock()
			defer f.ether.mu.Unlock()
			f.ether.finders = slices.DeleteFunc(f.ether.finders, func(o *etherFinder) bool { return o == f })
			return nil
		}
	}
}

func (f *etherFinder) SetAdvert(a discovery.Advert) {
	f.ether.mu.Lock()
	defer f.ether.mu.Unlock()
	f.advert = a
}

func (f *etherFinder) Refresh() {
	f.ether.mu.Lock()
	var seen []discovery.Sighting
	for _, o := range f.ether.finders {
		s := discovery.Sighting{TXT: o.advert.TXT}
		s.Addrs = append(s.Addrs, o.person.w.wires.seenAt(o.person.addr()))
		seen = append(seen, s)
	}
	found := f.found
	f.ether.mu.Unlock()
	for _, s := range seen {
		if found != nil {
			found(s)
		}
	}
}

func (f *etherFinder) Trouble() []string { return []string{"no ether on eth0"} }

// finding starts a person with a finder on the ether.
func (w *world) finding(e *ether, name string) *person {
	key := keyOf(w.seed, name)
	p := &person{w: w, name: name, key: key, library: newMemory(key), inbox: w.t.TempDir()}
	p.finder = &etherFinder{ether: e, person: p}
	p.start()
	return p
}

// TestFinderBringsPeersTogether: no address is known, only the key; who knows it
// recognises the advert and dials.
// getToKnow pins a and b with each other, without addresses, as members of a new
// document.
func (w *world) getToKnow(a, b *person) crdt.Genesis {
	g := genesisOf(1)
	for p, other := range map[*person]*person{a: b, b: a} {
		p.library.add(g)
		member := other.asPeer()
		member.Addrs = nil
		p.library.share(g.DocID(), member)
		p.Shared(g.DocID())
	}
	return g
}

func TestFinderBringsPeersTogether(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			var e ether
			ana := w.finding(&e, "Ana")
			defer ana.stop()
			ben := w.finding(&e, "Ben")
			defer ben.stop()
			g := w.getToKnow(ana, ben)
			ana.library.write(g.DocID(), "x")
			time.Sleep(100 * time.Millisecond) // the members are known; nobody has an address
			ben.Refresh()
			w.within(3*time.Second, "equal", w.equal(g.DocID(), ana, ben))
			w.within(time.Second, "address remembered", func() bool {
				peers, _ := ben.library.Peers()
				return slices.Contains(peers[0].Addrs, ana.addr())
			})
		})
	})
}

// TestVisibleNearby: names are told only while both are visible, to people who do
// not know each other, and no document or key with them.
func TestVisibleNearby(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			var e ether
			ana, ben, cleo := w.finding(&e, "Ana"), w.finding(&e, "Ben"), w.finding(&e, "Cleo")
			defer ana.stop()
			defer ben.stop()
			defer cleo.stop()
			ana.SetVisible(true)
			time.Sleep(5 * time.Second)
			cleo.Refresh()
			time.Sleep(5 * time.Second)
			if got := slices.Concat(ana.Nearby(), ben.Nearby(), cleo.Nearby()); len(got) != 0 {
				t.Fatalf("somebody is nearby while only Ana is visible: %v", got)
			}
			ben.SetVisible(true)
			sees := func(p *person, name string) func() bool {
				return func() bool { return slices.Equal(p.Nearby(), []Nearby{{Name: name}}) }
			}
			w.within(4*time.Second, "Ana sees Ben", sees(ana, "Ben"))
			w.within(4*time.Second, "Ben sees Ana", sees(ben, "Ana"))
			w.within(time.Second, "Ben is told", func() bool {
				return saw(ben, func(e NearbyChanged) bool { return len(e.Nearby) == 1 && e.Nearby[0].Name == "Ana" })
			})
			if len(ana.Peers())+len(ben.Peers()) != 0 || len(cleo.Nearby()) != 0 {
				t.Error("more was learned than two names")
			}
			w.getToKnow(ana, ben)
			w.within(time.Second, "Ana recognises Ben, and sees him once", func() bool {
				return slices.Equal(ana.Nearby(), []Nearby{{Name: "Ben", Known: true}})
			})
			ben.SetVisible(false)
			if len(ben.Nearby()) != 0 {
				t.Error("Ben sees somebody while he is not visible")
			}
			ana.Refresh()
			w.within(time.Second, "Ana sees nobody", func() bool { return len(ana.Nearby()) == 0 })
		})
	})
}

// TestAdvertSaysNothingLasting: the strings of two starts have nothing in common
// but the version, and those who do not know the key do not recognise it.
func TestAdvertSaysNothingLasting(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		var e ether
		ana := w.finding(&e, "Ana")
		first := ana.finder.advert.TXT
		ana.stop()
		ana.start()
		second := ana.finder.advert.TXT
		ana.stop()
		for _, s := range first {
			if s != "v=1" && slices.Contains(second, s) {
				t.Errorf("%q is in both adverts", s)
			}
			if strings.Contains(s, "Ana") {
				t.Errorf("%q has the name", s)
			}
		}
	})
}

// TestTypedAddress: a pinned peer is found at an address that was typed; a
// stranger is not told who is there; nobody is nobody.
func TestTypedAddress(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, cleo := w.person("Ana"), w.person("Ben"), w.person("Cleo")
		defer ana.stop()
		defer ben.stop()
		defer cleo.stop()
		g := genesisOf(1)
		for p, other := range map[*person]*person{ana: ben, ben: ana} {
			p.library.add(g)
			peer := other.asPeer()
			peer.Addrs = nil
			p.library.share(g.DocID(), peer)
			p.Shared(g.DocID())
		}
		time.Sleep(time.Second)
		if ana.online(ben) {
			t.Fatal("found without any address")
		}
		dial := func(p *person, addr string) *DialError {
			var e *DialError
			err := p.Dial(context.Background(), addr)
			if err != nil && !errors.As(err, &e) {
				t.Errorf("Dial(%s): %v", addr, err)
			}
			return e
		}
		if e := dial(ana, ben.addr().Addr().String()); e != nil { // the default port
			t.Errorf("a pinned peer: %v", e)
		}
		w.within(time.Second, "Ben here", func() bool { return ana.online(ben) })
		if e := dial(ana, ben.addr().String()); e != nil {
			t.Errorf("who is here already: %v", e)
		}
		if e := dial(ana, cleo.addr().String()); e == nil || !e.Stranger {
			t.Errorf("a stranger: %v", e)
		}
		if e := dial(ana, "192.168.7.99"); e == nil || e.Stranger || e.Malformed {
			t.Errorf("nobody: %v", e)
		}
		for _, s := range []string{"", "ben", "192.168.7", "1.2.3.4:0", "1.2.3.4:99999"} {
			if e := dial(ana, s); e == nil || !e.Malformed {
				t.Errorf("%q: %v", s, e)
			}
		}
	})
}

func TestReadSign(t *testing.T) {
	for _, txt := range [][]string{nil, {"v=1"}, {"v=2", "n=0011223344556677", "t=0011223344556677"},
		{"v=1", "n=00112233445566", "t=0011223344556677"}, {"v=1", "n=xx11223344556677", "t=0011223344556677"}, {"=", "n", "v=1", "t="}} {
		if s, ok := readSign(txt); ok {
			t.Errorf("%q is read as %v", txt, s)
		}
	}
	s, ok := readSign([]string{"x=1", "o=1", "v=1", "n=0011223344556677", "t=8899aabbccddeeff"})
	if !ok || !s.visible || s.nonce[7] != 0x77 || s.tag[0] != 0x88 {
		t.Errorf("read as %v, %v", s, ok)
	}
}

// TestEventQueue: the newest of each subject, in the order of the last puts.
func TestEventQueue(t *testing.T) {
	q := newEventQueue()
	q.put(PeerChanged{PeerStatus{ID: PeerID{1}, Online: true}})
	q.put(Acked{Doc: crdt.DocID{1}})
	for range 1000 {
		q.put(PeerChanged{PeerStatus{ID: PeerID{1}}})
	}
	first, _ := q.take()
	second, _ := q.take()
	if _, ok := first.(Acked); !ok || second.(PeerChanged).Online {
		t.Errorf("took %v, then %v", first, second)
	}
	if e, ok := q.take(); ok {
		t.Errorf("one too many: %v", e)
	}
}
