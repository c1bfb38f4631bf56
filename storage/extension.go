package storage

import (
	"database/sql"
	"slices"

	"inkling/crdt"
)

// extension is changes on their way into a document's journal, in a transaction that has
// all that went there before them.
type extension struct {
	tx      *sql.Tx
	tail    *tail // of the journal with fresh
	fresh   []*crdt.Change
	forked  []crdt.ReplicaID         // chains that fork with fresh
	archive func() (*archive, error) // of the base
}

// add takes c, unless the journal has it. When c does not go on from a change there, e stays as it
// is and a [*SeqError] is returned, or a [*BlockError] when that cannot be told; other errors are the database's.
func (e *extension) add(c *crdt.Change) error {
	ends := e.tail.heads[c.Replica]
	if at := slices.Index(ends, previousOf(c)); at >= 0 {
		ends = slices.Clone(ends)
		ends[at] = headOf(c)
		e.take(c, ends)
		return nil
	}
	joins := c.Seq == 0 && c.Previous == (crdt.Stamp{})
	if len(ends) == 0 && joins {
		e.take(c, []crdt.Head{headOf(c)})
		return nil
	}
	if known, err := e.knows(c); known || err != nil {
		return err
	}
	if !joins {
		var err error
		if joins, err = e.hasEnd(previousOf(c)); err != nil {
			return err
		}
	}
	if !joins {
		return &SeqError{Replica: c.Replica, Seq: c.Seq, WantSeq: furthest(ends)}
	}
	e.forked = append(e.forked, c.Replica)
	e.take(c, append(slices.Clip(ends), headOf(c)))
	return nil
}

// take makes c the last change, with which its chain ends at the given heads.
func (e *extension) take(c *crdt.Change, ends []crdt.Head) {
	e.tail.heads[c.Replica] = ends
	e.tail.place++
	e.fresh = append(e.fresh, c)
}

const knowsSQL = `SELECT EXISTS (SELECT 1 FROM change WHERE doc = ? AND replica = ? AND seq = ? AND hash = ?)`

// knows says whether the journal has c.
func (e *extension) knows(c *crdt.Change) (known bool, err error) {
	for _, other := range e.fresh {
		if other.Hash == c.Hash {
			return true, nil
		}
	}
	err = e.tx.QueryRow(knowsSQL, e.tail.id, c.Replica[:], c.Seq, c.Hash[:]).Scan(&known)
	if known || err != nil || !e.mayBeOld(headOf(c)) {
		return known, err
	}
	a, err := e.archive()
	return err == nil && a.knows(c), err
}

// mayBeOld says whether the base may have a change that ends at h. The archive, which can tell, is seldom asked for: by
// who appends again what is old, and where a chain forks in the base.
func (e *extension) mayBeOld(h crdt.Head) bool {
	ends := e.tail.baseHeads()[h.Replica]
	return len(ends) > 0 && h.Next <= furthest(ends)
}

const hasEndSQL = `
SELECT EXISTS (SELECT 1 FROM change
        WHERE doc = ?1 AND replica = ?2 AND seq < ?3 AND next_seq = ?3 AND substr(hash, 1, 8) = ?4 ORDER BY seq DESC)`

// hasEnd says whether the journal has a change that ends at h. O(changes of the chain) if not.
func (e *extension) hasEnd(h crdt.Head) (has bool, err error) {
	for _, c := range e.fresh {
		if headOf(c) == h {
			return true, nil
		}
	}
	err = e.tx.QueryRow(hasEndSQL, e.tail.id, h.Replica[:], h.Next, h.Stamp[:]).Scan(&has)
	if has || err != nil || !e.mayBeOld(h) {
		return has, err
	}
	a, err := e.archive()
	return err == nil && a.find(h) > 0, err
}

// furthest returns the greatest Seq behind one of the heads, 0 when there is none.
func furthest(ends []crdt.Head) (next uint32) {
	for _, h := range ends {
		next = max(next, h.Next)
	}
	return next
}
