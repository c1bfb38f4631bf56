package workspace

import (
	"context"
	"fmt"
	"strings"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// What is stored is read again in the background, so that a disk that loses bytes is noticed while there are still backups without the damage.
const (
	// scrubRate is how many bytes are read in a second, while nobody has edited anything for keeperRest.
	scrubRate = 4 << 20
	// scrubEvery is the time from the end of one pass to the beginning of the next.
	scrubEvery = 3 * 24 * time.Hour
	// scrubLook is how often to look whether it is time.
	scrubLook = time.Minute
)

// scrub reads until ctx ends.
func (w *Workspace) scrub(ctx context.Context, every, pause time.Duration) {
	for ctx.Err() == nil {
		wait := pause
		if due, err := w.scrubDue(every); err != nil {
			w.log.Error("what is stored could not be read again", "err", err)
			wait = scrubLook
		} else if !due {
			wait = scrubLook
		} else if w.keeper.rested(time.Now()) && !w.lib.DiskTight() {
			if err := w.scrubSlice(ctx); err != nil && ctx.Err() == nil {
				w.log.Error("what is stored could not be read again", "err", err)
				wait = scrubLook
			}
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// scrubDue says whether it is time to read.
func (w *Workspace) scrubDue(every time.Duration) (bool, error) {
	_, passed, err := w.lib.Faults()
	return time.Since(passed) >= every || passed.After(w.now()), err
}

// scrubSlice reads what is due in one second, logs what is damaged, and tells it on.
func (w *Workspace) scrubSlice(ctx context.Context) error {
	p, found, err := w.lib.Scrub(ctx, scrubRate, w.now())
	for _, f := range found {
		w.log.Error("stored bytes are not those that were written", "what", f.String())
	}
	if len(found) > 0 || p.Done {
		w.events.tell(DamageChanged{})
	}
	return err
}

// Damage says in plain words what of the library was found damaged, and what to do; "" when nothing was.
func (w *Workspace) Damage() (string, error) {
	faults, _, err := w.lib.Faults()
	if err != nil || len(faults) == 0 {
		return "", err
	}
	var titles []string
	seen := map[crdt.DocID]bool{}
	for _, f := range faults {
		if !seen[f.Doc] && f.Doc != (crdt.DocID{}) {
			titles = append(titles, "“"+Titled(storage.Document{Title: f.Title})+"”")
		}
		seen[f.Doc] = true
	}
	where := "Something in your library"
	if n := len(titles) - 3; n > 0 {
		titles = append(titles[:3], fmt.Sprintf("%d more", n))
	}
	if len(titles) > 0 {
		where = "Something of " + strings.Join(titles, ", ")
	}
	return where + " is damaged on the disk, which may be failing. Copy your library to another disk. Inkling can save what is still readable, and take the rest from the backups.", nil
}
