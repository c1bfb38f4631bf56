package netsync

import (
	"context"
	"fmt"
	"math/rand"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// narrow dials p as the owner of other's key, takes hardly more than the handshake, and then reads nothing any more.
func (a *adversary) narrow(p, other *person) *wiretap {
	a.w.t.Helper()
	q, err := a.transport.Dial(context.Background(), net.UDPAddrFromAddrPort(p.addr()), a.tls, &quic.Config{
		EnableDatagrams: true, InitialStreamReceiveWindow: 512, MaxStreamReceiveWindow: 512, MaxIncomingUniStreams: 100,
	})
	if err != nil {
		a.w.t.Fatal(err)
	}
	control, err := q.OpenStream()
	if err != nil {
		a.w.t.Fatal(err)
	}
	e, err := exporter(q)
	if err != nil {
		a.w.t.Fatal(err)
	}
	x := &wiretap{t: a.w.t, quic: q, control: control, reader: wire.NewReader(control, wire.ControlStream), e: e}
	x.enter(p, other)
	return x
}

// TestSlowReaderOfControl: a member takes no word any more, and says many itself. What is shared with Ben then reaches him.
func TestSlowReaderOfControl(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		for i := range 100 { // 100 Offers are more than Eve takes
			s.ana.befriend(eve, genesisOf(1000+i))
		}
		time.Sleep(time.Second)
		for i := range 12 { // in which order the node goes through its links is chance
			x := mallory.narrow(s.ana, eve)
			for range 200 {
				x.say(false, wire.Hello{Name: "Eve"})
			}
			g := genesisOf(10 + i)
			s.ben.befriend(s.ana, g)
			time.Sleep(300 * time.Millisecond)
			s.ana.befriend(s.ben, g)
			s.ana.library.write(g.DocID(), "new")
			s.worst = max(s.worst, s.within(delayed, "a document that Ana shares reaches Ben", s.equal(g.DocID(), s.ana, s.ben)))
			s.alive()
			x.quic.CloseWithError(0, "")
		}
		s.meet()
	})
}

// TestSlowReaderOfChanges: a member takes nothing of a document in which much is written. It is closed when a frame was not taken
// for 30 s, and nobody else waits.
func TestSlowReaderOfChanges(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(1))
		x := mallory.narrow(s.ana, eve)
		d := x.stream(frames(wire.Open{Doc: s.doc}, wire.Have{}))
		text := noise(s.rand, 20_000)
		for range 50 {
			s.ana.library.write(s.doc, text)
			s.alive()
		}
		s.hold()
		s.meet()
		time.Sleep(framePatience + time.Second)
		if code := ended(d, time.Second); code != wire.TooSlow {
			t.Errorf("the stream is closed with %s", code)
		}
	})
}

// TestSlowReadersOfBlocks: as many members as blocks are sent at a time want one and take no more of it. Ben, who lacks the same, gets it.
func TestSlowReadersOfBlocks(t *testing.T) {
	besieged(t, func(s *siege) {
		doc := s.ana.library.add(genesisOf(5))
		s.ana.history(doc, 1<<20)
		for i := range maxGiving {
			eve, mallory := s.stolen(fmt.Sprint("Eve ", i)), s.masked(around(i), false)
			defer mallory.leave()
			s.ana.befriend(eve, genesisOf(5))
			time.Sleep(100 * time.Millisecond)
			x := mallory.as(s.ana, eve)
			x.drain()
			d := x.stream(frames(wire.Open{Doc: doc}, wire.Have{}))
			r := wire.NewReader(d, wire.DocumentStream)
			for {
				m, err := r.Next()
				if err != nil {
					t.Fatal(err)
				}
				if b, ok := m.(wire.Block); ok {
					d.Write(wire.AppendFrame(nil, wire.Want{Hash: b.Hash}))
					break
				}
			}
		}
		time.Sleep(2 * time.Second)
		s.alive()
		s.hold()
		alone := 2 * time.Second // what a megabyte takes here, 64 KiB in a round trip
		s.acquaint(5, s.ana, s.ben)
		took := s.within(delayed+alone, "Ben has the block", sameHeads(doc, s.ana, s.ben))
		t.Logf("Ben had the block after %v", took)
	})
}

// trickle announces a block of doc at p, and sends a part of it now and then.
func (x *wiretap) trickle(ctx context.Context, doc crdt.DocID, every time.Duration) {
	body := make([]byte, 4<<20)
	rand.New(rand.NewSource(7)).Read(body)
	var b wire.Block
	named(&b, body)
	b.Heads = []crdt.Head{{Replica: crdt.ReplicaID{9}, Next: 9}}
	d, err := x.quic.OpenStream()
	if err != nil {
		return
	}
	d.Write(frames(wire.Open{Doc: doc}, wire.Have{}, b))
	r := wire.NewReader(d, wire.DocumentStream)
	for {
		m, err := r.Next()
		if err != nil {
			return
		}
		if want, ok := m.(wire.Want); ok && want.Offset == 0 {
			break
		}
	}
	s, err := x.quic.OpenUniStream()
	if err != nil {
		return
	}
	s.Write(frames(wire.Bulk{Doc: doc, Hash: b.Hash}))
	for at := 0; at < len(body) && ctx.Err() == nil; at += wire.PartBytes {
		if _, err := s.Write(wire.AppendFrame(nil, wire.Part{Bytes: body[at:][:wire.PartBytes]})); err != nil {
			return
		}
		select {
		case <-time.After(every):
		case <-ctx.Done():
		}
	}
}

// TestTrickledBlock: a member announces a block before Ben does, and sends it as slowly as it may. Ben's comes nevertheless.
func TestTrickledBlock(t *testing.T) {
	for _, every := range []time.Duration{500 * time.Millisecond, 50 * time.Second} {
		t.Run(fmt.Sprint("a part every ", every), func(t *testing.T) {
			besieged(t, func(s *siege) {
				eve, mallory := s.stolen("Eve"), s.adversary()
				defer mallory.stop()
				doc := s.ben.library.add(genesisOf(5))
				s.ben.history(doc, 1<<20)
				s.ana.befriend(eve, genesisOf(5))
				time.Sleep(100 * time.Millisecond)
				x := mallory.as(s.ana, eve)
				x.drain()
				ctx, stop := context.WithCancel(context.Background())
				done := make(chan struct{})
				defer func() { stop(); <-done }()
				go func() {
					defer close(done)
					for ctx.Err() == nil && x.quic.Context().Err() == nil {
						x.trickle(ctx, doc, every)
						time.Sleep(100 * time.Millisecond)
					}
				}()
				time.Sleep(2 * time.Second)
				s.alive()
				alone := 2 * time.Second
				s.acquaint(5, s.ana, s.ben)
				took := s.within(delayed+alone, "Ana has Ben's block", sameHeads(doc, s.ana, s.ben))
				t.Logf("Ana had Ben's block after %v", took)
			})
		})
	}
}

// TestWithheldChange: a member sends changes that build on one that it keeps back, as many as may wait. What others write goes on, if one
// signature is for what fits in a frame.
func TestWithheldChange(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(1))
		x := mallory.as(s.ana, eve)
		x.drain()
		d := x.stream(frames(wire.Open{Doc: s.doc}, wire.Have{}))
		go ended(d, time.Hour)
		other := crdt.New(genesisOf(1))
		if err := other.Attach(crdt.Author{Device: genesisOf(1).Creator, Nonce: [16]byte{66}}); err != nil {
			t.Fatal(err)
		}
		var kept [][]byte
		for range 200 {
			other.Insert(0, strings.Repeat("withheld ", 3_000), time.Now())
			for _, c := range flush(other) {
				kept = append(kept, c.AppendFrame(nil))
			}
		}
		for _, m := range wire.Pack(kept[1:]) {
			d.Write(wire.AppendFrame(nil, m))
		}
		time.Sleep(5 * time.Second)
		t.Logf("%d changes wait", s.ana.library.waiting(s.doc))
		s.alive()
		s.ben.library.write(s.doc, noise(s.rand, 500_000))
		s.worst = max(s.worst, s.within(delayed+time.Second, "a long paste goes through", s.equal(s.doc, s.ana, s.ben)))
		if strings.Contains(s.ana.library.text(s.doc), "withheld") {
			t.Error("what builds on nothing counts")
		}
		s.meet()
	})
}
