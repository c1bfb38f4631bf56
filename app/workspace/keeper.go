package workspace

import (
	"context"
	"errors"
	"sync"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// keeperRest is how long nobody must have edited anything before the keeper begins, and how long it lets
// lie what it has begun, before it goes on with that.
const keeperRest = 20 * time.Second

// keeper compacts the library in the background: what was edited while the program rests, and what was closed. One
// goroutine, one document at a time, a step at a time; see storage's Compact for what a step is. Nobody waits for it
// but the end of the program, for the step that is being taken. Documents that nobody opens are left as they are.
type keeper struct {
	w    *Workspace
	wake chan struct{} // holds one: something new in due

	mu      sync.Mutex
	rest    time.Duration
	edited  time.Time // when the last edit was
	due     map[crdt.DocID]duty
	refused map[crdt.DocID]bool // what cannot be compacted; it is not tried again before the next start
}

// duty is what is to be done for a document.
type duty struct {
	pays storage.Effort
	from time.Time // not before
	rest bool      // and only while nobody edits
}

func newKeeper(w *Workspace) *keeper {
	return &keeper{
		w: w, wake: make(chan struct{}, 1), rest: keeperRest,
		due: map[crdt.DocID]duty{}, refused: map[crdt.DocID]bool{},
	}
}

// opened says that a document is in use.
func (k *keeper) opened(doc crdt.DocID) { k.want(doc, storage.WhenIdle, false) }

// wrote says that changes of a document were committed.
func (k *keeper) wrote(doc crdt.DocID) { k.want(doc, storage.WhenIdle, true) }

// closed says that a document is no longer in use.
func (k *keeper) closed(doc crdt.DocID) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.add(doc, duty{pays: storage.WhenClosing})
}

func (k *keeper) want(doc crdt.DocID, pays storage.Effort, edit bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	now := time.Now()
	if edit {
		k.edited = now
	}
	if _, known := k.due[doc]; !known {
		k.add(doc, duty{pays: pays, from: now.Add(k.rest), rest: true})
	}
}

// rested says whether nobody has edited anything for keeperRest.
func (k *keeper) rested(now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return !k.edited.Add(k.rest).After(now)
}

// add notes d, instead of what was noted. The caller holds k.mu.
func (k *keeper) add(doc crdt.DocID, d duty) {
	if k.refused[doc] {
		return
	}
	k.due[doc] = d
	select {
	case k.wake <- struct{}{}:
	default:
	}
}

// run takes steps until ctx ends.
func (k *keeper) run(ctx context.Context) {
	for ctx.Err() == nil {
		doc, d, wait := k.next(time.Now())
		if wait == 0 {
			k.step(ctx, doc, d)
			continue
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-k.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
}

// next takes a duty whose time has come, or says how long to wait for one.
func (k *keeper) next(now time.Time) (doc crdt.DocID, d duty, wait time.Duration) {
	k.mu.Lock()
	defer k.mu.Unlock()
	wait = time.Hour
	for doc, d := range k.due {
		from := d.from
		if rested := k.edited.Add(k.rest); d.rest && rested.After(from) {
			from = rested
		}
		if !from.After(now) {
			delete(k.due, doc)
			return doc, d, 0
		}
		wait = min(wait, from.Sub(now))
	}
	return doc, d, wait
}

// step takes one step for a document. Where the disk is tight it takes none, and comes again.
func (k *keeper) step(ctx context.Context, doc crdt.DocID, d duty) {
	more, err := true, error(nil)
	if !k.w.lib.DiskTight() {
		more, err = k.w.lib.Compact(ctx, doc, d.pays)
	}
	_, trouble := k.w.Saving()
	full := trouble != nil || k.w.lib.DiskTight()
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case ctx.Err() != nil:
		return
	case errors.Is(err, storage.ErrNotFound): // nothing was ever written in it, or it was destroyed
	case err != nil && !full:
		k.w.log.Error("a document could not be compacted", "doc", doc, "err", err)
		k.refused[doc] = true
	case err != nil || more:
		if _, known := k.due[doc]; !known {
			k.add(doc, duty{pays: d.pays, from: time.Now().Add(k.rest), rest: true})
		}
	}
}
