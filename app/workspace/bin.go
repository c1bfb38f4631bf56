package workspace

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// Binned is a document in the bin.
type Binned = storage.Binned

// Bin lists the documents in the bin, the last deleted first.
func (w *Workspace) Bin() ([]Binned, error) { return w.lib.Bin() }

// TimeLeft says how long a document stays in the bin.
func TimeLeft(d Binned) string { return StaysFor(d.Left) }

// StaysFor says that what is to go stays for so many more running days.
func StaysFor(days int) string {
	if days == 1 {
		return "stays for 1 more day on which Inkling runs"
	}
	return fmt.Sprintf("stays for %d more days on which Inkling runs", days)
}

// Delete puts a document into the bin. From then on nothing of it goes to others or comes from them: who shares it
// leaves it.
func (w *Workspace) Delete(id crdt.DocID) error {
	if err := w.lib.Delete(id, w.now()); err != nil {
		return fmt.Errorf("delete the document: %w", err)
	}
	w.events.tell(DocumentDeleted{id})
	w.sharingChanged(id)
	return nil
}

// Undelete takes a document out of the bin, and is in it again with the others.
func (w *Workspace) Undelete(id crdt.DocID) error {
	if err := w.lib.Undelete(id); err != nil {
		return fmt.Errorf("take the document out of the bin: %w", err)
	}
	w.sharingChanged(id)
	return nil
}

func (w *Workspace) sharingChanged(id crdt.DocID) {
	if w.node != nil {
		w.node.Shared(id)
	}
	w.events.tell(DocumentsChanged{})
	w.noteWrite()
}

var errInUse = errors.New("the document is open in a window; close it there first")

// Destroy deletes a document of the bin for ever.
func (w *Workspace) Destroy(id crdt.DocID) error {
	if err := w.unload(id); err != nil {
		return fmt.Errorf("delete the document for ever: %w", err)
	}
	if err := w.lib.Destroy(id, w.now()); err != nil {
		return fmt.Errorf("delete the document for ever: %w", err)
	}
	w.events.tell(DocumentsChanged{})
	w.noteWrite()
	return nil
}

// unload drops a document that nobody uses.
func (w *Workspace) unload(id crdt.DocID) error {
	w.mu.Lock()
	s := w.sessions[id]
	if s != nil && s.refs > 0 {
		w.mu.Unlock()
		return errInUse
	}
	delete(w.sessions, id)
	w.mu.Unlock()
	if s != nil {
		s.close()
	}
	return nil
}

// Fate says what becomes of a document when it is deleted for ever.
type Fate struct {
	Title     string
	Others    []string  // names of the people who have it, too
	Backups   int       // how many backups hold it
	Forgotten time.Time // when the last of them goes, at the earliest; zero: never by itself, or none does
}

// FateOf returns the fate of a document. It looks into every backup: about 2 ms for each.
func (w *Workspace) FateOf(id crdt.DocID) (f Fate, err error) {
	d, err := w.lib.Document(id)
	if err != nil {
		return f, fmt.Errorf("look for the document: %w", err)
	}
	people, err := w.People(id)
	if err != nil {
		return f, err
	}
	for _, p := range people {
		f.Others = append(f.Others, p.Name)
	}
	list, err := w.Backups()
	if err != nil {
		return f, err
	}
	holding := storage.Holding(list, id)
	f.Title, f.Backups = Titled(d), len(holding)
	f.Forgotten = storage.Forgotten(list, holding, w.now())
	return f, nil
}

// Sentences says the fate in words: who keeps the document, and until when a backup has it.
func (f Fate) Sentences() string {
	who := "Nobody else has it."
	if n := len(f.Others); n == 1 {
		who = f.Others[0] + " has it, too, and keeps it."
	} else if n > 1 {
		who = strings.Join(f.Others[:n-1], ", ") + " and " + f.Others[n-1] + " have it, too, and keep it."
	}
	switch {
	case f.Backups == 0:
		return who + " No backup has it."
	case f.Forgotten.IsZero():
		return fmt.Sprintf("%s %s it, among them what was replaced when a backup was restored: that stays until you remove it.", who, haveBackups(f.Backups))
	}
	last := "the last of them goes"
	if f.Backups == 1 {
		last = "that goes"
	}
	return fmt.Sprintf("%s %s it; %s on %s at the earliest, when newer ones have come.", who, haveBackups(f.Backups), last, f.Forgotten.Local().Format("2 January 2006"))
}

func haveBackups(n int) string {
	if n == 1 {
		return "1 backup has"
	}
	return fmt.Sprintf("%d backups have", n)
}
