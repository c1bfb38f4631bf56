package storage

import (
	"context"
	"errors"

	"inkling/crdt"
)

// family is a chain that forked: its changes behind the base, or all, by where they end, without their bodies.
type family struct{ links map[crdt.Head]link }

// link is one change of a family.
type link struct {
	place    int64
	seq      uint32
	previous crdt.Head // the zero one for a chain's first
}

// readForks returns the chains of a document that forked.
func readForks(db querier, id int64) ([]crdt.ReplicaID, error) {
	rows, err := db.QueryContext(context.Background(), forksSQL, id)
	if err != nil {
		return nil, err
	}
	return collect(rows, func(scan func(...any) error) (r crdt.ReplicaID, err error) {
		var column []byte
		if err = scan(&column); err == nil {
			err = fill(r[:], column, "replica")
		}
		return r, err
	})
}

const familySQL = `
SELECT id & 0xffffffff, seq, next_seq, previous, substr(hash, 1, 8) FROM change WHERE doc = ? AND replica = ? AND id BETWEEN ? AND ?`

// readFamily reads the rows of a chain behind t's base and up to its end.
func readFamily(db querier, t *tail, r crdt.ReplicaID) (*family, error) {
	rows, err := db.QueryContext(context.Background(), familySQL, t.id, r[:], t.first(), t.last())
	if err != nil {
		return nil, err
	}
	f := &family{links: map[crdt.Head]link{}}
	_, err = collect(rows, func(scan func(...any) error) (_ struct{}, err error) {
		var k link
		var previous, stamp []byte
		h := crdt.Head{Replica: r}
		if err = scan(&k.place, &k.seq, &h.Next, &previous, &stamp); err != nil {
			return struct{}{}, err
		}
		if previous != nil {
			k.previous = crdt.Head{Replica: r, Next: k.seq}
			err = fill(k.previous.Stamp[:], previous, "previous")
		}
		err = errors.Join(err, fill(h.Stamp[:], stamp, "stamp"))
		f.links[h] = k
		return struct{}{}, err
	})
	return f, err
}

// heads returns the ends from which no change of f goes on; base are ends of the chain in front of f.
func (f *family) heads(base []crdt.Head) (ends []crdt.Head) {
	inner := make(map[crdt.Head]bool, len(f.links))
	for _, k := range f.links {
		inner[k.previous] = true
	}
	for _, h := range base {
		if _, known := f.links[h]; !known && !inner[h] {
			ends = append(ends, h)
		}
	}
	for h := range f.links {
		if !inner[h] {
			ends = append(ends, h)
		}
	}
	return ends
}

// include adds the changes of a chain that are in an archive.
func (f *family) include(a *archive, r crdt.ReplicaID) {
	for _, place := range a.chains[r] {
		c := a.changes[place-1]
		f.links[headOf(c)] = link{int64(place), c.Seq, previousOf(c)}
	}
}

// reaches says whether all of the given ends in front of f are among the heads told, or before one in f that is.
func (f *family) reaches(ends, told []crdt.Head) bool {
	reached := map[crdt.Head]bool{}
	for _, h := range told {
		for at, known := f.links[h]; ; at, known = f.links[h] {
			if reached[h] = true; !known || reached[at.previous] {
				break
			}
			h = at.previous
		}
	}
	for _, h := range ends {
		if !reached[h] {
			return false
		}
	}
	return true
}

// behind returns the changes of f that are at or before one of the given heads, and those of the heads that are not
// before another; they may be unknown.
func (f *family) behind(told []crdt.Head) (has map[crdt.Head]bool, ends []crdt.Head) {
	has = make(map[crdt.Head]bool, len(f.links))
	before := make(map[crdt.Head]bool)
	for _, h := range told {
		at, known := f.links[h]
		if !known {
			continue
		}
		before[at.previous] = true
		for ; known && !has[h]; at, known = f.links[h] {
			has[h] = true
			h = at.previous
			before[h] = true
		}
	}
	for _, h := range told {
		if !before[h] {
			ends = append(ends, h)
		}
	}
	return has, ends
}
