package storage

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
)

// A DamagedError says that the library is not what was written. Nothing of it was
// altered or removed, and a copy of its files was put aside. What is intact can be
// listed and exported through [OpenReadOnly].
type DamagedError struct {
	Dir    string
	Reason string // in plain words
	// Copy is the folder with the copy; empty when CopyErr says why there is none.
	Copy    string
	CopyErr error
	// Backup is the name of the newest backup; "" when there is none.
	Backup string
	// Intact are the documents of which every change can be read, the newest first.
	Intact []Document
	// Lost names, by title or id, the documents of which something cannot be read.
	Lost []string
}

// maxNamed is how many documents a message names.
const maxNamed = 3

func (e *DamagedError) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "the library in %q is damaged: %s.\nNothing in it was changed or deleted", e.Dir, e.Reason)
	if e.CopyErr != nil {
		fmt.Fprintf(&b, ", but no copy could be made (%v); make one before you try anything", e.CopyErr)
	} else {
		fmt.Fprintf(&b, ", and a copy is in %q", e.Copy)
	}
	if len(e.Lost) > 0 {
		fmt.Fprintf(&b, ".\n%s cannot be read completely: %s", plural(len(e.Lost), "document"), naming(e.Lost))
	}
	if len(e.Intact) == 0 {
		b.WriteString(".\nNo document in it can be read.\n")
	} else {
		titles := make([]string, len(e.Intact))
		for i, d := range e.Intact {
			titles[i] = d.name()
		}
		fmt.Fprintf(&b, ".\n%s intact: %s.\n", plural(len(e.Intact), "document in it is", "documents in it are"), naming(titles))
		b.WriteString("To see them run `inkling list`, to save them `inkling export`")
		fmt.Fprintf(&b, " (with --data %q).\n", e.Dir)
	}
	if e.Backup != "" {
		fmt.Fprintf(&b, "To put the newest backup in its place, and keep what is there beside it, run `inkling restore %s`.\n", e.Backup)
	}
	fmt.Fprintf(&b, "To save all that can be read, with what backups have of the rest, run `inkling salvage` (with --data %q); it keeps what is there.\n", e.Dir)
	b.WriteString("To go on writing start with another folder: `inkling --data FOLDER`.")
	return b.String()
}

// name returns what a person calls d.
func (d Document) name() string {
	if d.Title == "" {
		return "untitled " + d.ID.String()[:8]
	}
	return d.Title
}

// plural returns "1 thing" or "n things"; irregular plurals are given.
func plural(n int, forms ...string) string {
	switch {
	case n == 1:
		return "1 " + forms[0]
	case len(forms) == 1:
		return fmt.Sprintf("%d %ss", n, forms[0])
	}
	return fmt.Sprintf("%d %s", n, forms[1])
}

// naming lists the first few of names.
func naming(names []string) string {
	var b strings.Builder
	for i, name := range names[:min(len(names), maxNamed)] {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%.60q", name)
	}
	if more := len(names) - maxNamed; more > 0 {
		fmt.Fprintf(&b, " and %d more", more)
	}
	return b.String()
}

// describe makes the copy and finds out what is intact.
func describe(dir string, reason damage) *DamagedError {
	e := &DamagedError{Dir: dir, Reason: string(reason)}
	e.Copy, e.CopyErr = copyAside(dir) // while no connection is open; see doc.go
	if list, err := Backups(dir); err == nil && len(list) > 0 && !list[0].Replaced {
		e.Backup = list[0].Name
	}
	e.Intact, e.Lost = survey(filepath.Join(dir, databaseFile))
	return e
}

// survey reads all there is. A document counts as intact when every change that
// its journal once had is read and its chains have no gap.
func survey(path string) (intact []Document, lost []string) {
	db, err := openLenient(path)
	if err != nil {
		return nil, nil // nothing can be read: that is what the caller reports
	}
	l := &Library{readers: db, archives: newArchives(db)}
	defer db.Close()
	documents, _ := l.documents(`ORDER BY 5 DESC, doc.name`) // what was read before an error counts
	for _, d := range documents {
		switch r, err := l.checkDocument(context.Background(), d); {
		case err != nil || !r.Intact():
			lost = append(lost, d.name())
		case !d.Deleted:
			intact = append(intact, d)
		}
	}
	return intact, lost
}
