package workspace

import (
	"context"
	"fmt"
	"os"
	"slices"

	"inkling/netsync/diagnosis"
)

// Finding is one thing that [Workspace.Examine] looked at.
type Finding = diagnosis.Finding

// Examine looks at the library, the disk, the local network and, unless it is "", at an
// address at which the person wants to find somebody. It says what is wrong and what to do
// about it. It takes some seconds. The error is a [*netsync.DialError], for an address that
// is none, or ctx's.
func (w *Workspace) Examine(ctx context.Context, named string) ([]Finding, error) {
	network, err := w.examineNetwork(ctx, named)
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		w.examineLibrary(ctx),
		w.examineSaving(),
		w.examineBackups(),
		w.examineKey(),
		network,
	), nil
}

func (w *Workspace) examineLibrary(ctx context.Context) []Finding {
	report, err := w.Check(ctx)
	if err != nil {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("The library in %s could not be read: %v.", w.dir, err),
			Do: "Close other programs that use this folder and try again."}}
	}
	if !report.Intact() {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("The library in %s is damaged: %s. `inkling check` names them.", w.dir, report.Summary()), Do: SalvageStep}}
	}
	changes := 0
	for _, d := range report.Documents {
		changes += d.Changes
	}
	what := fmt.Sprintf("The library in %s is intact. Documents: %d, changes: %d.", w.dir, len(report.Documents), changes)
	if n := report.Attachments.Files; n > 0 {
		what += fmt.Sprintf(" Attached files: %d.", n)
	}
	return []Finding{{What: what}, w.examineScrub()}
}

// SalvageStep is what to do about a damaged library.
const SalvageStep = "Run `inkling salvage`: it saves what can be read, takes the rest from the backups, and keeps what is there."

// examineScrub says when all that is stored was read again by itself, and whether it was sound.
func (w *Workspace) examineScrub() Finding {
	faults, passed, err := w.lib.Faults()
	switch {
	case err != nil:
		return Finding{Mark: diagnosis.Wrong, What: fmt.Sprintf("Whether all that is stored is read again now and then, cannot be told: %v.", err), Do: "Start Inkling again."}
	case len(faults) > 0:
		return Finding{Mark: diagnosis.Wrong, What: fmt.Sprintf("When what is stored was read again, this was not what had been written, though it is now: %v.", faults[0]),
			Do: "The disk may be failing: copy the library's folder to another one."}
	case passed.IsZero():
		return Finding{What: "Inkling has not read all that is stored again yet; it does while it runs and you do not type."}
	}
	return Finding{What: fmt.Sprintf("All that is stored was last read again, and found sound, on %s.", Moment(passed))}
}

func (w *Workspace) examineSaving() []Finding {
	if since, err := w.Saving(); err != nil {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("Nothing has been saved since %s: %v.", since.Local().Format("15:04"), err),
			Do: "Make room on the disk, or export what you wrote to another one."}}
	}
	if w.DiskFull() {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("The disk with %s is full or nearly so. What you write is saved as long as the last room lasts, and no backups are made.", w.dir),
			Do: "Make room on the disk now. Inkling notices by itself."}}
	}
	if w.lib.DiskTight() {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("The disk with %s is nearly full. What you write is saved, but no backups are made.", w.dir),
			Do: "Make room on the disk. Inkling notices by itself."}}
	}
	return nil
}

// examineBackups says whether there is a backup, and tries whether it is whole enough to be opened.
func (w *Workspace) examineBackups() []Finding {
	list, err := w.Backups()
	if err == nil && (len(list) == 0 || list[0].Replaced) {
		return []Finding{{What: "There is no backup yet. The first is made when Inkling has run for a minute."}}
	}
	if err == nil {
		_, err = w.Restoring(list[0].Path)
	}
	if err != nil {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("The newest backup cannot be read: %v.", err), Do: "Make another one: inkling backup."}}
	}
	return []Finding{{What: fmt.Sprintf("The newest backup is of %s.", Moment(list[0].At))}}
}

func (w *Workspace) examineKey() []Finding {
	path, err := KeyPath(w.dir)
	if err != nil {
		return []Finding{{Mark: diagnosis.Wrong, What: err.Error()}}
	}
	info, err := os.Stat(path)
	if err != nil {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("The device key cannot be read: %v.", err), Do: "Start Inkling once to make a new one."}}
	}
	if keyExposed(info) {
		return []Finding{{Mark: diagnosis.Wrong, What: fmt.Sprintf("Others on this computer can read the device key %s.", path),
			Do: "chmod 600 " + path}}
	}
	return []Finding{{What: "The device key is there and only yours."}}
}

// examineNetwork looks at the port, the networks and the peers, and at the address that the
// person named, if any.
func (w *Workspace) examineNetwork(ctx context.Context, named string) ([]Finding, error) {
	if w.node == nil {
		return nil, nil
	}
	facts, err := w.node.Survey(ctx, named)
	if err != nil {
		return nil, err
	}
	return diagnosis.Judge(facts), nil
}
