package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"hash"

	"inkling/crdt"
)

// blocks reads a part of the block that is due.
func (s *scrub) blocks(ctx context.Context, l *Library) (n int64, found []Fault, err error) {
	at := s.at
	if at == nil || at.block.id <= s.Block {
		if at, err = l.nextBlock(ctx, s.Block); err != nil {
			s.at = nil
			return s.noBlock(at, err)
		}
	}
	s.at = at
	n, problem := at.read(ctx, l.readers)
	switch {
	case problem == nil && at.bytes < at.block.length:
		return n, nil, nil
	case problem == nil && at.whole() != at.block.hash:
		problem = errChecksum
	case isDatabaseError(problem) && !errors.As(orDamage(problem), new(damage)), ctx.Err() != nil:
		return n, nil, problem
	}
	s.at, s.Block = nil, at.block.id
	if problem == nil || at.gone(ctx, l) {
		return n, nil, nil
	}
	return n, []Fault{{at.doc, at.title, fmt.Sprintf("%s: %v", blockName(at.block), problem)}}, nil
}

// noBlock goes on behind an entry in the list of blocks that could not be read.
func (s *scrub) noBlock(at *blockReading, problem error) (n int64, found []Fault, err error) {
	switch {
	case errors.Is(problem, errPassed):
		s.Blocks = true
	case isDatabaseError(problem) && !errors.As(orDamage(problem), new(damage)), errors.Is(problem, context.Canceled), errors.Is(problem, context.DeadlineExceeded):
		return 0, nil, problem
	case isDatabaseError(problem) || at.block.id <= s.Block:
		s.Blocks, found = true, []Fault{{What: "the list of blocks cannot be read: " + problem.Error()}}
	default:
		s.Block, found = at.block.id, []Fault{{at.doc, at.title, "what says where one of its blocks is: " + problem.Error()}}
	}
	return 0, found, nil
}

// blockName says what is lost with a block.
func blockName(b *block) string {
	switch b.kind {
	case baseKind:
		return fmt.Sprintf("its first %d changes, which are kept as one block", b.upto)
	case successorKind:
		return fmt.Sprintf("a block that is to take the place of %d changes (nothing is lost with it)", b.upto)
	}
	return "what lets it open faster (nothing is lost with it)"
}

const nextBlockSQL = `SELECT block.id, block.doc, block.kind, block.upto, block.weight, block.length, block.hash FROM block WHERE block.id > ? ORDER BY block.id LIMIT 1`

// blockReading is a block, read as far as a part.
type blockReading struct {
	block *block
	doc   crdt.DocID
	title string
	part  int64
	bytes int64
	one   [32]byte  // the hash of the part that was read last
	sum   hash.Hash // of all, where there are several
}

// whole returns the hash of all parts, which were read.
func (at *blockReading) whole() (sum [32]byte) {
	if at.part == 1 {
		return at.one
	}
	at.sum.Sum(sum[:0])
	return sum
}

// nextBlock returns the block behind an id, with an error as much of it as could be read.
func (l *Library) nextBlock(ctx context.Context, after int64) (*blockReading, error) {
	at := &blockReading{block: &block{}, sum: sha256.New()}
	var doc int64
	var sum []byte
	b := at.block
	err := l.readers.QueryRowContext(ctx, nextBlockSQL, after).Scan(&b.id, &doc, &b.kind, &b.upto, &b.weight, &b.length, &sum)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return at, errPassed
	case err == nil && b.id <= after:
		return at, errDisorder
	case err == nil:
		err = fill(b.hash[:], sum, "hash")
	}
	f := l.fault(doc, "")
	at.doc, at.title = f.Doc, f.Title
	return at, err
}

const scrubPartSQL = `SELECT checksum, body FROM block_part WHERE id = ?`

// read reads the next part. A part's checksum is the beginning of its SHA-256; a block of one part has that of the whole as its hash, so it is
// made once. Those of several parts are summed twice, or else a flipped bit in the block's own hash would not be found.
func (at *blockReading) read(ctx context.Context, db *sql.DB) (n int64, problem error) {
	rows, err := db.QueryContext(ctx, scrubPartSQL, at.block.id<<16|at.part)
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	if !rows.Next() {
		return 0, errors.Join(rows.Err(), errGone)
	}
	var sum, body sql.RawBytes
	if err := rows.Scan(&sum, &body); err != nil {
		return 0, err
	}
	if len(body) == 0 || int64(len(body)) > at.block.length-at.bytes {
		return 0, errChecksum
	}
	own := sha256.Sum256(body)
	if at.one = own; int64(len(body)) < at.block.length {
		at.sum.Write(body)
	}
	at.part++
	at.bytes += int64(len(body))
	if !bytes.Equal(own[:len(checksum{})], sum) {
		return int64(len(body)), errChecksum
	}
	return int64(len(body)), nil
}

// gone says whether the block is no longer there: another one took its place.
func (at *blockReading) gone(ctx context.Context, l *Library) bool {
	var there bool
	err := l.readers.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM block WHERE id = ? AND hash = ?)`, at.block.id, at.block.hash[:]).Scan(&there)
	return err == nil && !there
}
