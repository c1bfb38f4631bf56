package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"inkling/crdt"
)

// prove says whether a block holds just what it is to stand for: the changes of the base, for which where they end is
// compared, because the hashes there cover all of them, and then the rows, byte for byte; and nothing in it is forged.
func (c *compaction) prove(ctx context.Context, body []byte, upto int64) (*archive, error) {
	d, err := loadBlock(c.doc, body)
	if err != nil {
		return nil, err
	}
	if err := d.Verify(); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	a := unpack(d, [32]byte{})
	old := c.tail.block().covers()
	if int64(len(a.changes)) != upto || int64(len(c.rows)) != upto-old {
		return nil, fmt.Errorf("a block of %d changes for %d in a block and %d rows", len(a.changes), old, len(c.rows))
	}
	for i, row := range c.rows {
		if err := sameChange(a.changes[old+int64(i)], row); err != nil {
			return nil, fmt.Errorf("the change at place %d: %w", old+int64(i)+1, err)
		}
	}
	if !sameEnds(d.Heads(), c.ends()) {
		return nil, errors.New("its chains do not end where those of the journal do")
	}
	return a, nil
}

// ends returns where the chains of the base and the rows end.
func (c *compaction) ends() []crdt.Head {
	ends := map[crdt.Head]bool{}
	for _, h := range c.tail.baseHeads().list() {
		ends[h] = true
	}
	for _, row := range c.rows {
		delete(ends, previousOf(row))
		ends[headOf(row)] = true
	}
	var list []crdt.Head
	for h := range ends {
		list = append(list, h)
	}
	return list
}

// sameChange says in what a change out of a block differs from its row. It may have no signature.
func sameChange(is, row *crdt.Change) error {
	switch {
	case is.Replica != row.Replica || is.Seq != row.Seq || is.Next != row.Next || is.Hash != row.Hash || is.Previous != row.Previous:
		return fmt.Errorf("it is at %d of replica %s, and should be at %d of replica %s", is.Seq, is.Replica, row.Seq, row.Replica)
	case !bytes.Equal(is.Body, row.Body) || is.Signature != nil && !bytes.Equal(is.Signature, row.Signature):
		return fmt.Errorf("at %d of replica %s it has other bytes than its row", row.Seq, row.Replica)
	}
	return nil
}

// sameEnds says whether both lists have the same, in any order.
func sameEnds(list, other []crdt.Head) bool {
	return len(list) == len(other) && containsAll(list, other) && containsAll(other, list)
}
