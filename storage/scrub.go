package storage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"inkling/crdt"
)

// The scrub reads again what was written long ago, and compares it with its checksums: a disk may lose or alter bytes without a word, and what nobody
// reads nobody misses until the last backup is overwritten with it. It goes over the rows of table change and then over the blocks, by
// id, a slice at a time, and remembers where it is. A slice is one short query of at most pageBytes, so nobody waits for it. Rows and blocks that
// compaction removes meanwhile were read by that. What is found is remembered until a later pass finds it sound.
// Whether a row is missing, or lies at another place than its own, [Library.Check] finds.

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
	Schema bool      // the tables were compared with what they should be in this pass
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

// scrubOf recalls where the scrub is. What is damaged or cannot be understood counts as none.
func (l *Library) scrubOf() (*scrub, error) {
	if l.scrub != nil {
		return l.scrub, nil
	}
	value, err := l.State(crdt.DocID{}, scrubKey)
	if err != nil && !errors.As(orDamage(err), new(damage)) {
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
		case !s.Schema:
			step = s.schema
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

// schema compares the tables themselves.
func (s *scrub) schema(_ context.Context, l *Library) (n int64, found []Fault, err error) {
	err = l.checkSchema()
	var d damage
	if errors.As(err, &d) {
		found, err = []Fault{{What: string(d)}}, nil
	}
	s.Schema = err == nil
	return 0, found, err
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
