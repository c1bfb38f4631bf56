package crdt_test

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// bytesOf reads bytes as the tables below write them: hexadecimal with spaces.
func bytesOf(text string) []byte {
	b, err := hex.DecodeString(strings.ReplaceAll(text, " ", ""))
	if err != nil {
		panic(err)
	}
	return b
}

const (
	replicaB  = "b0000000000000000000000000000000"
	replicaA  = "a0000000000000000000000000000000"
	replica0  = "00000000000000000000000000000000"
	deviceKey = replicaA + replicaB
)

// TestMalformedBodies: what breaks a rule of FORMAT.md that needs no chain to be seen.
// Each body is that of a change at Seq 6; the error says where and what is wrong.
func TestMalformedBodies(t *testing.T) {
	many := func(text string, n int) string { return strings.Repeat(text, n) }
	x := newTable(t)
	for _, c := range []struct{ name, body, reason string }{
		{"nothing", "", "head: the bytes end"},
		{"another version", "02 0500", "change version 2"},
		{"opening inside a chain", "11" + deviceKey + replicaA + "0500", "opening belongs to seq 0"},
		{"opening cut", "11" + deviceKey, "nonce: 16 bytes wanted"},
		{"no ops", "01", "without ops"},
		{"minutes that stay", "21 00 0500", "minutes that do not change"},
		{"a number too long", "21 8000 0500", "minutes: a number longer than need be"},
		{"a number of 65 bits", "21 ffffffffffffffffff02 0500", "more than 64 bits"},
		{"a number cut", "21 80", "bytes end"},
		{"no causes", "41 00 0500", "0 causes"},
		{"too many causes", "41 8120 0500", "at most 4096"},
		{"fewer causes than said", "41 05 01 01 0500", "5 causes"},
		{"the root as a cause", "41 01 00" + replica0 + "01 0500", "a cause names the root"},
		{"cause cut", "41 01 00 b0b0", "cause"},
		{"new causes that fall", "41 02 00" + replicaB + "01 00" + replicaA + "01 0500", "causes are not in order"},
		{"tails that fall", "41 02 00" + replicaB + "02 00" + replicaB + "01 0500", "causes are not in order"},
		{"a known cause behind a new", "41 02 00" + replicaB + "01 01 01 0500", "causes are not in order"},
		{"a cause twice", "41 02 02 01 02 01 0500", "causes are not in order"},
		{"causes that fall", "41 02 03 01 02 01 0500", "causes are not in order"},
		{"a cause that says nothing", "41 01 00" + replicaB + "00 0500", "advance: 0"},
		{"grant inside a chain", "81 00 01 0500", "grant without an opening"},
		{"op kind 0", "01 00 00", "op kind 0"},
		{"op cut", "01 05 05", "op: 5 bytes wanted"},
		{"seqs cut", "01 25", "seqs"},
		{"seqs 1", "01 29 01 00", "seqs: 1"},
		{"pass with a payload", "01 05 01 00", "1 bytes more"},
		{"pass of two", "01 25 02 00", "takes 2 seqs"},
		{"pass with a flag", "01 45 00", "flags 0x40"},
		{"pass with the other flag", "01 85 00", "flags 0x80"},
		{"no text", "01 41 01 01", "0 bytes of text"},
		{"fewer code points", "01 61 02 02 01 78", "are not 2 code points"},
		{"more code points", "01 41 03 01 78 78", "are not 1 code points"},
		{"broken text", "01 41 02 01 ff", "of UTF-8"},
		{"the middle of a code point", "01 41 02 01 80", "of UTF-8"},
		{"a surrogate", "01 41 04 01 eda080", "of UTF-8"},
		{"text too long for its meaning", "01 41 03 01 c080", "of UTF-8"},
		{"a code point beyond the last", "01 41 05 01 f4908080", "of UTF-8"},
		{"an origin said in vain", "01 41 03 00 01 78", "need not be said"},
		{"an origin 0 back", "01 41 03 00 00 78", "origin: 0"},
		{"an origin below 0", "01 41 03 00 07 78", "below seq 0"},
		{"an origin cut", "01 41 01 02", "origin"},
		{"a chain 0 back", "01 81 02 00 78", "chain: 0"},
		{"a chain below 0", "01 81 02 07 78", "below seq 0"},
		{"two inserts that are one", "01 01 01 78 01 01 79", "two Inserts that are one"},
		{"delete of the root", "01 02 01 01", "root cannot be deleted"},
		{"delete of one, counted", "01 42 03 00 02 01", "count: 1"},
		{"delete of more than seen", "01 42 03 00 02 03", "had not seen"},
		{"delete with a flag", "01 82 02 00 01", "flags 0x80"},
		{"delete with more bytes", "01 02 03 00 01 00", "1 bytes more"},
		{"delete of two seqs", "01 22 02 02 00 01", "takes 2 seqs"},
		{"restore 0 back", "01 03 01 00", "distance: 0"},
		{"restore below 0", "01 03 01 07", "below seq 0"},
		{"restore with a flag", "01 43 01 01", "flags 0x40"},
		{"grant of half a key", "01 04 10" + replicaA, "device key"},
		{"grant of a name too long", "01 04 a102" + deviceKey + many("61", 257), "a name of 257 bytes"},
		{"grant of a broken name", "01 04 21" + deviceKey + "ff", "not UTF-8"},
		{"grant with a flag", "01 44 20" + deviceKey, "flags 0x40"},
		{"too many seqs", "01 29 faffffff0f 00", "over 32 bits"},
		{"too many ops", "01" + many("0500", crdt.MaxChangeOps+1), "more than 10000 ops"},
	} {
		t.Run(c.name, func(t *testing.T) {
			signed := x.ana.Sign(bytesOf(c.body), nil)
			frame := signed.AppendFrame(nil)
			_, _, framed := crdt.DecodeFrame(frame)
			wantFormatError(t, framed, c.reason)
			_, bare := crdt.NewChange(signed.Replica, signed.Seq, signed.Body, signed.Hash, signed.Signature)
			wantFormatError(t, bare, c.reason)
			head := len(frame) - len(signed.Body) - len(signed.Signature)
			if at := bare.(*crdt.FormatError).Offset; at > len(signed.Body) || framed.(*crdt.FormatError).Offset != head+at {
				t.Errorf("not at the same place: %v, %v", framed, bare)
			}
			if x.oracle.Apply(frame); x.oracle.Has(signed.Hash) {
				t.Error("the oracle accepts it")
			}
		})
	}
}

func wantFormatError(t *testing.T, err error, reason string) {
	t.Helper()
	if !isFormatError(err) || !strings.Contains(err.Error(), reason) {
		t.Errorf("error %v, want a *FormatError that says %q", err, reason)
	}
}

func isFormatError(err error) bool {
	var f *crdt.FormatError
	return errors.As(err, &f)
}

// TestMalformedOpenings: what only the change at Seq 0 can break.
func TestMalformedOpenings(t *testing.T) {
	p := crdttest.NewPerson("Ana")
	s := crdttest.NewScribe(crdttest.NewNaive(p.Genesis()), p, nil)
	opening := hex.EncodeToString(p.Author.Device[:]) + hex.EncodeToString(p.Author.Nonce[:])
	for body, reason := range map[string]string{
		"01 0500":                            "opening belongs to seq 0, this is 0",
		"11" + opening + "01 01 78":          "below seq 0",
		"11" + opening + "81 02 01 78":       "below seq 0",
		"11" + opening + "02 02 00 01":       "below seq 0",
		"91" + opening + "8080":              "grant's table place",
		"91" + opening + "00 00 0500":        "grant's distance: 0",
		"11" + opening + "0500 03 01 02":     "below seq 0",
		"11" + opening + "0500 42 03 000202": "below seq 0",
	} {
		_, _, err := crdt.DecodeFrame(s.Sign(bytesOf(body), nil).AppendFrame(nil))
		wantFormatError(t, err, reason)
	}
}

// TestMalformedFrames: a frame that is none, or of a length that no change has.
func TestMalformedFrames(t *testing.T) {
	id := replicaA
	const stamp = "1122334455667788"
	body := "11" + deviceKey + replicaA + "0500"
	for _, c := range []struct{ name, frame, reason string }{
		{"nothing", "", "frame flags"},
		{"unknown flags", "02" + id, "at 0: frame flags 0x2"},
		{"no replica", "00 a0a0", "replica"},
		{"the zero replica", "00" + replica0 + "00" + stamp + "33" + body, "zero replica"},
		{"no seq", "00" + id, "seq"},
		{"the last seq", "00" + id + "ffffffff0f" + stamp + "02 0500", "seq: 4294967295"},
		{"a seq over 32 bits", "00" + id + "ffffffff7f" + stamp + "02 0500", "seq: "},
		{"a long seq", "00" + id + "8000" + stamp + "33" + body, "longer than need be"},
		{"half a stamp", "00" + id + "00 11223344", "stamp"},
		{"no body", "00" + id + "00" + stamp, "body length"},
		{"too long a body", "00" + id + "00" + stamp + "818040" + body, "body length: 1048577"},
		{"body cut", "00" + id + "00" + stamp + "34" + body, "body: 52 bytes wanted, 51 left"},
		{"no signature", "01" + id + "00" + stamp + "33" + body, "signature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, _, err := crdt.DecodeFrame(bytesOf(c.frame))
			wantFormatError(t, err, c.reason)
		})
	}
	good := bytesOf("00" + id + "00" + stamp + "33" + body + "cafe")
	c, rest, err := crdt.DecodeFrame(good)
	if err != nil || string(rest) != "\xca\xfe" || c.Next != 1 || string(c.AppendFrame(nil))+string(rest) != string(good) {
		t.Errorf("decoded %+v, %x, %v", c, rest, err)
	}
	for _, c := range []struct {
		replica   crdt.ReplicaID
		body      []byte
		signature []byte
		reason    string
	}{
		{crdt.ReplicaID{}, c.Body, nil, "zero replica"},
		{c.Replica, make([]byte, crdt.MaxChangeBytes+1), nil, "1048577 bytes"},
		{c.Replica, c.Body, make([]byte, 63), "signature of 63 bytes"},
		{c.Replica, c.Body, []byte{}, "signature of 0 bytes"},
	} {
		_, err := crdt.NewChange(c.replica, 0, c.body, crdt.Hash{}, c.signature)
		wantFormatError(t, err, c.reason)
	}
}

// waits is no reason: a change of which nobody knows whether it goes on from a tail that
// has not come yet.
const waits = ""

// TestMalformedInItsChain: what only one can see who has the chain. The document stays
// as it was, and goes on.
func TestMalformedInItsChain(t *testing.T) {
	hexed := func(id crdt.ReplicaID) string { return id.String() }
	for _, c := range []struct {
		name   string
		make   func(x *table) *crdt.Change
		reason string
	}{
		{"a cause beyond the table", func(x *table) *crdt.Change { return x.ana.Sign(bytesOf("41 01 01 01 0500"), nil) }, waits},
		{"the own chain as a cause", func(x *table) *crdt.Change {
			return x.ana.Sign(bytesOf("41 01 00"+hexed(x.ana.Replica)+"01 0500"), nil)
		}, "its own replica as a cause"},
		{"a cause beyond the last seq", func(x *table) *crdt.Change {
			return x.ben.Sign(bytesOf("41 01 01 ffffffff0f 0500"), nil)
		}, waits},
		{"a second first mention", func(x *table) *crdt.Change {
			return x.ben.Sign(bytesOf("41 01 00"+hexed(x.ana.Replica)+"06 0500"), x.seen())
		}, waits},
		{"a cause within a change", func(x *table) *crdt.Change {
			return x.ben.Sign(bytesOf("41 01 01 01 0500"), nil)
		}, waits},
		{"an origin beyond the table", func(x *table) *crdt.Change { return x.ben.Sign(bytesOf("01 41 03 03 01 78"), nil) }, "place 1 of a table of 1"},
		{"an origin before its chain", func(x *table) *crdt.Change { return x.ben.Sign(bytesOf("01 41 03 02 07 78"), nil) }, "7 before 6"},
		{"a target beyond the table", func(x *table) *crdt.Change { return x.ben.Sign(bytesOf("01 02 02 03 01"), nil) }, "place 1 of a table of 1"},
		{"a target before its chain", func(x *table) *crdt.Change { return x.ben.Sign(bytesOf("01 42 03 02 07 02"), nil) }, "7 before 6"},
		{"an origin of one's own chain in an empty table", func(x *table) *crdt.Change { return x.ana.Sign(bytesOf("01 41 03 02 01 78"), nil) }, "place 0 of a table of 0"},
		{"a grant beyond the table", func(x *table) *crdt.Change { return opening(x, "01 01 0500") }, "place 1 of a table of 1"},
		{"a grant before its chain", func(x *table) *crdt.Change { return opening(x, "00 07 0500") }, "7 before 6"},
	} {
		t.Run(c.name, func(t *testing.T) {
			x := newTable(t)
			ben := x.ben.Write(x.seen(), crdttest.InsertOp(crdt.ID{}, "B"))
			bad := c.make(x) // at the ends of the chains as they are so far
			more := x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "ef"))
			d := x.doc(more, ben, x.base)
			before := []*crdt.Change{more, ben, x.base}
			if bad.Replica == x.ana.Replica {
				d = x.doc(ben, x.base)
				before = []*crdt.Change{ben, x.base}
			}
			if c.reason == waits {
				apply(t, d, bad)
			} else {
				wantRefused(t, d, c.reason, bad)
			}
			if d.Text() != x.doc(before...).Text() || (d.Pending() == 1) != (c.reason == waits) {
				t.Errorf("it had an effect:\n%s", d.Dump())
			}
			if _, err := d.Load(travelled(t, []*crdt.Change{bad})[0]); err == nil {
				t.Error("Load takes it")
			}
			if x.oracle.Apply(bad.AppendFrame(nil)); x.oracle.Has(bad.Hash) {
				t.Error("the oracle takes it")
			}
			apply(t, d, more, ben, x.ben.Write([]crdttest.Cause{{Replica: x.ana.Replica, Next: 8}}, crdttest.InsertOp(crdt.ID{}, "!")))
			x.agrees(d)
		})
	}
}

// opening returns the first change of another copy of Ben's, which names Ana's chain
// as a cause; then comes what is given, a grant and ops.
func opening(x *table, rest string) *crdt.Change {
	s := crdttest.NewScribe(x.oracle, x.ben.Again(7), nil)
	a := s.Author
	head := "d1" + hex.EncodeToString(a.Device[:]) + hex.EncodeToString(a.Nonce[:]) + "01 00" + x.ana.Replica.String() + "06"
	return s.Sign(bytesOf(head+rest), []crdttest.Cause{{Replica: x.ana.Replica, Next: 6}})
}

// TestOverlapsThatWait: of changes with the same Seqs, of which nobody knows yet which are
// what they claim to be, none pushes another out.
func TestOverlapsThatWait(t *testing.T) {
	abc := letters(t, crdttest.NewPerson("Ana"), "abc")
	d := crdt.New(crdttest.NewPerson("Ana").Genesis())
	apply(t, d, abc[1])
	for _, seq := range []uint32{0, 1} {
		other := *abc[seq]
		other.Body = append(other.Body[:len(other.Body):len(other.Body)], 5, 0)
		apply(t, d, &other)
	}
	apply(t, d, abc[0], abc[2])
	if d.Text() != "abc" || d.Pending() != 2 {
		t.Errorf("text %q, %d wait", d.Text(), d.Pending())
	}
}

func TestGenesis(t *testing.T) {
	g := crdt.Genesis{Creator: crdt.DeviceKey{1, 2, 3}, Random: [16]byte{15: 9}}
	got, err := crdt.DecodeGenesis(g.Bytes())
	if err != nil || got != g || got.DocID() != g.DocID() {
		t.Errorf("decoded %+v, %v; want %+v", got, err, g)
	}
	for _, b := range [][]byte{nil, g.Bytes()[1:], append(g.Bytes(), 0), append([]byte{2}, g.Bytes()[1:]...)} {
		if _, err := crdt.DecodeGenesis(b); !isFormatError(err) {
			t.Errorf("%x gave %v, want a *FormatError", b, err)
		}
	}
	if len(g.DocID().String()) != 64 || len((crdt.ReplicaID{}).String()) != 32 {
		t.Error("names are not written in hexadecimal")
	}
}
