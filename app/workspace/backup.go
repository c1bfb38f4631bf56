package workspace

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"inkling/storage"
)

// Backup is a file from which the library can be restored.
type Backup = storage.Backup

// Past is what a person has to know of how the library came to be as it is.
type Past struct {
	Restored time.Time // of the backup from which it was restored; zero: it was not
	Replaced string    // the folder with what was there before; "" when there was nothing
	Salvaged string    // it was damaged: a summary of what could be saved; "": it was not
	SetBack  bool      // it is older than the one that was here last, and we did not restore it
}

// Past returns what the person was not told yet; see [Workspace.PastTold].
func (w *Workspace) Past() Past { return w.past }

// PastTold notes that the person knows.
func (w *Workspace) PastTold() error {
	if w.past.Restored.IsZero() && w.past.Salvaged == "" {
		return nil
	}
	return w.lib.RestoreTold()
}

// loadPast reads whether the library was restored, or salvaged.
func (w *Workspace) loadPast() error {
	at, err1 := w.lib.Restored()
	summary, err2 := w.lib.Salvaged()
	if err := errors.Join(err1, err2); err != nil || at.IsZero() && summary == "" {
		return err
	}
	w.past = Past{Restored: at, Salvaged: summary}
	list, err := storage.Backups(w.dir)
	for _, b := range list {
		if b.Replaced {
			w.past.Replaced = filepath.Dir(b.Path)
			break
		}
	}
	return err
}

// Sentences tells the past in words; "" when there is nothing to tell.
func (p Past) Sentences() string {
	switch {
	case p.Salvaged != "":
		return fmt.Sprintf("Your library was damaged. %s What was there before is kept in %s, with a list of what was saved and what was not (%s).", p.Salvaged, p.Replaced, salvageReport)
	case !p.Restored.IsZero() && p.Replaced == "":
		return fmt.Sprintf("Your library is as it was on %s.", Moment(p.Restored))
	case !p.Restored.IsZero():
		return fmt.Sprintf("Your library is as it was on %s. What it held until now is kept in %s, and is in the list of backups.", Moment(p.Restored), p.Replaced)
	case p.SetBack:
		return "This library is older than the one that was in this folder last; perhaps an old copy was put back. You can write on in it. What you wrote since then comes back from the people you write with, as far as they have it."
	}
	return ""
}

// Moment writes a time for people, to the minute.
func Moment(t time.Time) string { return t.Local().Format("2 January 2006, 15:04") }

// Backups lists the backups, the newest first, and then what was replaced by one.
func (w *Workspace) Backups() ([]Backup, error) { return storage.Backups(w.dir) }

// BackUp makes a backup in the library's folder. It gives storage's ErrUnchanged when the newest one has all that there
// is, and its *RoomError when the disk is nearly full.
func (w *Workspace) BackUp(ctx context.Context) (Backup, error) {
	if err := w.renewWritten(); err != nil {
		return Backup{}, err
	}
	b, err := w.lib.Back(ctx, w.now())
	if err == nil {
		w.events.tell(BackupsChanged{})
	}
	return b, err
}

// BackUpTo makes a backup at path, where there must be no file yet.
func (w *Workspace) BackUpTo(ctx context.Context, path string) (Backup, error) {
	return w.lib.BackTo(ctx, path)
}

// FindBackup returns the backup that a person means: "newest", or the beginning of a name in the list. Anything else is a
// path, relative to dir.
func FindBackup(list []Backup, words, dir string) (path string, err error) {
	if words == "newest" && len(list) > 0 && !list[0].Replaced {
		return list[0].Path, nil
	}
	var found []Backup
	for _, b := range list {
		if b.Name == words {
			return b.Path, nil
		}
		if strings.HasPrefix(b.Name, words) {
			found = append(found, b)
		}
	}
	switch len(found) {
	case 1:
		return found[0].Path, nil
	case 0:
		if !filepath.IsAbs(words) {
			words = filepath.Join(dir, words)
		}
		return words, nil
	}
	return "", fmt.Errorf("%d backups begin with %q: type more of the name, as `inkling backups` shows it", len(found), words)
}

// Restoring says in words what restoring the backup at path would do.
func (w *Workspace) Restoring(path string) (string, error) {
	if w.lib == nil {
		return "", errors.New("what the library holds cannot be read")
	}
	b, err := storage.OpenBackup(path)
	if err != nil {
		return "", err
	}
	defer b.Close()
	e, err := w.lib.EffectOf(b)
	if err != nil {
		return "", err
	}
	return effectWords(e), nil
}

// effectWords says what restoring does to the documents.
func effectWords(e storage.Effect) string {
	var parts []string
	part := func(list []Document, one, many string) {
		var titles []string
		for _, d := range list[:min(3, len(list))] {
			titles = append(titles, "“"+Titled(d)+"”")
		}
		if n := len(list) - len(titles); n > 0 {
			titles = append(titles, fmt.Sprintf("%d more", n))
		}
		switch len(list) {
		case 0:
		case 1:
			parts = append(parts, fmt.Sprintf("1 document "+one+": %s.", titles[0]))
		default:
			parts = append(parts, fmt.Sprintf("%d documents "+many+": %s.", len(list), strings.Join(titles, ", ")))
		}
	}
	part(e.Set, "becomes as it was then", "become as they were then")
	part(e.Back, "comes back", "come back")
	part(e.Gone, "is not in this backup and goes", "are not in this backup and go")
	if len(parts) == 0 {
		return "No document changes."
	}
	if e.Same > 0 {
		parts = append(parts, fmt.Sprintf("%d stay as they are.", e.Same))
	}
	return strings.Join(parts, " ")
}

// RestoreNote is what holds for every restore.
const RestoreNote = "What the library holds now is kept beside it and can be restored, too. In documents that you share, what the others have comes back when you meet them. Invites that nobody has used are void."

// Restore has the next start put the backup at path in the library's place. Until then the library is what it was.
func (w *Workspace) Restore(ctx context.Context, path string) error {
	if err := storage.Restore(ctx, w.dir, path); err != nil {
		return fmt.Errorf("nothing was restored, and nothing has changed: %w", err)
	}
	return nil
}
