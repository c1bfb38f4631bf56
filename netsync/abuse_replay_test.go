package netsync

import (
	"bytes"
	"errors"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"

	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// tap records the packets that somebody sends.
type tap struct {
	mu      sync.Mutex
	packets []simnet.Packet
}

// listen has all packets from an address recorded.
func (w *world) listen(from netip.Addr) *tap {
	t := &tap{}
	w.wires.mu.Lock()
	defer w.wires.mu.Unlock()
	w.wires.sent = func(p simnet.Packet) {
		if addrOf(p.From).Addr() == from {
			t.mu.Lock()
			t.packets = append(t.packets, simnet.Packet{From: p.From, To: p.To, Data: bytes.Clone(p.Data)})
			t.mu.Unlock()
		}
	}
	return t
}

// again sends each recorded packet three times.
func (t *tap) again(w *world) int {
	w.wires.mu.Lock()
	w.wires.sent = nil
	w.wires.mu.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	for range 3 {
		for i, p := range t.packets {
			w.wires.PerfectRouter.SendPacket(p)
			if i%16 == 0 {
				time.Sleep(time.Millisecond)
			}
		}
	}
	return len(t.packets)
}

// TestReplayedPackets: all packets of Ben's connection, from its first, are sent three times more: while it lasts, after it, and to Ana when
// she was started anew. Nothing is stored twice, and nobody comes in.
func TestReplayedPackets(t *testing.T) {
	besieged(t, func(s *siege) {
		s.ben.stop()
		s.ben.conn, s.spare = s.spare[0], s.spare[1:]
		recorded := s.listen(addrOf(s.ben.conn.LocalAddr()).Addr())
		s.ben.startOn(s.ben.conn)
		s.within(5*time.Second, "Ben is back", func() bool { return s.ana.online(s.ben) })
		for range 20 {
			s.alive()
		}
		text, stored := s.ana.library.text(s.doc), s.ana.library.storedNow()
		n := recorded.again(s.world)
		time.Sleep(time.Second)
		t.Logf("%d packets, each three times more, while the connection lasts", n)
		if s.ana.library.text(s.doc) != text || s.ana.library.storedNow() != stored {
			t.Error("something was stored twice")
		}
		s.alive()
		text, stored = s.ana.library.text(s.doc), s.ana.library.storedNow()
		s.ben.stop()
		s.within(5*time.Second, "Ben is away", func() bool { return !s.ana.online(s.ben) })
		for _, restarted := range []bool{false, true} {
			if restarted {
				s.ana.stop()
				s.ana.conn, s.spare = s.spare[0], s.spare[1:]
				for i := range recorded.packets {
					recorded.packets[i].To = s.ana.conn.LocalAddr()
				}
				s.ana.startOn(s.ana.conn)
			}
			recorded.again(s.world)
			time.Sleep(time.Second)
			if s.ana.online(s.ben) || s.ana.library.text(s.doc) != text || s.ana.library.storedNow() != stored {
				t.Errorf("restarted %v: Ben is back without being there, or something was stored", restarted)
			}
		}
		s.hold()
		s.ana.library.share(s.doc, s.ben.asPeer())
		s.ben.library.share(s.doc, s.ana.asPeer())
		s.meet()
	})
}

// TestReplayedFrames: what Ben said to a member of his document, who kept it all, is said again by the member: each frame three times, on one
// stream and on several, to Ben himself and to Ana. Nothing is stored twice.
func TestReplayedFrames(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(1))
		s.ben.befriend(eve, genesisOf(1))
		time.Sleep(100 * time.Millisecond)
		for range 10 {
			s.alive()
		}
		x := mallory.as(s.ben, eve)
		x.drain()
		d := x.stream(frames(wire.Open{Doc: s.doc}, wire.Have{}))
		var said []wire.Message
		r := wire.NewReader(d, wire.DocumentStream)
		d.SetReadDeadline(time.Now().Add(2 * time.Second))
		changes := 0
		for {
			m, err := r.Next()
			if err != nil {
				break
			}
			if c, ok := m.(wire.Changes); ok {
				changes += len(c.Encoded)
			}
			said = append(said, m)
		}
		text, stored := s.ana.library.text(s.doc), s.ana.library.storedNow()+s.ben.library.storedNow()
		for _, victim := range []*person{s.ana, s.ben} {
			x := mallory.as(victim, eve)
			x.drain()
			for range 3 {
				on := x.stream(frames(wire.Open{Doc: s.doc}))
				for _, m := range said {
					on.Write(wire.AppendFrame(nil, m))
					if _, have := m.(wire.Have); !have { // a second one would close the stream
						on.Write(wire.AppendFrame(wire.AppendFrame(nil, m), m))
					}
				}
				go ended(on, time.Hour)
				time.Sleep(200 * time.Millisecond)
			}
		}
		time.Sleep(2 * time.Second)
		t.Logf("%d frames with %d changes, each nine times at two", len(said), changes)
		if changes < 20 {
			t.Errorf("only %d changes were recorded", changes)
		}
		if s.ana.library.text(s.doc) != text || s.ana.library.storedNow()+s.ben.library.storedNow() != stored {
			t.Error("something was stored twice")
		}
	})
}

// TestReplayedInvite: an invite that was used is shown again when the library was put back to before that, as app/workspace does
// it: its open invites are void then. Nobody is asked.
func TestReplayedInvite(t *testing.T) {
	besieged(t, func(s *siege) {
		cem, dan := s.person("Cem"), s.person("Dan")
		defer cem.stop()
		defer dan.stop()
		s.ana.answer = yes
		text := s.invite(s.ana, s.doc)
		if _, err := join(cem, text); err != nil {
			t.Fatal(err)
		}
		invite, err := pairing.ParseLink(text)
		if err != nil {
			t.Fatal(err)
		}
		proof := wire.Join{Invite: invite.ID(), Proof: pairing.Proof(invite.Secret, link.Exporter{1}), Name: "Dan"}
		for _, back := range []bool{false, true} {
			want := Used
			if back {
				s.ana.library.mu.Lock()
				s.ana.library.invites, s.ana.library.usedBy = map[[8]byte]Invite{}, map[[8]byte]PeerID{}
				s.ana.library.mu.Unlock()
				want = NoInvite
			}
			var failed *JoinError
			if _, err := join(dan, text); !errors.As(err, &failed) || failed.Failure != want {
				t.Errorf("put back %v: %v", back, err)
			}
			mallory := s.masked(around(1), false)
			x := mallory.dial(s.ana) // with the words that Cem said
			x.say(true, link.NewDialler(link.Self{Key: dan.key}, x.e, []PeerID{s.ana.Node.id}, [32]byte{}, true, time.Now()).Step(time.Now(), link.Opened{})[0].(link.Send).Message)
			x.say(false, proveAs(dan.key, x.e), proof)
			if heard, _ := x.hear(); len(heard) == 0 || heard[len(heard)-1] != (wire.Refused{Reason: wire.NoInvite}) {
				t.Errorf("put back %v: another connection's proof is answered by %v", back, heard)
			}
			mallory.leave()
			s.alive()
		}
		if _, known := s.ana.library.peers[dan.Node.id]; known {
			t.Error("Dan was let in")
		}
	})
}
