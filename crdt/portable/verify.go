package portable

import (
	"crypto/ed25519"
	"errors"
	"fmt"

	"inkling/crdt"
)

// verify makes the document of what was read and returns its parcel, if that is just what was read.
func (r *content) verify() (*Parcel, error) {
	doc, err := r.document()
	if err != nil {
		return nil, err
	}
	if err := doc.Verify(); err != nil {
		return nil, err
	}
	p := arrange(doc)
	if err := p.same(r.parcel); err != nil {
		return nil, err
	}
	return p, p.takeSignatures(r.parcel)
}

// document brings in the changes. Without a fork none has a hash but the last of each chain, and that is only claimed; the
// hashes are made later, all in one go. With one the stamps say what goes on from what, and Apply looks for that.
func (r *content) document() (*crdt.Doc, error) {
	doc := crdt.New(r.genesis)
	if r.parcel.forked {
		if _, err := doc.Apply(r.parcel.changes...); err != nil {
			return nil, err
		}
		if doc.Pending() > 0 {
			return nil, errors.New("changes build on others that are missing, or are not signed")
		}
		return doc, nil
	}
	for i, c := range r.parcel.changes {
		if _, err := doc.Load(c); err != nil {
			return nil, fmt.Errorf("change %d: %w", i, err)
		}
	}
	return doc, nil
}

// takeSignatures gives the changes of p the signatures of those of q, if these are right.
func (p *Parcel) takeSignatures(q *Parcel) error {
	devices := map[crdt.ReplicaID]crdt.DeviceKey{}
	for i, c := range p.changes {
		if a, opens := c.Author(); opens {
			devices[c.Replica] = a.Device
		}
		c.Signature = q.changes[i].Signature
		device := devices[c.Replica]
		if c.Signature != nil && !ed25519.Verify(device[:], c.Hash[:], c.Signature) {
			return fmt.Errorf("the signature of change %d is not its device's", i)
		}
	}
	return nil
}
