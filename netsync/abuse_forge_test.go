package netsync

import (
	"bytes"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// by returns a change of a document by a replica of its own that the given key signs, and what may be written on.
func (w *world) by(g crdt.Genesis, key string, nonce byte, text string) [][]byte {
	d := crdt.New(g)
	author := crdt.Author{Device: g.Creator, Nonce: [16]byte{nonce}}
	signer := writer
	if key != "" {
		signer = keyOf(w.seed, key)
	}
	if err := d.Attach(author); err != nil {
		panic(err)
	}
	d.Insert(0, text, time.Now())
	batch := d.Flush()
	var frames [][]byte
	for _, c := range batch.Seal(signer) {
		frames = append(frames, c.AppendFrame(nil))
	}
	return frames
}

// TestForgerForwards: between Ana and Ben there is one who is honest and one who forges: changes in others' names, others' changes with
// each byte altered, and without what they build on. What is honest arrives at both, what is forged at nobody, not even in what the
// honest one passes on.
func TestForgerForwards(t *testing.T) {
	besieged(t, func(s *siege) {
		cem := s.person("Cem")
		defer cem.stop()
		s.acquaint(1, s.ana, cem)
		s.acquaint(1, s.ben, cem)
		a, b := s.ana.addr().Addr(), s.ben.addr().Addr()
		s.cut(func(from, to netip.Addr) bool { return from == a && to == b || from == b && to == a })
		time.Sleep(10 * time.Second)
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(1))
		s.ben.befriend(eve, genesisOf(1))
		cem.befriend(eve, genesisOf(1))
		time.Sleep(100 * time.Millisecond)
		g := genesisOf(1)
		honest := s.by(g, "", 50, "by a third who is not here ")[0]
		var forged [][]byte
		forged = append(forged, s.by(g, "Eve", 51, "FORGED ")...) // signed by a key that is no member's
		for _, flip := range []byte{1, 0x80} {
			for i := range honest {
				b := bytes.Clone(honest)
				b[i] ^= flip
				forged = append(forged, b)
			}
		}
		refused, stored := 0, 0
		for _, victim := range []*person{s.ana, s.ben, cem} {
			x := mallory.as(victim, eve)
			x.drain()
			before := victim.library.storedNow()
			for _, b := range forged {
				d := x.stream(frames(wire.Open{Doc: s.doc}, wire.Have{}, wire.Changes{Encoded: [][]byte{b}}))
				switch code := ended(d, 300*time.Millisecond); code {
				case wire.Malformed:
					refused++
				case 999: // well-formed: it is looked at, and dropped
					d.CancelRead(0)
					d.CancelWrite(0)
				default:
					t.Errorf("an altered change: closed with %s", code)
				}
			}
			stored += victim.library.storedNow() - before
		}
		t.Logf("%d forgeries at three, %d refused as malformed, %d stored", len(forged), refused, stored)
		if stored > 0 {
			t.Errorf("%d forged changes were stored", stored)
		}
		// Eve passes on what is honest to Ana alone: it reaches Ben by Cem.
		x := mallory.as(s.ana, eve)
		x.drain()
		d := x.stream(frames(wire.Open{Doc: s.doc}, wire.Have{}, wire.Changes{Encoded: [][]byte{honest}}))
		go ended(d, time.Hour)
		s.ben.library.write(s.doc, "of Ben ")
		s.worst = max(s.worst, s.within(2*delayed, "what is honest is everywhere", func() bool {
			return s.equal(s.doc, s.ana, s.ben, cem)() && strings.Contains(s.ben.library.text(s.doc), "third") && strings.Contains(s.ana.library.text(s.doc), "of Ben")
		}))
		for _, p := range []*person{s.ana, s.ben, cem} {
			if strings.Contains(p.library.text(s.doc), "FORGED") {
				t.Errorf("%s has what was forged", p.name)
			}
		}
		s.cut(nil)
		s.within(2*patientMost, "Ana and Ben are together", func() bool { return s.ana.online(s.ben) })
	})
}

// TestCounterJumps: changes and heads with the greatest numbers that there are, and numbers that nobody has got to.
func TestCounterJumps(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(1))
		time.Sleep(100 * time.Millisecond)
		x := mallory.as(s.ana, eve)
		x.drain()
		own := mustHeads(s.ana.library, s.doc)
		jump := func(h crdt.Head, next uint32) crdt.Head { h.Next = next; return h }
		good, _, err := crdt.DecodeFrame(s.by(genesisOf(1), "", 60, "jump")[0])
		if err != nil {
			t.Fatal(err)
		}
		jumped := func(seq uint32) []byte {
			c := *good
			c.Seq = seq
			return c.AppendFrame(nil)
		}
		before := s.ana.library.storedNow()
		for name, messages := range map[string][]wire.Message{
			"heads at the end of all numbers": {wire.Have{Heads: []crdt.Head{jump(own[0], math.MaxUint32)}}},
			"the same in an Ack":              {wire.Have{}, wire.Ack{Heads: []crdt.Head{jump(own[0], math.MaxUint32)}}},
			"a change far ahead":              {wire.Have{}, wire.Changes{Encoded: [][]byte{jumped(math.MaxUint32 - 100)}}},
			"a change over the end":           {wire.Have{}, wire.Changes{Encoded: [][]byte{jumped(math.MaxUint32 - 1)}}},
		} {
			d := x.stream(frames(append([]wire.Message{wire.Open{Doc: s.doc}}, messages...)...))
			code := ended(d, time.Second)
			t.Logf("%s: %s", name, code)
			s.alive()
			d.CancelWrite(0)
		}
		if n := s.ana.library.storedNow() - before; n != 4 {
			t.Errorf("%d changes were stored, four of Ben's were to be", n)
		}
		if strings.Contains(s.ana.library.text(s.doc), "jump") {
			t.Error("a change with other numbers counts")
		}
		s.meet()
	})
}
