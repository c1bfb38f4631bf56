package crdt_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

func TestModelTry(t *testing.T) {
	for seed := range uint64(300) {
		h := crdttest.DrawHistory(rand.New(rand.NewPCG(seed, 1)))
		if seed < 3 {
			fmt.Println(h)
		}
		if _, err := crdttest.ParseHistory(h.String()); err != nil {
			t.Fatalf("%s\n%v", h, err)
		}
		d := crdt.New(h.Genesis())
		apply(t, d, h.Changes()...)
		if d.Pending() > 0 {
			t.Fatal("pending\n", h)
		}
		n := crdttest.NewNaive(h.Genesis())
		n.Apply(crdttest.Frames(h.Changes())...)
		if len(n.Refused) > 0 {
			t.Fatal(n.Refused)
		}
		if n.Text() != d.Text() {
			t.Fatal(n.Text(), d.Text())
		}
	}
}
