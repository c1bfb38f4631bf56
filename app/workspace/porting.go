package workspace

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"inkling/crdt"
	"inkling/storage"
)

// MaxImport is the size of the largest text file that can be imported, in bytes.
const MaxImport = 64 << 20

// NotTextError says that a file to import is not UTF-8 text.
type NotTextError struct {
	Name   string
	Offset int // of the first byte that is not, from 0
}

func (e *NotTextError) Error() string {
	return fmt.Sprintf("%s is not UTF-8 text: the byte at offset %d does not belong there. Nothing was imported. Save it as UTF-8 in the program it comes from and import it again", e.Name, e.Offset)
}

// Import makes a document of the text of a file and returns it when it is on disk.
// Line ends become "\n", a byte order mark goes away. name is for messages.
func (w *Workspace) Import(name string, text []byte) (crdt.DocID, error) {
	if len(text) > MaxImport {
		return crdt.DocID{}, fmt.Errorf("%s is too large: at most %d MB of text can be imported", name, MaxImport>>20)
	}
	if at := notText(text); at >= 0 {
		return crdt.DocID{}, &NotTextError{Name: name, Offset: at}
	}
	text = bytes.TrimPrefix(text, []byte("\uFEFF"))
	plain := strings.ReplaceAll(strings.ReplaceAll(string(text), "\r\n", "\n"), "\r", "\n")
	if plain == "" {
		return crdt.DocID{}, fmt.Errorf("%s is empty: there is nothing to import", name)
	}
	s := w.New()
	s.Replace(0, 0, 0, plain)
	s.forgetUndo() // undoing an import would empty the document
	s.Close()
	w.drop(s)
	saved, err := w.lib.Heads(s.id)
	if err != nil || len(saved) == 0 {
		return crdt.DocID{}, errors.Join(fmt.Errorf("%s could not be saved in the library", name), err)
	}
	return s.id, nil
}

// notText returns the offset of the first byte of b that is not UTF-8 text, -1 when
// all is. A zero byte is valid UTF-8 and yet the mark of a file that is no text.
func notText(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 || r == 0 {
			return i
		}
		i += n
	}
	return -1
}

// Export returns the text of a document as it is now, also while the disk refuses to save it.
func (w *Workspace) Export(id crdt.DocID) (string, error) {
	s, err := w.acquire(id)
	if err != nil {
		return "", err
	}
	defer w.leave(s)
	return s.Text(), nil
}

// Find returns the document that a person means by words: the beginning of its id
// (at least 4 hexadecimal digits), its title, the beginning of its title or something
// in it, without regard to case. The first of these that fits any document decides;
// when it fits several, or none does, it says so.
func Find(docs []Document, words string) (Document, error) {
	want := strings.ToLower(strings.TrimSpace(words))
	tests := []func(d Document) bool{
		func(d Document) bool { return len(want) >= 4 && strings.HasPrefix(d.ID.String(), want) },
		func(d Document) bool { return strings.ToLower(Titled(d)) == want },
		func(d Document) bool { return strings.HasPrefix(strings.ToLower(Titled(d)), want) },
		func(d Document) bool { return strings.Contains(strings.ToLower(Titled(d)), want) },
	}
	for _, fits := range tests {
		var found []Document
		for _, d := range docs {
			if want != "" && fits(d) {
				found = append(found, d)
			}
		}
		if len(found) == 1 {
			return found[0], nil
		}
		if len(found) > 1 {
			return Document{}, fmt.Errorf("%d documents are called %q: name one by its id, as `inkling list` shows it", len(found), words)
		}
	}
	return Document{}, fmt.Errorf("no document is called %q: see `inkling list`", words)
}

// Titled returns the title of a document in a list, [Untitled] when it has none.
func Titled(d Document) string {
	if d.Title == "" {
		return Untitled
	}
	return d.Title
}

// Check reads the whole library and verifies it.
func (w *Workspace) Check(ctx context.Context) (storage.Report, error) { return w.lib.Check(ctx) }

// OnlyToRead says whether err means that the library is there and must not be written to, but can be looked at with
// [OpenToRead]: it is damaged, a newer Inkling wrote it, it could not be brought to this one's format, or it lies where it
// must not.
func OnlyToRead(err error) bool {
	var damaged *storage.DamagedError
	var newer *storage.NewerError
	var place *storage.PlaceError
	var old *storage.MigrationError
	return errors.As(err, &old) || errors.As(err, &damaged) || errors.As(err, &newer) || errors.As(err, &place) && place.Used
}
