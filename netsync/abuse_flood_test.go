package netsync

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// around returns the nth address of the network that everybody here is on, beside those that people have.
func around(n int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 168, 7, byte(100 + n)}), DefaultPort)
}

// TestFloodOfSpoofedHandshakes: somebody begins a thousand handshakes in the name of others on the network, and never goes on with
// one. Ben, whose address is among the names, comes in meanwhile.
func TestFloodOfSpoofedHandshakes(t *testing.T) {
	for _, every := range []time.Duration{10 * time.Millisecond, 110 * time.Millisecond, 400 * time.Millisecond} {
		t.Run(fmt.Sprint("every ", every), func(t *testing.T) {
			besieged(t, func(s *siege) {
				victims := []netip.AddrPort{addrOf(s.spare[0].LocalAddr())} // where Ben will be
				if every < 300*time.Millisecond {
					for i := range 99 {
						victims = append(victims, around(i))
					}
				}
				var forged []*adversary
				for _, at := range victims {
					forged = append(forged, s.masked(at, true))
				}
				ctx, stop := context.WithCancel(context.Background())
				count, done := 0, make(chan struct{})
				defer func() {
					stop()
					<-done
					for _, a := range forged {
						a.leave()
					}
					t.Logf("%d handshakes begun", count)
				}()
				go func() {
					defer close(done)
					for ; ctx.Err() == nil && count < 1_000; count++ {
						dial, end := context.WithTimeout(ctx, time.Millisecond)
						forged[count%len(forged)].transport.Dial(dial, net.UDPAddrFromAddrPort(s.ana.addr()), forged[0].tls, &quic.Config{})
						end()
						time.Sleep(every)
					}
				}()
				time.Sleep(7 * time.Second)
				s.alive()
				s.meet()
				s.hold()
				time.Sleep(3 * time.Second)
			})
		})
	}
}

// TestCrowdFromEverywhere: connections that say nothing from more addresses than there are places. Whoever stands there, Ben
// comes in.
func TestCrowdFromEverywhere(t *testing.T) {
	besieged(t, func(s *siege) {
		ctx, stop := context.WithCancel(context.Background())
		const addresses = 2 * MaxUnadmitted / MaxUnadmittedPerIP
		done := make(chan int)
		defer func() {
			stop()
			in := 0
			for range addresses {
				in += <-done
			}
			t.Logf("%d connections from %d addresses", in, addresses)
		}()
		for i := range addresses {
			go func() {
				a := s.masked(around(i), false)
				defer a.leave()
				in := 0
				for ctx.Err() == nil {
					dial, end := context.WithTimeout(ctx, 5*time.Second)
					q, err := a.transport.Dial(dial, net.UDPAddrFromAddrPort(s.ana.addr()), a.tls, &quic.Config{})
					end()
					if err != nil {
						time.Sleep(500 * time.Millisecond)
						continue
					}
					in++
					time.Sleep(400 * time.Millisecond)
					if control, err := q.OpenStream(); err == nil {
						control.Write(frames(wire.Knock{MACs: [][32]byte{{7}}})) // 10 s for a stranger
					}
				}
				done <- in
			}()
		}
		time.Sleep(5 * time.Second)
		s.hold()
		s.alive()
		s.meet()
	})
}

// TestFloodOfStreams: streams on which nothing comes, or too little, or the same document again and again.
func TestFloodOfStreams(t *testing.T) {
	t.Run("stranger", func(t *testing.T) {
		besieged(t, func(s *siege) {
			eve := s.adversary()
			defer eve.stop()
			var all []*wiretap
			for range MaxUnadmittedPerIP {
				x := eve.dial(s.ana)
				x.say(true, wire.Knock{MACs: [][32]byte{{7}}})
				for range MaxStreams {
					x.stream(frames(wire.Open{Doc: s.doc}))
					x.quic.SendDatagram(wire.AppendDatagram(nil, wire.Ping{}))
				}
				all = append(all, x)
			}
			time.Sleep(time.Second)
			s.hold()
			s.alive()
			s.meet()
			for _, x := range all {
				if _, code := x.hear(); code != wire.NotAdmitted {
					t.Errorf("closed with %s", code)
				}
			}
		})
	})
	for name, begin := range map[string][]byte{
		"nothing but the version": frames(),
		"half a frame":            append(frames(), 0xa2, 0x80, 0x80, 0x40, 1),
		"the same document":       frames(wire.Open{Doc: genesisOf(2).DocID()}, wire.Have{}),
	} {
		t.Run("member, "+name, func(t *testing.T) {
			besieged(t, func(s *siege) {
				eve, mallory := s.stolen("Eve"), s.adversary()
				defer mallory.stop()
				s.ana.befriend(eve, genesisOf(2))
				x := mallory.as(s.ana, eve)
				x.drain()
				for range MaxStreams {
					x.stream(begin)
				}
				time.Sleep(time.Second)
				s.hold()
				s.alive()
				s.meet()
				time.Sleep(framePatience)
				if h := s.ana.holdings(); h.Streams > 3 {
					t.Errorf("%d streams are kept", h.Streams)
				}
			})
		})
	}
}

// TestFloodOfProbes: a member asks, as fast as it can, for documents that it is no member of.
func TestFloodOfProbes(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(2))
		x := mallory.as(s.ana, eve)
		x.drain()
		for i := range 2_000 {
			q, err := x.quic.OpenStreamSync(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			q.Write(frames(wire.Open{Doc: crdt.DocID{byte(i), byte(i >> 8)}}))
			q.CancelRead(0)
			q.Close()
			if i%500 == 0 {
				s.alive()
			}
		}
	})
}

// TestFloodOfDatagrams: carets in documents that are shared, are not, or do not exist; and more pings than anybody answers.
func TestFloodOfDatagrams(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(2))
		x := mallory.as(s.ana, eve)
		x.drain()
		time.Sleep(time.Second)
		for i := range 10_000 {
			var m wire.Message = wire.Ping{}
			switch i % 4 {
			case 1:
				m = wire.Presence{Doc: genesisOf(2).DocID(), Count: uint64(i)}
			case 2:
				m = wire.Presence{Doc: s.doc, Count: uint64(i)}
			case 3:
				m = wire.Presence{Doc: crdt.DocID{byte(i), byte(i >> 8)}, Count: 1<<64 - 1}
			}
			x.quic.SendDatagram(wire.AppendDatagram(nil, m))
			if i%2_500 == 0 {
				s.alive()
			}
		}
		time.Sleep(time.Second)
		if saw(s.ana, func(e PresenceChanged) bool { return e.Peer == link.ID(eve.key) && e.Doc != genesisOf(2).DocID() }) {
			t.Error("a caret was believed in a document that is not shared")
		}
		s.meet()
	})
}

// TestFloodOfOffers: a listener offers what it likes, without an end, to one whose disk is slow. The one who dialled it looks at
// some at a time, and no more.
func TestFloodOfOffers(t *testing.T) {
	besieged(t, func(s *siege) {
		const offers = 10_000
		eve, mallory := s.stolen("Eve"), s.adversary()
		said := 0
		end := mallory.listen(eve, func(x *wiretap) {
			for ; said < offers && x.quic.Context().Err() == nil; said++ {
				x.say(false, wire.Offer{Doc: crdt.DocID{byte(said), byte(said >> 8)}})
			}
		})
		defer end()
		s.ana.befriend(eve, genesisOf(2))
		time.Sleep(100 * time.Millisecond)
		disk := 20 * time.Millisecond
		s.ana.library.disk.Store(&disk)
		if err := s.ana.Dial(context.Background(), addrOf(mallory.transport.Conn.LocalAddr()).String()); err != nil {
			t.Fatal(err)
		}
		most := 0
		for range 20 {
			time.Sleep(50 * time.Millisecond)
			most = max(most, nodeGoroutines())
			s.alive()
		}
		t.Logf("%d goroutines at most", most)
		if most > s.calm.Goroutines+200 {
			t.Errorf("%d goroutines look at offers", most)
		}
		s.meet()
	})
}

// TestFloodOfWords: a member says the same kind of control message a thousand times, as fast as it can.
func TestFloodOfWords(t *testing.T) {
	const words = 1_000
	for name, say := range map[string]func(x *wiretap, i int){
		"new names": func(x *wiretap, i int) { x.say(false, wire.Hello{Name: fmt.Sprint("Eve ", i)}) },
		"invites": func(x *wiretap, i int) {
			x.say(false, wire.Join{Invite: [8]byte{byte(i)}, Name: "Eve"})
			x.answer()
		},
		"comparisons": func(x *wiretap, i int) {
			x.say(false, wire.Compare{Prints: []wire.Print{{Sum: [8]byte{byte(i)}}}})
			for last := false; !last; {
				m, told := x.answer().(wire.Compared)
				last = !told || m.Last
			}
		},
		"codes": func(x *wiretap, i int) {
			x.say(false, wire.Try{Share: pairing.NewGuest("482913", x.e, [32]byte{byte(i)}).Share()})
			if _, dealt := x.answer().(wire.Share); dealt {
				x.say(false, wire.Confirm{})
				x.answer()
			}
		},
	} {
		for _, shown := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, a code is shown %v", name, shown), func(t *testing.T) {
				besieged(t, func(s *siege) {
					eve, mallory := s.stolen("Eve"), s.adversary()
					defer mallory.stop()
					s.ana.befriend(eve, genesisOf(2))
					if shown {
						s.ana.ShowCode(genesisOf(2).DocID())
					}
					x := mallory.as(s.ana, eve)
					time.Sleep(100 * time.Millisecond)
					remembered := s.ana.library.remembered.Load()
					began := time.Now()
					for i := range words {
						say(x, i)
						if i%250 == 0 {
							s.alive()
						}
					}
					time.Sleep(time.Second)
					s.hold()
					t.Logf("%d writes to the library in %v", s.ana.library.remembered.Load()-remembered, time.Since(began))
					if n := s.ana.library.remembered.Load() - remembered; n > 20 {
						t.Errorf("the library was written %d times", n)
					}
					s.meet()
				})
			})
		}
	}
}
