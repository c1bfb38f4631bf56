package netsync

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"inkling/netsync/discovery"
	"inkling/netsync/link"
)

// TestSpoofedSightings: 10,000 programs are announced that do not exist, and, with the strings that Ben says of himself, addresses where
// he is not: before he comes, and while he does. He comes in, and of the others no more are kept than may be.
func TestSpoofedSightings(t *testing.T) {
	for _, visible := range []bool{false, true} {
		t.Run(fmt.Sprint("visible ", visible), func(t *testing.T) {
			inWorld(t, 1, 0, func(w *world) {
				var e ether
				s := &siege{world: w, ana: w.finding(&e, "Ana"), ben: w.finding(&e, "Ben")}
				defer s.ana.stop()
				defer func() { s.ben.stop() }()
				s.doc = w.acquaint(1, s.ana, s.ben)
				s.within(5*time.Second, "together", func() bool { return s.ana.online(s.ben) && s.ben.online(s.ana) })
				s.ana.SetVisible(visible)
				if visible {
					s.ana.ShowCode(s.doc)
				}
				s.calm = s.ana.holdings()
				spoof := func(i int) {
					var nonce, tag [8]byte
					binary.BigEndian.PutUint64(nonce[:], uint64(i)*0x9e3779b97f4a7c15)
					txt := []string{"v=1", "n=" + hex.EncodeToString(nonce[:]), "t=" + hex.EncodeToString(tag[:]), "o=1", "c=1"}
					var nowhere []netip.AddrPort
					for j := range MaxAddrs {
						nowhere = append(nowhere, around(i*MaxAddrs+j))
					}
					if i%2 == 0 { // in Ben's name
						tag = tagOf(nonce, link.ID(s.ben.key))
						txt[2] = "t=" + hex.EncodeToString(tag[:])
					}
					s.ana.sighted(discovery.Sighting{TXT: txt, Addrs: nowhere})
				}
				for i := range 10_000 {
					spoof(i)
				}
				s.hold()
				s.alive()
				// Ben comes at an address where he was never met, while the flood goes on.
				s.ben.stop()
				s.within(5*time.Second, "Ben is away", func() bool { return !s.ana.online(s.ben) })
				stop := make(chan struct{})
				done := make(chan struct{})
				defer func() { close(stop); <-done }()
				go func() {
					defer close(done)
					for i := 10_000; ; i++ {
						select {
						case <-stop:
							return
						case <-time.After(5 * time.Millisecond):
							spoof(i)
						}
					}
				}()
				time.Sleep(2 * time.Second)
				s.meet()
				s.alive()
				s.hold()
				dials := s.ana.dialling()
				t.Logf("an edit took %v at most; %d peers are dialled", s.worst, dials)
			})
		})
	}
}

// dialling counts the peers that are being dialled.
func (p *person) dialling() (n int) {
	p.Node.mu.Lock()
	defer p.Node.mu.Unlock()
	for _, other := range p.peers {
		if other.dialling {
			n++
		}
	}
	return n
}

// TestSpoofedWhileOneDials is the other way round: Ben looks for Ana and is told, in her name and without an end, where she is
// not. He finds her where he has met her. At an address where he never met her he may not find her while that goes on: this is printed.
func TestSpoofedWhileOneDials(t *testing.T) {
	for _, moved := range []bool{false, true} {
		inWorld(t, 1, 0, func(w *world) {
			var e ether
			s := &siege{world: w, ana: w.finding(&e, "Ana"), ben: w.finding(&e, "Ben")}
			defer s.ana.stop()
			defer s.ben.stop()
			s.doc = w.acquaint(1, s.ana, s.ben)
			s.within(5*time.Second, "together", func() bool { return s.ana.online(s.ben) && s.ben.online(s.ana) })
			at := s.ana.addr()
			s.ana.stop()
			s.within(5*time.Second, "Ana is away", func() bool { return !s.ben.online(s.ana) })
			stop, done := make(chan struct{}), make(chan struct{})
			defer func() { close(stop); <-done }()
			go func() {
				defer close(done)
				for i := 0; ; i++ {
					select {
					case <-stop:
						return
					case <-time.After(5 * time.Millisecond):
					}
					nonce := [8]byte{byte(i), byte(i >> 8)}
					var nowhere []netip.AddrPort
					for j := range MaxAddrs {
						nowhere = append(nowhere, around(i*MaxAddrs+j))
					}
					s.ben.sighted(discovery.Sighting{TXT: advertOf(nonce, link.ID(s.ana.key)), Addrs: nowhere})
				}
			}()
			time.Sleep(2 * time.Second)
			s.ana.library.peers = map[PeerID]Peer{link.ID(s.ben.key): {ID: link.ID(s.ben.key), Name: "Ben"}} // so that she cannot dial him
			s.ana.finder = nil
			var conn net.PacketConn
			if moved {
				s.ana.conn, s.spare = s.spare[0], s.spare[1:]
				conn = s.ana.conn
			} else {
				m := s.mask(at, false)
				defer m.Close()
				conn = m
			}
			s.ana.startOn(conn)
			began := time.Now()
			for time.Since(began) < 10*time.Second && !s.ben.online(s.ana) {
				s.ben.sighted(discovery.Sighting{TXT: advertOf(s.ana.nonce, link.ID(s.ana.key)), Addrs: []netip.AddrPort{addrOf(conn.LocalAddr())}})
				time.Sleep(100 * time.Millisecond)
			}
			took := time.Since(began)
			t.Logf("moved %v: Ana is online %v after %v", moved, s.ben.online(s.ana), took)
			if !moved && took > urgentDial+time.Duration(MaxAddrs)*stagger+delayed { // the dial that was under way when she came, and one more
				t.Error("false addresses keep Ben from one where he has met Ana")
			}
		})
	}
}

// advertOf is what the node with a nonce says of itself.
func advertOf(nonce [8]byte, id PeerID) []string {
	tag := tagOf(nonce, id)
	return []string{"v=1", "n=" + hex.EncodeToString(nonce[:]), "t=" + hex.EncodeToString(tag[:])}
}
