package crdt

import (
	"bytes"
	"encoding/hex"
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
)

// sampleChanges use every field of the format.
func sampleChanges() map[string]*Change {
	a, b := ReplicaID{'A'}, ReplicaID{'B', 15: 0xff}
	return map[string]*Change{
		"smallest": {Replica: a, Ops: []Op{{Kind: Insert, Text: "x"}}},
		"full": {
			Replica: a, Seq: 300, Minutes: 29_536_560,
			Causes: []ID{{b, 7}, {ReplicaID{'C'}, math.MaxUint32}},
			Ops: []Op{
				{Kind: Insert, Origin: ID{b, 7}, Text: "wör\n👍"},
				{Kind: Insert, Text: "prepended", Chained: true, Chain: 200},
				{Kind: Delete, Target: Span{b, 2, 5}},
				{Kind: Restore, Target: Span{a, 314, 1}},
			},
		},
	}
}

func TestChangeRoundTrip(t *testing.T) {
	for name, c := range sampleChanges() {
		got, err := DecodeChange(c.Bytes())
		if err != nil || !reflect.DeepEqual(got, c) {
			t.Errorf("%s: decoded %+v, %v; want %+v", name, got, err, c)
		}
	}
}

// TestChangeBytes pins the example of FORMAT.md.
func TestChangeBytes(t *testing.T) {
	c := &Change{
		Replica: ReplicaID{15: 0xaa}, Seq: 2, Minutes: 300,
		Causes: []ID{{ReplicaID{15: 0xbb}, 4}},
		Ops: []Op{
			{Kind: Insert, Origin: ID{ReplicaID{15: 0xbb}, 4}, Text: "hé"},
			{Kind: Delete, Target: Span{ReplicaID{15: 0xaa}, 0, 2}},
		},
	}
	const (
		a    = "000000000000000000000000000000aa"
		b    = "000000000000000000000000000000bb"
		want = "01" + a + "02" + "ac02" + "01" + b + "04" + "02" +
			"01" + b + "04" + "03" + "68c3a9" +
			"02" + a + "00" + "02"
	)
	if got := hex.EncodeToString(c.Bytes()); got != want {
		t.Errorf("bytes %s, want %s", got, want)
	}
}

func TestGenesisRoundTrip(t *testing.T) {
	g := Genesis{Creator: [32]byte{1, 2, 3}, Random: [16]byte{15: 9}}
	got, err := DecodeGenesis(g.Bytes())
	if err != nil || got != g || got.DocID() != g.DocID() {
		t.Errorf("decoded %+v, %v; want %+v", got, err, g)
	}
	for _, b := range [][]byte{nil, g.Bytes()[1:], append(g.Bytes(), 0), append([]byte{2}, g.Bytes()[1:]...)} {
		var malformed *FormatError
		if _, err := DecodeGenesis(b); !errors.As(err, &malformed) {
			t.Errorf("%x gave %v, want a *FormatError", b, err)
		}
	}
}

func TestMalformedBytes(t *testing.T) {
	c := sampleChanges()["full"]
	good, small := c.Bytes(), sampleChanges()["smallest"].Bytes()
	alter := func(f func(b []byte) []byte) []byte { return f(bytes.Clone(good)) }
	change := func(f func(c *Change)) []byte {
		c := *sampleChanges()["full"]
		f(&c)
		return c.Bytes()
	}
	for name, b := range map[string][]byte{
		"nothing":           nil,
		"other version":     alter(func(b []byte) []byte { b[0] = 2; return b }),
		"cut":               good[:len(good)-1],
		"followed by more":  append(bytes.Clone(good), 0),
		"zero replica":      change(func(c *Change) { c.Replica = ReplicaID{} }),
		"long varint":       append(append(bytes.Clone(small[:17]), 0x80, 0x00), small[18:]...),
		"causes unsorted":   change(func(c *Change) { c.Causes = []ID{c.Causes[1], c.Causes[0]} }),
		"cause is own":      change(func(c *Change) { c.Causes = []ID{{c.Replica, 1}} }),
		"no ops":            change(func(c *Change) { c.Ops = nil }),
		"seq over 32 bits":  change(func(c *Change) { c.Seq = math.MaxUint32 - 2 }),
		"unknown op":        change(func(c *Change) { c.Ops = []Op{{Kind: 9, Target: Span{c.Replica, 0, 1}}} }),
		"empty insert":      change(func(c *Change) { c.Ops = []Op{{Kind: Insert}} }),
		"broken text":       change(func(c *Change) { c.Ops = []Op{{Kind: Insert, Text: "\xed\xa0\x80"}} }),
		"empty target":      change(func(c *Change) { c.Ops = []Op{{Kind: Delete, Target: Span{c.Replica, 0, 0}}} }),
		"root as target":    change(func(c *Change) { c.Ops = []Op{{Kind: Delete, Target: Span{Len: 1}}} }),
		"restore of two":    change(func(c *Change) { c.Ops = []Op{{Kind: Restore, Target: Span{c.Replica, 0, 2}}} }),
		"target over 32":    change(func(c *Change) { c.Ops = []Op{{Kind: Delete, Target: Span{c.Replica, 1, math.MaxUint32}}} }),
		"too long":          change(func(c *Change) { c.Ops = []Op{{Kind: Insert, Text: strings.Repeat("x", MaxChangeBytes)}} }),
		"time out of range": change(func(c *Change) { c.Minutes = -1 }),
	} {
		var malformed *FormatError
		if got, err := DecodeChange(b); !errors.As(err, &malformed) {
			t.Errorf("%s: decoded %+v, %v; want a *FormatError", name, got, err)
		}
	}
}

// FuzzDecodeChange: what is accepted encodes to the same bytes again, and a document
// takes it or refuses it, but never panics.
func FuzzDecodeChange(f *testing.F) {
	for _, c := range sampleChanges() {
		f.Add(c.Bytes())
		c.Seq, c.Causes = 0, nil
		f.Add(c.Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := DecodeChange(b)
		if err != nil {
			return
		}
		if again := c.Bytes(); !bytes.Equal(again, b) {
			t.Fatalf("%x encodes again as %x", b, again)
		}
		d := New()
		if _, err := d.Apply(c); err == nil {
			_, err = d.Apply(c)
			if err != nil {
				t.Fatalf("the second time: %v", err)
			}
		}
		if err := d.Check(); err != nil {
			t.Fatal(err)
		}
	})
}

// FuzzDecodeGenesis: what is accepted encodes to the same bytes again.
func FuzzDecodeGenesis(f *testing.F) {
	f.Add(Genesis{Creator: [32]byte{1}}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := DecodeGenesis(b); err == nil && !bytes.Equal(g.Bytes(), b) {
			t.Fatalf("%x encodes again as %x", b, g.Bytes())
		}
	})
}
