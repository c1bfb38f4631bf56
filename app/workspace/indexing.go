package workspace

import (
	"sync"
	"time"

	"inkling/crdt"
)

// resting says which documents were written in, and indexes each when it has rested.
type resting struct {
	mu   sync.Mutex
	due  map[crdt.DocID]time.Time
	wake chan struct{} // holds one: something has become due earlier
	lost bool          // all documents are to be looked at
	done chan struct{} // closed when keepIndex has ended; nil when it was not started
}

func newResting() resting {
	return resting{due: map[crdt.DocID]time.Time{}, wake: make(chan struct{}, 1)}
}

// note has a document indexed at a time, and not before.
func (r *resting) note(id crdt.DocID, at time.Time) {
	r.mu.Lock()
	r.due[id] = at
	r.mu.Unlock()
	r.rouse()
}

// anew has all documents looked at.
func (r *resting) anew() {
	r.mu.Lock()
	r.lost = true
	r.mu.Unlock()
	r.rouse()
}

// takeLost says whether all documents are to be looked at, once.
func (r *resting) takeLost() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	lost := r.lost
	r.lost = false
	return lost
}

func (r *resting) rouse() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// noteClosed has a document indexed now, if that is still to do.
func (r *resting) noteClosed(id crdt.DocID, now time.Time) {
	r.mu.Lock()
	_, written := r.due[id]
	r.mu.Unlock()
	if written {
		r.note(id, now)
	}
}

// take returns the documents that are due now, and in what time the next one is; a long time when there is none.
func (r *resting) take(now time.Time) (list []crdt.DocID, next time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	next = time.Hour
	for id, at := range r.due {
		if left := at.Sub(now); left > 0 {
			next = min(next, left)
			continue
		}
		list = append(list, id)
		delete(r.due, id)
	}
	return list, next
}

// all returns the documents that were written in and are not indexed yet.
func (r *resting) all() []crdt.DocID {
	list, _ := r.take(time.Now().Add(time.Hour))
	return list
}

// keepIndex indexes what lags at start, and then each document that has rested, until the workspace is closed.
func (w *Workspace) keepIndex() {
	if reason := w.lib.IndexRenewed(); reason != "" {
		w.log.Error("what documents are found by was damaged and is made anew from their texts; nothing else was", "damage", reason)
	}
	w.resting.anew()
	for {
		list, next := w.resting.take(w.now())
		if w.resting.takeLost() {
			if err := w.CatchUp(w.life); err != nil && w.life.Err() == nil {
				w.log.Error("not all documents can be found", "err", err)
			}
			w.events.tell(IndexChanged{})
		}
		for _, id := range list {
			w.indexOrLog(id)
		}
		if len(list) > 0 {
			w.events.tell(IndexChanged{})
		}
		timer := time.NewTimer(next)
		select {
		case <-w.life.Done():
			timer.Stop()
			return
		case <-w.resting.wake:
			timer.Stop()
		case <-timer.C:
		}
	}
}

// endIndex indexes what has been written since, unless the disk refuses: then the next start does.
func (w *Workspace) endIndex() {
	if w.resting.done == nil {
		return
	}
	<-w.resting.done
	if _, err := w.lib.Trouble(); err != nil {
		return
	}
	for _, id := range w.resting.all() {
		w.indexOrLog(id)
	}
}

func (w *Workspace) indexOrLog(id crdt.DocID) {
	err := w.index(id)
	if isDamaged(err) {
		err = w.CatchUp(w.life) // finds it damaged, too, or does all
	}
	if err != nil && w.life.Err() == nil {
		w.log.Error("a document cannot be found by what it says now", "doc", id, "err", err)
	}
}
