package netsync

import (
	"bytes"
	"context"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// TestBadFramesOfMember: what is no frame of a document, too long, or never ends, closes the stream with the code that says
// why, and nothing else; what is no datagram closes the connection. Who writes beside notices nothing.
func TestBadFramesOfMember(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		g := genesisOf(2)
		s.ana.befriend(eve, g)
		time.Sleep(100 * time.Millisecond)
		hello := frames(wire.Open{Doc: g.DocID()}, wire.Have{})
		with := func(b ...byte) []byte { return append(bytes.Clone(hello), b...) }
		block := func(b wire.Block) []byte { return wire.AppendFrame(bytes.Clone(hello), b) }
		for name, c := range map[string]struct {
			bytes []byte
			code  wire.Code
		}{
			"an unknown version":              {[]byte{9, 0xa0, 0}, wire.BadVersion},
			"an unknown critical type":        {with(0xff, 0), wire.Unsupported},
			"unknown, skipped, then rubbish":  {with(0x7f, 1, 0, 0xff, 0), wire.Unsupported},
			"unknown and too long":            {with(0x7f, 0xff, 0xff, 0xff, 0x7f), wire.TooLarge},
			"a length of five bytes and more": {with(0xa2, 0xff, 0xff, 0xff, 0xff, 0xff), wire.TooLarge},
			"a length that is padded":         {with(0xa2, 0x81, 0x00, 1), wire.Malformed},
			"changes of 2 MiB":                {with(0xa2, 0x80, 0x80, 0x80, 0x01), wire.TooLarge},
			"changes without one":             {with(0xa2, 0), wire.Malformed},
			"a change of no bytes":            {with(0xa2, 1, 0), wire.Malformed},
			"a change beyond the frame":       {with(0xa2, 2, 200, 1), wire.Malformed},
			"rubbish for a change":            {with(0xa2, 4, 3, 1, 2, 3), wire.Malformed},
			"more heads than fit":             {with(0xa3, 3, 0xff, 0x7f, 0), wire.Malformed},
			"more heads than may be":          {with(0xa3, 4, 0xff, 0xff, 0x03, 0), wire.TooLarge},
			"a control frame":                 {with(0x83, 1, 0xa0), wire.Unexpected},
			"a part of a block":               {with(0xb1, 1, 1), wire.Unexpected},
			"a second Open":                   {with(frames(wire.Open{Doc: g.DocID()})[1:]...), wire.Unexpected},
			"a block of no bytes":             {block(wire.Block{}), wire.Malformed},
			"a block of 65 MiB":               {block(wire.Block{Length: 65 << 20}), wire.TooLarge},
			"a Want of what nobody announced": {with(frames(wire.Want{})[1:]...), wire.Unexpected},
			"an Enough of what nobody did":    {with(frames(wire.Enough{})[1:]...), wire.Unexpected},
			"half a frame":                    {with(0xa2, 100, 1), wire.TooSlow},
			"nothing at all":                  {frames(), wire.TooSlow},
		} {
			x := mallory.as(s.ana, eve)
			x.drain()
			d := x.stream(c.bytes)
			if code := ended(d, framePatience+5*time.Second); code != c.code {
				t.Errorf("%s: the stream is closed with %s, want %s", name, code, c.code)
			}
			if err := x.quic.Context().Err(); err != nil {
				t.Errorf("%s: the connection is closed, %v", name, context.Cause(x.quic.Context()))
			}
			s.alive()
		}
		for name, c := range map[string]struct {
			bytes []byte
			code  wire.Code
		}{
			"an empty datagram":            {nil, wire.Malformed},
			"one of an unknown version":    {[]byte{9, 1}, wire.BadVersion},
			"a Ping with a payload":        {[]byte{wire.Version, 1, 0}, wire.Malformed},
			"a Presence that is cut":       {[]byte{wire.Version, 3, 1, 2, 3}, wire.Malformed},
			"a caret with a third bias":    {append(append([]byte{wire.Version, 3}, make([]byte, 32)...), 1, 2), wire.Malformed},
			"a number longer than needed":  {append(append([]byte{wire.Version, 3}, make([]byte, 32)...), 0x80, 0x00), wire.Malformed},
			"one longer than a packet may": {append([]byte{wire.Version, 3}, make([]byte, wire.MaxDatagram)...), wire.Malformed},
		} {
			x := mallory.as(s.ana, eve)
			x.quic.SendDatagram(c.bytes)
			if _, code := x.hear(); code != c.code {
				t.Errorf("%s: closed with %s, want %s", name, code, c.code)
			}
			s.alive()
		}
		s.meet()
	})
}

// TestBadBulkStreams: what is no block, of nothing that was asked for, or too much, is not read; nothing of it is kept.
func TestBadBulkStreams(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(2))
		time.Sleep(100 * time.Millisecond)
		for name, b := range map[string][]byte{
			"rubbish":               {1, 2, 3, 4},
			"an unknown version":    {9},
			"a part first":          frames(wire.Part{Bytes: []byte{1}}),
			"a control frame":       frames(wire.Stranger{}),
			"not asked for":         frames(wire.Bulk{Doc: s.doc}, wire.Part{Bytes: make([]byte, wire.PartBytes)}),
			"of no document":        frames(wire.Bulk{Doc: crdt.DocID{7}}, wire.Part{Bytes: make([]byte, wire.PartBytes)}),
			"a part that is longer": append(frames(), 0xb1, 0x81, 0x80, 0x02),
		} {
			x := mallory.as(s.ana, eve)
			x.drain()
			u, err := x.quic.OpenUniStream()
			if err != nil {
				t.Fatal(err)
			}
			u.Write(b)
			select {
			case <-u.Context().Done(): // Ana reads no more of it
			case <-time.After(framePatience + time.Second):
				t.Errorf("%s: it is read on", name)
			}
			s.alive()
		}
		if s.ana.library.taken+s.ana.library.wrong > 0 {
			t.Error("a block was judged")
		}
		s.meet()
	})
}

// TestProbing: whether a document exists that one is not let into cannot be told: by no byte, and by no time.
func TestProbing(t *testing.T) {
	besieged(t, func(s *siege) {
		eve, mallory := s.stolen("Eve"), s.adversary()
		defer mallory.stop()
		s.ana.befriend(eve, genesisOf(2))
		time.Sleep(100 * time.Millisecond)
		x := mallory.as(s.ana, eve)
		x.drain()
		type answer struct {
			bytes string
			code  wire.Code
			took  time.Duration
		}
		ask := func(doc crdt.DocID, more ...wire.Message) answer {
			began := time.Now()
			d := x.stream(frames(append([]wire.Message{wire.Open{Doc: doc}}, more...)...))
			var all bytes.Buffer
			d.SetReadDeadline(time.Now().Add(time.Minute))
			_, err := all.ReadFrom(d)
			return answer{all.String(), closeCode(err), time.Since(began)}
		}
		change := wire.Changes{Encoded: [][]byte{evilChange(genesisOf(1))}}
		for _, more := range [][]wire.Message{nil, {wire.Have{}}, {wire.Have{}, change}} {
			there, nowhere := ask(s.doc, more...), ask(crdt.DocID{1}, more...)
			if there != nowhere || there.code != wire.NotShared || there.bytes != "" {
				t.Errorf("with %d messages more: %+v for one that exists, %+v for one that does not", len(more), there, nowhere)
			}
		}
		if s.ana.library.stored > 1 {
			t.Errorf("%d changes were stored", s.ana.library.stored)
		}
	})
}
