package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"inkling/crdt"
)

// The scrub reads again what was written long ago, and compares it with its checksums: a disk may lose or alter bytes without a word, and what nobody
// reads nobody misses until the last backup is overwritten with it. It goes over the rows of table change and then over the blocks, by
// id, a slice at a time, and remembers where it is. A slice is one short query of at most pageBytes, so nobody waits for it. Rows and blocks that
// compaction removes meanwhile were read by that. What is found is remembered until a later pass finds it sound.

const (
	// scrubKey is the state with where the scrub is and what it has found: JSON of scrubState.
	scrubKey = "scrub"
	// maxFaults is how many faults are remembered.
	maxFaults = 100
)

// Fault is something stored that is not what was written.
type Fault struct {
	Doc   crdt.DocID // zero: it is not known of which document
	Title string
	What  string // in plain words
}

func (f Fault) String() string {
	d := Document{ID: f.Doc, Title: f.Title}
	if f.Doc == (crdt.DocID{}) {
		return f.What
	}
	return fmt.Sprintf("document %q (%s): %s", d.name(), f.Doc, f.What)
}

// ScrubProgress says how far the scrub is.
type ScrubProgress struct {
	Bytes  int64     // that this call has read
	Passed time.Time // when the last pass over all ended; zero: none has
	Done   bool      // this call has ended a pass
}

// scrub is where the scrub is and what it has found.
type scrub struct {
	scrubState
	at      *blockReading // nil when no block is being read. It is not remembered: a block begins anew at the next start
	unsaved int64         // bytes that were read since the state was written
}

// scrubState is what is remembered.
type scrubState struct {
	Change int64     // id of the last row that was read in this pass
	Block  int64     // id of the last block; rows come first
	Rows   bool      // all rows were read in this pass
	File   int64     // id of the last part of an attached file, which come behind the blocks
	Blocks bool      // all blocks were read in this pass
	Passed time.Time // zero: no pass has ended yet
	Found  []Fault   // in this pass
	Before []Fault   // in the pass before
}

// scrubSaved is after how many bytes the place is written down, so that a kill costs reading as many again.
const scrubSaved = 64 << 20

// Scrub reads the next bytes, about as many as given and at most a page or part more, and returns what is not what was written. It ends
// where a pass ends, and the next call begins another. The error says that something could not be read or noted now; the next call goes on there.
func (l *Library) Scrub(ctx context.Context, budget int64, now time.Time) (p ScrubProgress, found []Fault, err error) {
	l.scrubbing.Lock()
	defer l.scrubbing.Unlock()
	s, err := l.scrubOf()
	if err != nil {
		return p, nil, err
	}
	found, err = s.run(ctx, l, budget, &p)
	s.unsaved += p.Bytes
	if p.Done = errors.Is(err, errPassed); p.Done {
		err = nil
		s.scrubState = scrubState{Passed: now, Before: s.Found}
	}
	p.Passed = s.Passed
	if l.queue != nil && (p.Done || len(found) > 0 || s.unsaved >= scrubSaved) {
		err = errors.Join(err, l.saveScrub(s))
	}
	if err != nil {
		err = fmt.Errorf("storage: scrub: %w", err)
	}
	return p, found, err
}

// Faults returns what the scrub has found in this pass and in the one before, and when the last pass ended; zero: none has.
func (l *Library) Faults() (faults []Fault, passed time.Time, err error) {
	l.scrubbing.Lock()
	defer l.scrubbing.Unlock()
	s, err := l.scrubOf()
	if err != nil {
		return nil, time.Time{}, err
	}
	for _, f := range slices.Concat(s.Found, s.Before) {
		if !slices.Contains(faults, f) {
			faults = append(faults, f)
		}
	}
	return faults, s.Passed, nil
}

// scrubOf recalls where the scrub is. What cannot be understood counts as none.
func (l *Library) scrubOf() (*scrub, error) {
	if l.scrub != nil {
		return l.scrub, nil
	}
	value, err := l.State(crdt.DocID{}, scrubKey)
	if err != nil {
		return nil, err
	}
	s := &scrub{}
	if json.Unmarshal(value, &s.scrubState) != nil {
		s.scrubState = scrubState{}
	}
	l.scrub = s
	return s, nil
}

func (l *Library) saveScrub(s *scrub) error {
	value, err := json.Marshal(s.scrubState)
	if err == nil {
		err = l.SetState(crdt.DocID{}, scrubKey, value)
	}
	if err == nil {
		s.unsaved = 0
	}
	return err
}

// errPassed says that there is nothing left to read.
var errPassed = errors.New("all was read")

// run reads slices until the budget is spent.
func (s *scrub) run(ctx context.Context, l *Library, budget int64, p *ScrubProgress) (found []Fault, err error) {
	add := func(f ...Fault) {
		found = append(found, f...)
		s.Found = append(s.Found, f[:min(len(f), max(0, maxFaults-len(s.Found)))]...)
	}
	for p.Bytes < budget {
		if err := ctx.Err(); err != nil {
			return found, err
		}
		step := s.rows
		switch {
		case s.Blocks:
			step = s.files
		case s.Rows:
			step = s.blocks
		}
		n, faults, err := step(ctx, l)
		p.Bytes += n
		add(faults...)
		if err != nil {
			return found, err
		}
	}
	return found, nil
}

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
		if errors.As(problem, new(*scanError)) {
			return n, found, problem
		}
		s.Change = id
		n += size
		if problem != nil {
			found = append(found, l.fault(id>>32, fmt.Sprintf("the change at place %d of its journal: %v", id&0xffffffff, problem)))
		}
	}
	return n, found, rows.Err()
}

// scanError says that a row could not be read at all.
type scanError struct{ error }

func (e *scanError) Unwrap() error { return e.error }

// rowBuffer keeps the memory in which rows are read.
type rowBuffer struct {
	replica, previous, hash, signature, checksum, body sql.RawBytes
}

// check reads the row that is due and compares it with its checksum.
func (b *rowBuffer) check(rows *sql.Rows) (id, size int64, problem error) {
	var c stored
	if err := rows.Scan(&id, &b.replica, &c.Seq, &c.Next, &b.previous, &b.hash, &b.signature, &b.checksum, &c.codec, &b.body); err != nil {
		return 0, 0, &scanError{err}
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

// blocks reads a part of the block that is due.
func (s *scrub) blocks(ctx context.Context, l *Library) (n int64, found []Fault, err error) {
	at := s.at
	if at == nil || at.block.id <= s.Block {
		if at, err = l.nextBlock(ctx, s.Block); err != nil {
			s.at = nil
			switch {
			case errors.Is(err, errPassed):
				s.Blocks, err = true, nil
			case errors.As(orDamage(err), new(damage)):
				s.Blocks, found, err = true, []Fault{{What: "the list of blocks cannot be read: " + err.Error()}}, nil
			}
			return 0, found, err
		}
	}
	s.at = at
	n, problem := at.read(ctx, l.readers)
	switch {
	case problem == nil && at.bytes < at.block.length:
		return n, nil, nil
	case problem == nil && !bytes.Equal(at.sum.Sum(nil), at.block.hash[:]):
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

const nextBlockSQL = `SELECT block.doc, block.id, block.kind, block.upto, block.weight, block.length, block.hash FROM block WHERE block.id > ? ORDER BY block.id LIMIT 1`

// blockReading is a block, read as far as a part.
type blockReading struct {
	block *block
	doc   crdt.DocID
	title string
	part  int64
	bytes int64
	sum   hash.Hash
}

func (l *Library) nextBlock(ctx context.Context, after int64) (*blockReading, error) {
	at := &blockReading{block: &block{}, sum: sha256.New()}
	var doc int64
	var sum []byte
	b := at.block
	err := l.readers.QueryRowContext(ctx, nextBlockSQL, after).Scan(&doc, &b.id, &b.kind, &b.upto, &b.weight, &b.length, &sum)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, errPassed
	}
	if err == nil {
		err = fill(b.hash[:], sum, "hash")
	}
	f := l.fault(doc, "")
	at.doc, at.title = f.Doc, f.Title
	return at, err
}

const scrubPartSQL = `SELECT checksum, body FROM block_part WHERE id = ?`

// read reads the next part. A part's checksum is the beginning of its SHA-256; a block of one part has that of the whole as its hash, so it is
// made once.
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
	var own [32]byte
	if int64(len(body)) == at.block.length {
		at.sum.Write(body)
		at.sum.Sum(own[:0])
	} else {
		whole := make(chan struct{})
		go func() { // the two sums side by side
			at.sum.Write(body)
			close(whole)
		}()
		own = sha256.Sum256(body)
		<-whole
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

// fault names the document with a number.
func (l *Library) fault(number int64, what string) Fault {
	f := Fault{What: what}
	var name []byte
	err := l.readers.QueryRow(`SELECT doc.name, coalesce(listing.title, '') FROM doc LEFT JOIN listing ON listing.doc = doc.id WHERE doc.id = ?`, number).
		Scan(&name, &f.Title)
	if err != nil || fill(f.Doc[:], name, "name") != nil {
		f.Doc, f.Title, f.What = crdt.DocID{}, "", fmt.Sprintf("document number %d: %s", number, what)
	}
	return f
}

const scrubFilesSQL = `SELECT id, checksum, body FROM attachment_part WHERE id > ? ORDER BY id LIMIT 1`

// files reads a part of an attached file. The hash of a whole file is compared by who reads it ([Library.Attachment]) and by [Library.Check].
func (s *scrub) files(ctx context.Context, l *Library) (n int64, found []Fault, err error) {
	var id int64
	var sum, body []byte
	err = l.readers.QueryRowContext(ctx, scrubFilesSQL, s.File).Scan(&id, &sum, &body)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil, errPassed
	case errors.As(orDamage(err), new(damage)):
		return 0, []Fault{{What: "parts of attached files are on a damaged page: " + err.Error()}}, errPassed
	case err != nil:
		return 0, nil, err
	}
	s.File = id
	own := sha256.Sum256(body)
	if !bytes.Equal(own[:len(checksum{})], sum) {
		found = []Fault{{What: l.fileName(ctx, id>>16)}}
	}
	return int64(len(body)), found, nil
}

// fileName says which attached file is damaged, by a name that it is held by.
func (l *Library) fileName(ctx context.Context, id int64) string {
	var name, title string
	err := l.readers.QueryRowContext(ctx, `SELECT attached.name, coalesce(listing.title, '') FROM attached LEFT JOIN listing ON listing.doc = attached.doc
		 WHERE attached.attachment = ? LIMIT 1`, id).Scan(&name, &title)
	if err != nil {
		return fmt.Sprintf("an attached file (number %d): %v", id, errChecksum)
	}
	return fmt.Sprintf("the attached file %q of %q: %v", name, title, errChecksum)
}
