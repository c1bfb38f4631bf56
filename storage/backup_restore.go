package storage

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"inkling/crdt"
)

// Restoring has two steps, so that it can be asked for while the library is open, and a power cut in the middle does
// no harm. First a checked copy of the backup is put at DIR/restoring/library.db. The next [Open], which has the
// library to itself, moves what there is to DIR/replaced-TIME and the copy into its place, by renames that it can
// take up again at each point. What was replaced is never removed by us, and can be restored itself.

const (
	stageFolder    = "restoring"
	asideFolder    = "replaced" // in the stage, until all is in place
	replacedPrefix = "replaced-"
	// restoredKey is the state that names, by its time, the backup that a library was restored from, until the person
	// was told.
	restoredKey = "restored"
)

// Restore has the next [Open] of the library in dir put the backup at path in its place. It returns when that is
// on the disk. The backup is read whole before; a damaged one gives an error, and nothing changes. The library may
// be open meanwhile, and may be damaged, but not lie where [Open] refuses it ([*PlaceError]).
func Restore(ctx context.Context, dir, path string) error {
	if err := checkPlace(dir); err != nil {
		return err
	}
	if err := stage(ctx, dir, path); err != nil {
		return fmt.Errorf("storage: restore the library: %w", err)
	}
	return nil
}

func stage(ctx context.Context, dir, path string) error {
	backup, err := OpenBackup(path)
	if err != nil {
		return err
	}
	defer backup.Close()
	source, err := statBackup(path)
	if err != nil {
		return err
	}
	folder := filepath.Join(dir, stageFolder)
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return err
	}
	if err := removeDrafts(folder); err != nil {
		return err
	}
	made := source.At
	if made.IsZero() {
		info, err := os.Stat(path)
		if err != nil {
			return err
		}
		made = info.ModTime()
	}
	draft := filepath.Join(folder, databaseFile+draftSuffix)
	err = backup.writeCopy(ctx, draft, func(tx *sql.Tx) error {
		return errors.Join(forgetPresent(tx), writeState(tx, restoredKey, []byte(made.UTC().Format(backupTime))))
	})
	if err == nil {
		err = useWAL(draft)
	}
	if err == nil {
		err = publish(draft, filepath.Join(folder, databaseFile))
	}
	if err != nil {
		return errors.Join(err, removeDrafts(folder))
	}
	return syncDir(dir)
}

// useWAL makes a library of a copy: libraries are in WAL mode.
func useWAL(path string) error {
	db, err := openWriter(path)
	if err != nil {
		return err
	}
	_, err = db.Exec("PRAGMA journal_mode = WAL")
	return errors.Join(err, db.Close(), syncFile(path))
}

// finishRestore does the second step, as far as that is still to do. The caller owns the library, and no connection
// is open.
func finishRestore(dir string) error {
	folder := filepath.Join(dir, stageFolder)
	fresh, aside := filepath.Join(folder, databaseFile), filepath.Join(folder, asideFolder)
	if _, err := os.Lstat(folder); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	err := removeDrafts(folder)
	if _, missing := os.Lstat(fresh); err == nil && missing == nil {
		err = exchange(dir, fresh, aside)
	}
	if err == nil {
		err = keepAside(dir, aside)
	}
	if err == nil {
		err = os.Remove(folder)
	}
	if err != nil {
		return fmt.Errorf("storage: put a backup in the library's place: %w", err)
	}
	return nil
}

// exchange moves the library in dir into the folder aside and fresh into its place. The -wal file goes first: when the
// library.db is gone, both are.
func exchange(dir, fresh, aside string) error {
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return err
	}
	for _, suffix := range []string{walSuffix, ""} {
		err := os.Rename(filepath.Join(dir, databaseFile+suffix), filepath.Join(aside, databaseFile+suffix))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	if err := os.Remove(filepath.Join(dir, databaseFile+shmSuffix)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := errors.Join(syncDir(aside), syncDir(filepath.Dir(aside)), syncDir(dir)); err != nil {
		return err
	}
	if err := os.Rename(fresh, filepath.Join(dir, databaseFile)); err != nil {
		return err
	}
	return errors.Join(syncDir(dir), syncDir(filepath.Dir(fresh)))
}

// keepAside gives the folder aside its lasting name, if it is there.
func keepAside(dir, aside string) error {
	entries, err := os.ReadDir(aside)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case len(entries) == 0: // there was no library
		return os.Remove(aside)
	}
	for at := time.Now().UTC(); ; at = at.Add(time.Second) {
		kept := filepath.Join(dir, replacedPrefix+at.Format(backupTime))
		if _, err := os.Lstat(kept); errors.Is(err, fs.ErrNotExist) {
			return errors.Join(os.Rename(aside, kept), syncDir(dir))
		}
	}
}

// Restored returns the time of the backup that the library was restored from, until [Library.RestoreTold]; the zero
// time when it was not.
func (l *Library) Restored() (time.Time, error) {
	value, err := l.State(crdt.DocID{}, restoredKey)
	if err != nil || len(value) == 0 {
		return time.Time{}, err
	}
	at, err := time.Parse(backupTime, string(value))
	if err != nil {
		return time.Time{}, fmt.Errorf("storage: read when the library was restored: %w", err)
	}
	return at, nil
}

// RestoreTold notes that the person knows that the library was restored, or salvaged.
func (l *Library) RestoreTold() error {
	return errors.Join(l.SetState(crdt.DocID{}, restoredKey, nil), l.SetState(crdt.DocID{}, salvagedKey, nil))
}

// Effect says what restoring would do to the documents that are listed, those in the bin left out.
type Effect struct {
	Back []Document // in the backup, and not in the library
	Gone []Document // in the library, and not in the backup
	Set  []Document // in both, and not the same; as the backup has it
	Same int
}

// EffectOf compares the library with a backup. It looks at where the documents' chains end: about 0.1 ms for each.
func (l *Library) EffectOf(backup *Library) (e Effect, err error) {
	now, err := l.Documents()
	if err != nil {
		return e, err
	}
	then, err := backup.Documents()
	if err != nil {
		return e, err
	}
	here, there := idsOf(now), idsOf(then)
	for _, d := range then {
		if !here[d.ID] {
			e.Back = append(e.Back, d)
			continue
		}
		same, err := sameHeads(l, backup, d.ID)
		if err != nil {
			return e, err
		}
		if same {
			e.Same++
		} else {
			e.Set = append(e.Set, d)
		}
	}
	for _, d := range now {
		if !there[d.ID] {
			e.Gone = append(e.Gone, d)
		}
	}
	return e, nil
}

func idsOf(list []Document) map[crdt.DocID]bool {
	ids := make(map[crdt.DocID]bool, len(list))
	for _, d := range list {
		ids[d.ID] = true
	}
	return ids
}

// sameHeads says whether two libraries have the same changes of a document.
func sameHeads(a, b *Library, doc crdt.DocID) (bool, error) {
	one, err1 := a.Heads(doc)
	other, err2 := b.Heads(doc)
	for _, list := range [][]crdt.Head{one, other} {
		slices.SortFunc(list, func(a, b crdt.Head) int {
			return cmp.Or(slices.Compare(a.Replica[:], b.Replica[:]), cmp.Compare(a.Next, b.Next), slices.Compare(a.Stamp[:], b.Stamp[:]))
		})
	}
	return slices.Equal(one, other), errors.Join(err1, err2)
}
