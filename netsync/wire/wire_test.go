package wire

import (
	"bytes"
	"encoding/hex"
	"errors"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"inkling/crdt"
)

// golden is one message of every type with its frame, in hexadecimal. Other
// programs read these bytes: a change here is a change of the protocol.
var golden = []struct {
	message Message
	kind    StreamKind
	frame   string
}{
	{Knock{MACs: [][32]byte{{1}}}, ControlStream, "8125" + "a10181" + "5820" + "01" + strings.Repeat("00", 31)},
	{Answer{Index: 2, Signature: [64]byte{3}}, ControlStream, "8246" + "a20102" + "025840" + "03" + strings.Repeat("00", 63)},
	{Stranger{}, ControlStream, "8301" + "a0"},
	{Prove{Key: [32]byte{4}, Signature: [64]byte{5}, HaveLive: true}, ControlStream,
		"8469" + "a3015820" + "04" + strings.Repeat("00", 31) + "025840" + "05" + strings.Repeat("00", 63) + "03f5"},
	{Welcome{}, ControlStream, "8501" + "a0"},
	{Hello{Name: "Ana"}, ControlStream, "8606" + "a10163416e61"},
	{Offer{Doc: crdt.DocID{6}}, ControlStream, "8724" + "a1015820" + "06" + strings.Repeat("00", 31)},
	{Join{Invite: [8]byte{7}, Proof: [32]byte{8}, Name: "B"}, ControlStream,
		"8831" + "a30148" + "07" + strings.Repeat("00", 7) + "025820" + "08" + strings.Repeat("00", 31) + "036142"},
	{Joined{Genesis: [crdt.GenesisSize]byte{1}, Name: "A"}, ControlStream,
		"8938" + "a2015831" + "01" + strings.Repeat("00", 48) + "026141"},
	{Refused{Reason: Declined}, ControlStream, "8a03" + "a10104"},
	{Call{Name: "C", Nonce: [8]byte{9}}, ControlStream, "8b0e" + "a201614302" + "48" + "09" + strings.Repeat("00", 7)},
	{Try{Share: [32]byte{1}}, ControlStream, "8c24" + "a1015820" + "01" + strings.Repeat("00", 31)},
	{Share{Share: [32]byte{2}}, ControlStream, "8d24" + "a1015820" + "02" + strings.Repeat("00", 31)},
	{Confirm{Tag: [64]byte{3}}, ControlStream, "8e44" + "a1015840" + "03" + strings.Repeat("00", 63)},
	{Reveal{Tag: [64]byte{4}, Key: [32]byte{5}, Signature: [64]byte{6}}, ControlStream,
		"8faa01" + "a3015840" + "04" + strings.Repeat("00", 63) + "025820" + "05" + strings.Repeat("00", 31) + "035840" + "06" + strings.Repeat("00", 63)},
	{Present{Key: [32]byte{7}, Signature: [64]byte{8}, Name: "B"}, ControlStream,
		"906a" + "a3015820" + "07" + strings.Repeat("00", 31) + "025840" + "08" + strings.Repeat("00", 63) + "036142"},
	{Compare{Prints: []Print{{Prefix{}, [8]byte{1}}}}, ControlStream, "9109" + "00" + "01" + strings.Repeat("00", 7)},
	{Compare{Prints: []Print{{Prefix{ShortDoc{0xa0}, 1}, [8]byte{2}}, {Prefix{ShortDoc{0xb0, 0x10}, 3}, [8]byte{3}}, {Prefix{ShortDoc{0xc1}, 2}, [8]byte{4}}}}, ControlStream,
		"911f" + "01a0" + "02" + strings.Repeat("00", 7) + "03b010" + "03" + strings.Repeat("00", 7) + "02c1" + "04" + strings.Repeat("00", 7)},
	{Compared{Last: true}, ControlStream, "920101"},
	{Compared{Ranges: []Range{
		{Prefix: Prefix{ShortDoc{0x10}, 1}, Sum: [8]byte{5}},
		{Prefix: Prefix{ShortDoc{0x20}, 1}, Listed: true},
		{Prefix: Prefix{ShortDoc{0x30}, 1}, Listed: true, Items: []Item{{ShortDoc{0x3f}, [8]byte{6}}, {ShortDoc{0x3f}, [8]byte{7}}}},
	}}, ControlStream, "9244" + "00" + "00" + "0110" + "05" + strings.Repeat("00", 7) + "01" + "0120" + "00" +
		"01" + "0130" + "02" + "3f" + strings.Repeat("00", 15) + "06" + strings.Repeat("00", 7) + "3f" + strings.Repeat("00", 15) + "07" + strings.Repeat("00", 7)},
	{Open{Doc: crdt.DocID{10}}, DocumentStream, "a020" + "0a" + strings.Repeat("00", 31)},
	{Have{Heads: []crdt.Head{{Replica: crdt.ReplicaID{2}, Next: 300, Stamp: crdt.Stamp{7}}, {Replica: crdt.ReplicaID{1}, Next: 5}, {Replica: crdt.ReplicaID{2}, Next: 9}}}, DocumentStream,
		"a14d" + "03" + "01" + strings.Repeat("00", 15) + "05" + strings.Repeat("00", 8) +
			"02" + strings.Repeat("00", 15) + "09" + strings.Repeat("00", 8) +
			"02" + strings.Repeat("00", 15) + "ac02" + "07" + strings.Repeat("00", 7)},
	{Changes{Encoded: [][]byte{{1, 2}, {3}}}, DocumentStream, "a205" + "02" + "0102" + "01" + "03"},
	{Ack{}, DocumentStream, "a301" + "00"},
	{Block{Hash: Hash{11}, Length: 300, Heads: []crdt.Head{{Replica: crdt.ReplicaID{1}, Next: 5}}}, DocumentStream,
		"a43c" + "0b" + strings.Repeat("00", 31) + "ac02" + "01" + "01" + strings.Repeat("00", 15) + "05" + strings.Repeat("00", 8)},
	{Want{Hash: Hash{12}, Offset: 300}, DocumentStream, "a522" + "0c" + strings.Repeat("00", 31) + "ac02"},
	{Enough{Hash: Hash{13}}, DocumentStream, "a620" + "0d" + strings.Repeat("00", 31)},
	{Bulk{Doc: crdt.DocID{14}, Hash: Hash{15}, Offset: 7}, BulkStream,
		"b041" + "0e" + strings.Repeat("00", 31) + "0f" + strings.Repeat("00", 31) + "07"},
	{Part{Bytes: []byte{1, 2, 3}}, BulkStream, "b103" + "010203"},
}

func TestGolden(t *testing.T) {
	seen := map[Type]bool{}
	for _, g := range golden {
		seen[g.message.Type()] = true
		frame := AppendFrame(nil, g.message)
		if got := hex.EncodeToString(frame); got != g.frame {
			t.Errorf("%#v:\n got %s\nwant %s", g.message, got, g.frame)
		}
		if m, err := Decode(frame, g.kind); err != nil || !bytes.Equal(AppendFrame(nil, m), frame) {
			t.Errorf("%#v: decoded %#v, %v", g.message, m, err)
		}
	}
	for id := range formats {
		if !seen[id] {
			t.Errorf("no golden frame of type %s", id)
		}
	}
}

// TestEveryByteCounts cuts and alters each golden frame at every place: what is
// accepted must be encoded to the very same bytes.
func TestEveryByteCounts(t *testing.T) {
	for _, g := range golden {
		frame := AppendFrame(nil, g.message)
		for i := range frame {
			if m, err := Decode(frame[:i], g.kind); err == nil {
				t.Errorf("%#v cut at %d: accepted as %#v", g.message, i, m)
			}
			for _, flip := range []byte{1, 0x20, 0x80, 0xff} {
				b := bytes.Clone(frame)
				b[i] ^= flip
				checkLaw(t, b, g.kind)
			}
		}
	}
}

// checkLaw: accepted bytes encode identically; others give an *Error with a code.
func checkLaw(t *testing.T, b []byte, kind StreamKind) {
	t.Helper()
	m, err := Decode(b, kind)
	var bad *Error
	switch {
	case err == nil && !bytes.Equal(AppendFrame(nil, m), b):
		t.Fatalf("%x is accepted as %#v, which encodes to %x", b, m, AppendFrame(nil, m))
	case err != nil && !errors.Is(err, io.EOF) && !errors.As(err, &bad):
		t.Fatalf("%x: error without a code: %v", b, err)
	}
}

func FuzzControl(f *testing.F)  { fuzzFrames(f, ControlStream) }
func FuzzDocument(f *testing.F) { fuzzFrames(f, DocumentStream) }
func FuzzBulk(f *testing.F)     { fuzzFrames(f, BulkStream) }

func fuzzFrames(f *testing.F, kind StreamKind) {
	for _, g := range golden {
		f.Add(AppendFrame(nil, g.message))
	}
	f.Add([]byte{0x7f, 1, 0, 0x83, 1, 0xa0})
	f.Add([]byte{0xa2, 0xff, 0xff, 0xff, 0x7f})
	f.Fuzz(func(t *testing.T, b []byte) {
		checkLaw(t, b, kind)
		r := NewReader(bytes.NewReader(b), kind) // as a stream, from the version byte on
		for {
			if _, err := r.Next(); err != nil {
				return
			}
		}
	})
}

func FuzzDatagram(f *testing.F) {
	f.Add(AppendDatagram(nil, Ping{}))
	f.Add(AppendDatagram(nil, Presence{Doc: crdt.DocID{1}, Count: 300, Gone: true}))
	f.Add(AppendDatagram(nil, Presence{Count: 1, Head: crdt.Anchor{ID: crdt.ID{Replica: crdt.ReplicaID{1}, Seq: 200}, Bias: crdt.After}}))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := DecodeDatagram(b)
		if m != nil && err == nil && !bytes.Equal(AppendDatagram(nil, m), b) {
			t.Fatalf("%x is accepted as %#v, which encodes to %x", b, m, AppendDatagram(nil, m))
		}
	})
}

// TestStream reads random messages from a stream that comes in pieces, with
// unknown messages between them that are to be skipped.
func TestStream(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		stream := []byte{Version}
		var want []Message
		for range rapid.IntRange(0, 20).Draw(t, "messages") {
			g := rapid.SampledFrom(golden).Draw(t, "message")
			if g.kind != ControlStream {
				stream = append(stream, byte(rapid.IntRange(0, 0x7f).Draw(t, "unknown type")), 2, 0xff, 0xff)
				continue
			}
			stream = AppendFrame(stream, g.message)
			want = append(want, g.message)
		}
		begun, ended := 0, 0
		r := NewReader(&pieces{b: stream, size: rapid.IntRange(1, 50).Draw(t, "piece")}, ControlStream)
		r.Begun, r.Ended = func() { begun++ }, func() { ended++ }
		for i, w := range want {
			m, err := r.Next()
			if err != nil || !bytes.Equal(AppendFrame(nil, m), AppendFrame(nil, w)) {
				t.Fatalf("message %d: %#v, %v; want %#v", i, m, err, w)
			}
		}
		if m, err := r.Next(); err != io.EOF {
			t.Fatalf("at the end: %#v, %v", m, err)
		}
		if begun != ended {
			t.Fatalf("%d frames begun, %d ended", begun, ended)
		}
	})
}

// pieces is a stream that gives at most size bytes at once.
type pieces struct {
	b    []byte
	size int
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.b) == 0 {
		return 0, io.EOF
	}
	n := copy(b[:min(len(b), p.size)], p.b)
	p.b = p.b[n:]
	return n, nil
}

// TestPack: what is packed keeps the limits, the order and every body.
func TestPack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var encoded [][]byte
		for _, n := range rapid.SliceOfN(rapid.OneOf(rapid.IntRange(1, 300), rapid.IntRange(60_000, 70_000)), 0, 8).Draw(t, "sizes") {
			encoded = append(encoded, bytes.Repeat([]byte{byte(len(encoded))}, n))
		}
		if rapid.IntRange(0, 19).Draw(t, "one more") == 0 {
			encoded = append(encoded, make([]byte, maxChange))
		}
		var got [][]byte
		for _, m := range Pack(encoded) {
			decoded, err := Decode(AppendFrame(nil, m), DocumentStream)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, decoded.(Changes).Encoded...)
		}
		if len(got) != len(encoded) {
			t.Fatalf("%d changes, want %d", len(got), len(encoded))
		}
		for i := range got {
			if !bytes.Equal(got[i], encoded[i]) {
				t.Fatalf("change %d differs", i)
			}
		}
	})
}

// TestAnnouncedSizeAllocatesNothing: a frame that announces a megabyte and sends
// nothing costs its reader no megabyte.
func TestAnnouncedSizeAllocatesNothing(t *testing.T) {
	b := []byte{Version, 0xa2, 0x80, 0x80, 0x40, 1}
	bytesPer := testing.Benchmark(func(b2 *testing.B) {
		b2.ReportAllocs()
		for b2.Loop() {
			if _, err := NewReader(bytes.NewReader(b), DocumentStream).Next(); err == nil {
				b2.Fatal("accepted")
			}
		}
	}).AllocedBytesPerOp()
	if bytesPer > 16<<10 {
		t.Errorf("%d bytes allocated", bytesPer)
	}
}

func TestCleanName(t *testing.T) {
	for in, want := range map[string]string{
		"Ana": "Ana", "A\nB\x00": "AB", "\xff\xfeX": "X", "Zoë 漢": "Zoë 漢",
		strings.Repeat("é", 100): strings.Repeat("é", 64), "": "",
	} {
		if got := CleanName(in); got != want {
			t.Errorf("CleanName(%q) = %q, want %q", in, got, want)
		}
	}
}
