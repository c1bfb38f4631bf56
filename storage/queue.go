package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math"
	"sync"
	"time"

	"inkling/crdt"
)

// Limits of the queue of writes.
const (
	// maxQueued is how many bytes of changes may wait for the disk. When the disk
	// is full, that is what a person may still type.
	maxQueued = 64 << 20
	// maxQueuedRemote is how short the queue must be for remote changes to enter,
	// so that local ones never stand behind much.
	maxQueuedRemote = 256 << 10
	// jobCost is counted for each job besides its bodies.
	jobCost = 256
)

// ErrFull says that the disk has refused for so long that [maxQueued] bytes wait
// for it. Nothing more is taken until it gives way.
var ErrFull = errors.New("storage: too much is waiting to be saved; free space on the disk, or save a copy elsewhere")

// job is one write waiting for its turn: changes of a document (then write is
// nil), or another write, which somebody waits for.
type job struct {
	doc     crdt.DocID
	changes []*crdt.Change
	title   string
	now     time.Time
	done    func(error)
	cost    int

	write func(*sql.DB) error // of the writer's connection
	reply chan error          // holds one

	err error // what done will be told
}

// queue holds jobs in the order of calls. The writer takes them in groups from its
// front, and puts a group that failed back there. A second goroutine, tell, calls
// the done functions, so that a slow one keeps no commit waiting.
type queue struct {
	mu      sync.Mutex
	jobs    []*job
	bytes   int       // cost of all jobs whose done has not returned
	writes  int       // how many jobs are other writes
	nextAt  time.Time // not before then is the next group begun, unless hurried
	pause   time.Duration
	since   time.Time // of the first failure since a success
	failure error
	closed  bool
	lost    int // jobs given up at close

	wake    chan struct{} // holds one: something for the writer
	changed chan struct{} // closed and replaced when remote changes may try again

	finished []*job // to be told
	stopped  bool   // the writer has ended: nothing more comes to finished
	more     *sync.Cond
	told     chan struct{} // closed when tell has ended
}

func newQueue() *queue {
	q := &queue{wake: make(chan struct{}, 1), changed: make(chan struct{}), told: make(chan struct{})}
	q.more = sync.NewCond(&q.mu)
	return q
}

// add queues j, or refuses it when more than limit bytes would wait.
func (q *queue) add(j *job, limit int) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.addLocked(j, limit)
}

func (q *queue) addLocked(j *job, limit int) error {
	switch {
	case q.closed:
		return ErrClosed
	case q.bytes+j.cost > limit:
		return ErrFull
	}
	q.jobs = append(q.jobs, j)
	q.bytes += j.cost
	if j.write != nil {
		q.writes++
	}
	q.wakeWriter()
	return nil
}

// awaitRoom waits until the queue is short. While the disk refuses, there is no
// room for remote changes: the sender keeps them.
func (q *queue) awaitRoom(ctx context.Context) error {
	for {
		room, changed, err := q.room()
		if room || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// room says whether remote changes may enter; changed is closed when to ask again.
func (q *queue) room() (room bool, changed <-chan struct{}, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	switch {
	case q.closed:
		return false, nil, ErrClosed
	case q.failure != nil:
		return false, nil, fmt.Errorf("storage: nothing can be saved since %s: %w", q.since.Format(time.TimeOnly), q.failure)
	}
	return q.bytes < maxQueuedRemote, q.changed, nil
}

// write queues f and waits until it has committed what it does, or has failed.
func (q *queue) write(f func(*sql.DB) error) error {
	j := &job{write: f, reply: make(chan error, 1)} // its caller waits, so it costs nothing here
	if err := q.add(j, math.MaxInt); err != nil {
		return err
	}
	return <-j.reply
}

func (q *queue) wakeWriter() {
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

func (q *queue) raiseChanged() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// close takes no more jobs. What it returns says, once all is told, what was given
// up.
func (q *queue) close() (givenUp func() error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	q.wakeWriter()
	q.raiseChanged()
	return func() error {
		q.mu.Lock()
		defer q.mu.Unlock()
		if q.lost == 0 {
			return nil
		}
		return fmt.Errorf("storage: %d groups of changes could not be saved: %w", q.lost, q.failure)
	}
}

func (q *queue) trouble() (since time.Time, err error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.since, q.failure
}
