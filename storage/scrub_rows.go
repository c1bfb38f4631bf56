package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// errDisorder says that SQLite gave a row that was not asked for: a damaged page leads it elsewhere.
const errDisorder damage = "rows are not in their order"

// scrubRowsSQL reads rows behind an id. What comes of the page is scanned as raw bytes.
const scrubRowsSQL = `
SELECT id, replica, seq, next_seq, previous, hash, signature, checksum, codec, body FROM change WHERE id > ? ORDER BY id LIMIT ?`

// rows reads a page of rows.
func (s *scrub) rows(ctx context.Context, l *Library) (n int64, found []Fault, err error) {
	rows, err := l.readers.QueryContext(ctx, scrubRowsSQL, s.Change, pageRows)
	if err == nil {
		n, found, err = s.readRows(l, rows)
	}
	if err != nil && errors.As(orDamage(err), new(damage)) {
		fault, err := s.leap(ctx, l)
		return n, append(found, fault), err
	}
	if err == nil && n == 0 {
		s.Rows = true
	}
	return n, found, err
}

func (s *scrub) readRows(l *Library, rows *sql.Rows) (n int64, found []Fault, err error) {
	defer rows.Close()
	var buffer rowBuffer
	for n < pageBytes && rows.Next() {
		id, size, problem := buffer.check(rows)
		if isDatabaseError(problem) {
			return n, found, problem
		}
		if id <= s.Change { // or else it might go round for ever
			return n, found, errDisorder
		}
		s.Change = id
		n += size
		if problem != nil {
			found = append(found, l.fault(id>>32, fmt.Sprintf("the change at place %d of its journal: %v", id&0xffffffff, problem)))
		}
	}
	return n, found, rows.Err()
}

// rowBuffer keeps the memory in which rows are read.
type rowBuffer struct {
	replica, previous, hash, signature, checksum, body sql.RawBytes
}

// check reads the row that is due and compares it with its checksum.
func (b *rowBuffer) check(rows *sql.Rows) (id, size int64, problem error) {
	var c stored
	if err := rows.Scan(&id, &b.replica, &c.Seq, &c.Next, &b.previous, &b.hash, &b.signature, &b.checksum, &c.codec, &b.body); err != nil {
		return id, rowOverhead, err
	}
	problem = errors.Join(fill(c.Replica[:], b.replica, "replica"), fill(c.Hash[:], b.hash, "hash"), fill(c.checksum[:], b.checksum, "checksum"))
	if b.previous != nil {
		problem = errors.Join(problem, fill(c.Previous[:], b.previous, "previous"))
	}
	c.Signature, c.Body = b.signature, b.body
	if problem == nil {
		problem = c.check()
	}
	return id, int64(len(b.body)) + rowOverhead, problem
}

// rowOverhead is about what a row takes besides its body, in bytes.
const rowOverhead = 160

// leap moves over rows that SQLite cannot read, to where it can again, and says what was skipped.
func (s *scrub) leap(ctx context.Context, l *Library) (Fault, error) {
	from := s.Change
	fault := l.fault((from+1)>>32, fmt.Sprintf("rows behind place %d of its journal are on a damaged page", from&0xffffffff))
	readable := func(after int64) (id int64, err error) {
		err = l.readers.QueryRowContext(ctx, `SELECT id FROM change WHERE id > ? ORDER BY id LIMIT 1`, after).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			return 1<<63 - 1, nil
		}
		if err == nil && id <= after {
			err = errDisorder
		}
		return id, err
	}
	for step := int64(1); ; step *= 2 {
		after := from + step
		if after < from { // over the end of all numbers
			after = 1<<63 - 2
		}
		id, err := readable(after)
		switch {
		case err == nil && id == 1<<63-1:
			s.Change, s.Rows = id-1, true
			return fault, nil
		case err == nil:
			s.Change = id - 1
			return fault, nil
		case !errors.As(orDamage(err), new(damage)):
			return fault, err
		case after == 1<<63-2:
			s.Change, s.Rows = after, true
			return fault, nil
		}
	}
}
