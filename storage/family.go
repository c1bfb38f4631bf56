package storage

import (
	"database/sql"
	"errors"

	"inkling/crdt"
)

// family is a chain that forked: its rows, by where they end, without their bodies.
type family struct{ rows map[crdt.Head]link }

// link is one row of a family.
type link struct {
	place    int64
	seq      uint32
	previous crdt.Head // the zero one for a first row
}

// readForks returns the chains of a document that forked.
func readForks(db *sql.DB, id int64) ([]crdt.ReplicaID, error) {
	rows, err := db.Query(forksSQL, id)
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
SELECT id & 0xffffffff, seq, next_seq, previous, substr(hash, 1, 8) FROM change WHERE doc = ? AND replica = ? AND id <= ?`

// readFamily reads the rows of a chain up to t's end.
func readFamily(db *sql.DB, t *tail, r crdt.ReplicaID) (*family, error) {
	rows, err := db.Query(familySQL, t.id, r[:], t.last())
	if err != nil {
		return nil, err
	}
	f := &family{rows: map[crdt.Head]link{}}
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
		f.rows[h] = k
		return struct{}{}, err
	})
	return f, err
}

// heads returns the ends from which no row goes on.
func (f *family) heads() (ends []crdt.Head) {
	inner := make(map[crdt.Head]bool, len(f.rows))
	for _, k := range f.rows {
		inner[k.previous] = true
	}
	for h := range f.rows {
		if !inner[h] {
			ends = append(ends, h)
		}
	}
	return ends
}

// behind returns the rows that are at or before one of the given heads, and those of the heads that are not
// before another; they may be unknown.
func (f *family) behind(told []crdt.Head) (has map[crdt.Head]bool, ends []crdt.Head) {
	has = make(map[crdt.Head]bool, len(f.rows))
	before := make(map[crdt.Head]bool)
	for _, h := range told {
		at, known := f.rows[h]
		if !known {
			continue
		}
		before[at.previous] = true
		for ; known && !has[h]; at, known = f.rows[h] {
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
