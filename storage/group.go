package storage

import (
	"slices"
	"time"
)

// How the writer takes jobs from the queue.
const (
	// groupBytes is how many bytes of changes one transaction takes. That many
	// waiting are committed without waiting for groupTime.
	groupBytes = 4 << 20
	// groupTime is the time from one group to the next while there is always
	// something to commit. It cuts what is written to disk to about a quarter.
	groupTime = 50 * time.Millisecond
	// spareGroups is how many groups may begin sooner after a quieter time. People
	// type below 20 keys a second: with some to spare hardly a key of two who type
	// at once waits, and on the average as few groups are written.
	spareGroups = 3
	// firstRetry and lastRetry bound the pause, doubled each time, after a group
	// that the disk refused.
	firstRetry = 250 * time.Millisecond
	lastRetry  = 5 * time.Second
)

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
	q.count(now)
	return q.take(), 0
}

// count says when the next group may begin, now that one does. However many were hurried, it is groupTime from now at the latest,
// or when it was, where the disk refuses.
func (q *queue) count(now time.Time) {
	if earliest := now.Add(-spareGroups * groupTime); q.nextAt.Before(earliest) {
		q.nextAt = earliest
	}
	if now.After(q.nextAt) {
		q.nextAt = q.nextAt.Add(groupTime)
	} else if soon := now.Add(groupTime); q.nextAt.Before(soon) {
		q.nextAt = soon
	}
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

// stop says that the writer has ended.
func (q *queue) stop() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.stopped = true
	q.more.Signal()
}
