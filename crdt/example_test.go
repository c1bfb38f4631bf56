package crdt_test

import (
	"fmt"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// Two people edit apart; when their changes meet, both have the same text.
func Example() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ana, ben := crdttest.NewPerson("Ana"), crdttest.NewPerson("Ben") // each a device key and a nonce
	genesis := ana.Genesis()
	anas, bens := crdt.New(genesis), crdt.New(genesis)
	send := func(from *crdt.Doc, who crdttest.Person, to *crdt.Doc) {
		batch := from.Flush()
		changes := batch.Seal(who.Key)
		from.Sealed(changes)
		if _, err := to.Apply(changes...); err != nil {
			fmt.Println(err)
		}
	}
	try := func(err error) {
		if err != nil {
			fmt.Println(err)
		}
	}

	try(anas.Attach(ana.Author))
	anas.Insert(0, "Hello world", now)
	try(bens.Attach(ben.Author)) // not yet
	anas.Grant(ben.Author.Device, "Ben", now)
	send(anas, ana, bens)
	try(bens.Attach(ben.Author))

	anas.Insert(5, ",", now)
	bens.Delete(6, 11, now)
	bens.Insert(6, "you", now)
	send(anas, ana, bens)
	send(bens, ben, anas)
	fmt.Println(anas.Text(), anas.Text() == bens.Text())
	bens.Undo(now)
	fmt.Println(bens.Text())
	// Output:
	// crdt: this device is no member of the document
	// Hello, you true
	// Hello, world
}
