package crdt_test

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// seeds are changes that use all of the format.
func seeds(n int) []*crdt.Change {
	_, changes := strangeChanges(rand.New(rand.NewPCG(uint64(n), 1)), 3, n)
	return changes
}

// FuzzDecodeFrame: what is accepted encodes to the same bytes again, and the oracle
// accepts no frame that is refused.
func FuzzDecodeFrame(f *testing.F) {
	for _, c := range seeds(30) {
		f.Add(c.AppendFrame(nil))
		f.Add(unsigned(c).AppendFrame([]byte{}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := crdt.DecodeFrame(b)
		if err != nil {
			if !isFormatError(err) {
				t.Fatalf("error %v, want a *FormatError", err)
			}
			if at := err.(*crdt.FormatError).Offset; at < 0 || at > len(b) {
				t.Fatalf("an error at %d of %d bytes", at, len(b))
			}
			return
		}
		if again := append(c.AppendFrame(nil), rest...); !bytes.Equal(again, b) {
			t.Fatalf("%x encodes again as %x", b, again)
		}
		if c.Next <= c.Seq || len(c.Body) > crdt.MaxChangeBytes {
			t.Fatalf("a change from %d to %d of %d bytes", c.Seq, c.Next, len(c.Body))
		}
	})
}

// FuzzApply: any body at the ends of three chains, signed by who may write there, is
// taken or refused just as the oracle does it. What is taken comes back the same, and
// what is refused leaves nothing behind.
func FuzzApply(f *testing.F) {
	for i, c := range seeds(60) {
		f.Add(uint8(i), c.Body)
	}
	f.Add(uint8(0), []byte("\x01\x01\x01x"))
	f.Add(uint8(1), []byte("\x41\x01\x01\x02\x41\x03\x02\x01y"))
	f.Fuzz(func(t *testing.T, who uint8, body []byte) {
		x := newTable(t)
		ben := x.ben.Write(x.seen(), crdttest.InsertOp(crdt.ID{}, "B"))
		more := x.ana.Write(nil, crdttest.InsertOp(x.of(x.ana, 4), "ef"))
		d := x.doc(x.base, ben, more)
		third := crdttest.NewScribe(x.oracle, x.ana.Again(9), nil)
		s := []*crdttest.Scribe{x.ana, x.ben, third}[who%3]
		c, err := crdt.NewChange(s.Replica, s.Next(), body, crdt.Hash{}, s.Sign(body, s.Causes(body)).Signature)
		if err != nil {
			return
		}
		before := d.Dump()
		applied, err := d.Apply(c)
		x.oracle.Apply(c.AppendFrame(nil))
		if len(applied.Changes) == 0 && d.Pending() == 0 && before != d.Dump() {
			t.Fatalf("refused, %v, but it had an effect:\n%s\n%s", err, before, d.Dump())
		}
		x.agrees(d)
		if again, err := d.Apply(c); len(applied.Changes) > 0 && (err != nil || len(again.Changes) > 0) {
			t.Fatalf("the second time: %v", err)
		}
		if len(applied.Changes) > 0 {
			if all := d.DeltaSince(nil); !bytes.Equal(all[len(all)-1].Body, body) {
				t.Fatalf("%x comes back as %x", body, all[len(all)-1].Body)
			}
			succeed(t, d.Verify())
			succeed(t, d.Attach(x.ana.Author))
			d.Insert(0, "on", noon)
			x.ana.Flush(d)
			d.Undo(noon)
			check(t, d)
		}
	})
}

// FuzzUndoList: a list is refused or gives the same bytes again, and undoing and
// redoing all of it removes no foreign text.
func FuzzUndoList(f *testing.F) {
	build := func(t testing.TB) (*crdt.Doc, []byte) {
		p := newPeople(t, 2, "base ")
		ana, ben := p.docs[0], p.docs[1]
		for i := range 4 {
			ana.Insert(i, "xyz", noon)
			ana.Delete(i+1, i+3, noon)
			p.meet()
			ben.Insert(i+1, "BEN", noon)
			p.meet()
			ana.BreakUndo()
		}
		ana.Undo(noon)
		return ana, ana.UndoList()
	}
	_, list := build(f)
	f.Add(list)
	f.Add([]byte{1, 0, 0, 0})
	f.Add(append([]byte{1, list[1]}, 1, 0, 9, 1, 3, 3))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, _ := build(t)
		err := d.SetUndoList(b)
		if err != nil {
			if !isFormatError(err) {
				t.Fatalf("error %v, want a *FormatError", err)
			}
			return
		}
		if again := d.UndoList(); list[1] == b[1] && !bytes.Equal(again, b) {
			t.Fatalf("%x comes back as %x", b, again)
		}
		own, _ := d.Attached()
		foreign := func() (text string) {
			for at := range d.Len() {
				if d.Author(at).Replica != own {
					text += d.Slice(at, at+1)
				}
			}
			return text
		}
		want := foreign()
		for range 50 {
			if _, ok := d.Undo(noon); !ok {
				break
			}
		}
		for range 50 {
			if _, ok := d.Redo(noon); !ok {
				break
			}
		}
		check(t, d)
		if got := foreign(); got != want {
			t.Fatalf("others' text is %q, was %q", got, want)
		}
	})
}

// FuzzDecodeGenesis: what is accepted encodes to the same bytes again.
func FuzzDecodeGenesis(f *testing.F) {
	f.Add(crdt.Genesis{Creator: crdt.DeviceKey{1}}.Bytes())
	f.Fuzz(func(t *testing.T, b []byte) {
		if g, err := crdt.DecodeGenesis(b); err == nil && !bytes.Equal(g.Bytes(), b) {
			t.Fatalf("%x encodes again as %x", b, g.Bytes())
		}
	})
}
