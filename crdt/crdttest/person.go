package crdttest

import (
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"

	"inkling/crdt"
)

// Person is somebody with one device and one copy of a document.
type Person struct {
	Name   string
	Key    ed25519.PrivateKey
	Author crdt.Author
}

// NewPerson returns the person of a name: the same name, the same keys.
func NewPerson(name string) Person {
	seed := sha256.Sum256([]byte("device of " + name))
	p := Person{Name: name, Key: ed25519.NewKeyFromSeed(seed[:])}
	copy(p.Author.Device[:], p.Key.Public().(ed25519.PublicKey))
	return p.Again(1)
}

// People returns n persons.
func People(n int) []Person {
	people := make([]Person, n)
	for i := range people {
		people[i] = NewPerson(fmt.Sprintf("person %d", i))
	}
	return people
}

// Again returns p with the nth copy of the document on the same device; NewPerson
// gives the first.
func (p Person) Again(n int) Person {
	nonce := sha256.Sum256(fmt.Appendf(nil, "copy %d of %s", n, p.Name))
	copy(p.Author.Nonce[:], nonce[:])
	return p
}

// Genesis returns the start of a document that p creates.
func (p Person) Genesis() crdt.Genesis {
	g := crdt.Genesis{Creator: p.Author.Device}
	random := sha256.Sum256([]byte("document of " + p.Name))
	copy(g.Random[:], random[:])
	return g
}

// Flush ends the local edits of d, signs them with p's key, and returns them.
func (p Person) Flush(d *crdt.Doc) []*crdt.Change {
	b := d.Flush()
	if b.Empty() {
		return nil
	}
	changes := b.Seal(p.Key)
	d.Sealed(changes)
	return changes
}

// Frames returns changes as they travel.
func Frames(changes []*crdt.Change) [][]byte {
	frames := make([][]byte, len(changes))
	for i, c := range changes {
		frames[i] = c.AppendFrame(nil)
	}
	return frames
}
