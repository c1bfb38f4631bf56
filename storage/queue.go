package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
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
	// groupBytes is how many bytes of changes one transaction takes. That many
	// waiting are committed without waiting for groupTime.
	groupBytes = 4 << 20
	// groupTime is how long after a group was begun the next one is. It cuts what
	// is written to disk to about a quarter and is not noticed: nobody waits for it.
	groupTime = 50 * time.Millisecond
	// jobCost is counted for each job besides its bodies.
	jobCost = 256
	// firstRetry and lastRetry bound the pause, doubled each time, after a group
	// that the disk refused.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
)

// ErrFull says that the disk has refused for so long that [maxQueued] bytes wait
// for it. Nothing more is taken until it gives way.
var ErrFull = errors.New("storage: too much is waiting to be saved; free space on the disk, or save a copy elsewhere")

// job is one write waiting for its turn: changes of a document (then write is
// nil), or another write, which somebody waits for.
type job struct {
	doc   crdt.DocID
	rows  []row
	title string
	now   time.Time
	done  func(error)
	cost  int

	write func(*sql.Tx) error
	reply chan error // holds one

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

// addRemote queues j as soon as the queue is short. While the disk refuses, remote
// changes are refused too: the sender keeps them.
func (q *queue) addRemote(ctx context.Context, j *job) error {
	for {
		q.mu.Lock()
		if q.failure != nil {
			defer q.mu.Unlock()
			return fmt.Errorf("storage: nothing can be saved since %s: %w", q.since.Format(time.TimeOnly), q.failure)
		}
		if q.closed || q.bytes < maxQueuedRemote {
			defer q.mu.Unlock()
			return q.addLocked(j, maxQueued)
		}
		changed := q.changed
		q.mu.Unlock()
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
}

// write queues f and waits until it is committed or has failed.
func (q *queue) write(f func(*sql.Tx) error) error {
	j := &job{write: f, reply: make(chan error, 1)} // its caller waits, so it costs nothing here
	if err := q.add(j, int(^uint(0)>>1)); err != nil {
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

// next waits for the next group: changes, or one other write. It returns nil when
// the queue is closed and empty.
func (q *queue) next() []*job {
	for {
		group, wait := q.due(time.Now())
		switch {
		case wait == 0:
			return group
		case wait < 0:
			<-q.wake
		default:
			timer := time.NewTimer(wait)
			select {
			case <-q.wake:
			case <-timer.C:
			}
			timer.Stop()
		}
	}
}

// due returns the group to commit now (wait 0; nil at the end), or how long to
// wait for it; negative: until woken.
func (q *queue) due(now time.Time) (group []*job, wait time.Duration) {
	q.mu.Lock()
	defer q.mu.Unlock()
	hurry := q.closed || q.writes > 0 || q.failure == nil && q.bytes >= groupBytes
	switch {
	case len(q.jobs) == 0 && q.closed:
		return nil, 0
	case len(q.jobs) == 0:
		return nil, -1
	case !hurry && now.Before(q.nextAt):
		return nil, q.nextAt.Sub(now)
	}
	q.nextAt = now.Add(groupTime)
	return q.take(), 0
}

func (q *queue) take() []*job {
	n := 1
	if q.jobs[0].write != nil {
		q.writes--
	} else {
		for bytes := q.jobs[0].cost; n < len(q.jobs) && q.jobs[n].write == nil; n++ {
			if bytes += q.jobs[n].cost; bytes > groupBytes {
				break
			}
		}
	}
	group := slices.Clone(q.jobs[:n])
	q.jobs = slices.Delete(q.jobs, 0, n)
	return group
}

// committed says that group is on disk, but for those jobs of it that have an err.
func (q *queue) committed(group []*job) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if group[0].write == nil {
		q.failure, q.since, q.pause = nil, time.Time{}, 0
		q.raiseChanged()
	}
	q.finish(group)
}

// refused says that the database refused group. Changes go back to the front, to be
// tried again after a pause; other writes, whose callers wait, fail with err. Once
// the library is closing nobody will try again.
func (q *queue) refused(group []*job, err error, now time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if group[0].write != nil {
		group[0].err = err
		q.finish(group)
		return
	}
	if q.failure == nil {
		q.since = now
	}
	q.failure = err
	q.pause = min(max(2*q.pause, firstRetry), lastRetry)
	q.nextAt = now.Add(q.pause)
	q.jobs = slices.Concat(group, q.jobs)
	q.raiseChanged()
	q.giveUp(err)
}

// giveUp ends the jobs that cannot wait for the disk: other writes, and at closing
// all.
func (q *queue) giveUp(err error) {
	waiting := q.jobs[:0:0]
	for _, j := range q.jobs {
		if j.write == nil && !q.closed {
			waiting = append(waiting, j)
			continue
		}
		if j.write == nil {
			q.lost++
		}
		j.err = err
		q.finish([]*job{j})
	}
	q.jobs, q.writes = waiting, 0
}

// finish hands group to those who wait for it.
func (q *queue) finish(group []*job) {
	if group[0].write != nil {
		group[0].reply <- group[0].err
		return
	}
	q.finished = append(q.finished, group...)
	q.more.Signal()
}

// tell calls the done functions of finished jobs, one after the other, until the
// writer has ended.
func (q *queue) tell() {
	defer close(q.told)
	q.mu.Lock()
	defer q.mu.Unlock()
	for {
		for len(q.finished) == 0 && !q.stopped {
			q.more.Wait()
		}
		if len(q.finished) == 0 {
			return
		}
		group := q.finished
		q.finished = nil
		for _, j := range group {
			q.mu.Unlock()
			j.done(j.err)
			q.mu.Lock()
			q.bytes -= j.cost
		}
		q.raiseChanged()
	}
}

func (q *queue) raiseChanged() {
	close(q.changed)
	q.changed = make(chan struct{})
}

// stop says that the writer has ended.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.more.Signal()
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
