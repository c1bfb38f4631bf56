package workspace

import (
	"errors"
	"time"

	"inkling/storage"
)

// Times of what a workspace does by itself.
const (
	// renewDelay is how long the library has the same token while it is written to (token.go). The first write after
	// a rest renews it at once.
	renewDelay = 15 * time.Second
	// backupEvery is the time from one backup to the next.
	backupEvery = time.Hour
	// backupAfterStart leaves the start of the program to the person.
	backupAfterStart = time.Minute
	// backupRetry is when to look again after there was no backup to make, or none could be made.
	backupRetry = 10 * time.Minute
)

// upkeep renews the token, keeps the reserve, counts the days and makes backups until the workspace is closed.
func (w *Workspace) upkeep(backups bool) {
	w.keepReserve()
	w.emptyBin()
	next := w.firstBackup(w.now())
	tick := time.NewTicker(renewDelay)
	defer tick.Stop()
	for {
		if err := w.renewWritten(); err != nil {
			w.log.Warn("the library's token could not be renewed", "err", err)
		}
		w.keepReserve()
		if now := w.now(); backups && !now.Before(next) {
			next = now.Add(w.backUp())
			w.emptyBin()
		}
		select {
		case <-w.life.Done():
			return
		case <-tick.C:
		case <-w.wrote:
			if err := w.renewWritten(); err != nil {
				w.log.Warn("the library's token could not be renewed", "err", err)
			}
			select {
			case <-w.life.Done():
				return
			case <-tick.C:
			}
		}
	}
}

// noteWrite has the token renewed soon.
func (w *Workspace) noteWrite() {
	select {
	case w.wrote <- struct{}{}:
	default:
	}
}

// firstBackup returns when the first backup of this start is due.
func (w *Workspace) firstBackup(now time.Time) time.Time {
	list, err := storage.Backups(w.dir)
	soon := now.Add(backupAfterStart)
	if err != nil || len(list) == 0 || list[0].Replaced || list[0].At.After(now) {
		return soon
	}
	if due := list[0].At.Add(backupEvery); due.After(soon) {
		return now.Add(due.Sub(now)) // with the reading of the clock that does not jump
	}
	return soon
}

// keepReserve takes the library's reserve anew as soon as the disk has room for it.
func (w *Workspace) keepReserve() {
	if w.lib.HasReserve() {
		return
	}
	var full *storage.RoomError
	switch err := w.lib.TakeReserve(); {
	case err == nil:
		w.events.tell(SavingChanged{})
	case !errors.As(err, &full):
		w.log.Error("no room could be kept for a full disk", "err", err)
	}
}

// backUp makes a backup if something has changed and the disk is not tight, and returns in what time to come again.
func (w *Workspace) backUp() time.Duration {
	if w.lib.DiskTight() {
		return backupRetry
	}
	_, err := w.BackUp(w.life)
	switch {
	case err == nil:
		return backupEvery
	case errors.Is(err, storage.ErrUnchanged), w.life.Err() != nil:
	default:
		w.log.Error("no backup could be made", "err", err)
	}
	return backupRetry
}

// emptyBin counts today and destroys the documents whose time in the bin is over, and what a kill left of others, and
// gives room that is no longer needed back to the disk. It waits where the disk is tight: overwriting takes room.
func (w *Workspace) emptyBin() {
	if w.lib.DiskTight() {
		return
	}
	over, err := w.lib.CountDay(w.now())
	for _, id := range over {
		if err := w.Destroy(id); err != nil {
			w.log.Error("a document could not be destroyed", "doc", id, "err", err)
		}
	}
	if err := errors.Join(err, w.lib.SweepDestroyed()); err != nil {
		w.log.Error("the bin could not be emptied", "err", err)
	}
	if _, err := w.lib.Shrink(w.life); err != nil && w.life.Err() == nil {
		w.log.Error("the library's file could not be made shorter", "err", err)
	}
}
