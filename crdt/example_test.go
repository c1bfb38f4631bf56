package crdt_test

import (
	"fmt"
	"time"

	"inkling/crdt"
)

// Two people edit apart; when their changes meet, both have the same text.
func Example() {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	ana, ben := crdt.New(), crdt.New()
	ana.Attach(crdt.ReplicaID{'A'})
	ben.Attach(crdt.ReplicaID{'B'})

	ana.Insert(0, "Hello world", now)
	send := func(from, to *crdt.Doc) {
		for _, c := range from.Flush(now) {
			if _, err := to.Apply(c); err != nil {
				fmt.Println(err)
			}
		}
	}
	send(ana, ben)
	ana.Insert(5, ",", now)
	ben.Delete(6, 11, now)
	ben.Insert(6, "you", now)
	send(ana, ben)
	send(ben, ana)
	fmt.Println(ana.Text(), ana.Text() == ben.Text())
	ben.Undo(now)
	fmt.Println(ben.Text())
	// Output:
	// Hello, you true
	// Hello, world
}
