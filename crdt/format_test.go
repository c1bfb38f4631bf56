package crdt_test

import (
	"crypto/sha256"
	"encoding/hex"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// TestFormatIsPinned: the bytes of a small document, which must stay what they are
// for ever; so the signatures must, and with them the hashes.
func TestFormatIsPinned(t *testing.T) {
	ana, ben := crdttest.NewPerson("Ana"), crdttest.NewPerson("Ben")
	anas, bens := crdt.New(ana.Genesis()), crdt.New(ana.Genesis())
	sum := sha256.New()
	var bodies []string
	send := func(p crdttest.Person, from, to *crdt.Doc) {
		changes := p.Flush(from)
		for _, c := range changes {
			sum.Write(c.AppendFrame(nil))
			bodies = append(bodies, hex.EncodeToString(c.Body))
		}
		apply(t, to, changes...)
	}
	succeed(t, anas.Attach(ana.Author))
	anas.Insert(0, "hé!", noon)
	anas.Grant(ben.Author.Device, "Ben", noon)
	send(ana, anas, bens)
	succeed(t, bens.Attach(ben.Author))
	bens.Insert(2, "y", noon.Add(time.Minute))
	bens.Delete(0, 1, noon.Add(time.Minute))
	send(ben, bens, anas)
	anas.Insert(0, "<", noon.Add(-time.Minute))
	send(ana, anas, bens)
	bens.Undo(noon)
	anas.Insert(1, "a", noon)
	send(ana, anas, bens)
	send(ben, bens, anas)
	if anas.Text() != bens.Text() || anas.Text() != "<ahéy!" {
		t.Fatalf("texts %q and %q", anas.Text(), bens.Text())
	}
	opening := func(p crdttest.Person) string {
		return hex.EncodeToString(p.Author.Device[:]) + hex.EncodeToString(p.Author.Nonce[:])
	}
	name := func(p crdttest.Person) string { return p.Author.Replica(anas.ID()).String() }
	for i, want := range []string{
		// opening, minutes; Insert behind the root of 3: "hé!"; Grant to Ben
		"31" + opening(ana) + "e0f1951c" + "6103050168c3a921" + "0423" + opening(ben)[:64] + "42656e",
		// opening, minutes, cause Ana up to 4, grant; Insert behind the "é": "y"; Delete of the "h"
		"f1" + opening(ben) + "e2f1951c" + "0100" + name(ana) + "04" + "0001" + "4103020379" + "02020204",
		// minutes, cause Ben up to 2; Insert behind the root in front of the "h": "<"
		"61" + "01" + "0100" + name(ben) + "02" + "c10301043c",
		// minutes; Insert that goes on: "a"
		"21" + "02" + "010161",
		// minutes, cause Ana up to 5; Restore of the Delete
		"61" + "01" + "010101" + "030101",
	} {
		if bodies[i] != want {
			t.Errorf("body %d is %s, want %s", i, bodies[i], want)
		}
	}
	const frames = "440bb5afc3474ce9958c5f8a6574b28a497e3993fb1c2792120c47fcb91235be" // with hashes signed
	if got := hex.EncodeToString(sum.Sum(nil)); got != frames || len(bodies) != 5 {
		t.Errorf("%d frames with the sum %s, want 5 with %s", len(bodies), got, frames)
	}
}
