package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"inkling/crdt"
)

// What can be searched is derived: the current text of each document in table indexed, and SQLite's index (FTS5) over
// it. It may lag behind the journal, and says how far it goes by the place of the last change that it follows from.
// Whoever has the text brings it up to date ([Library.Index]); [Library.Lagging] says where that is to be done. All of
// it can be dropped ([Library.DropIndex]) and made anew, and is the same then.

// maxIndexed is how many bytes of a document's text can be found; what is behind that cannot.
const maxIndexed = 16 << 20

// seam is put between characters of scripts that are written without spaces, for the index to take each for a word.
const seam = '\x01'

// unspaced are the scripts that are written without spaces. Hangul has some, but words are long there.
var unspaced = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar,
}

// Place returns the place of the last committed change of doc, 0 when there is none. Unknown documents give
// [ErrNotFound].
func (l *Library) Place(doc crdt.DocID) (int64, error) {
	t, err := l.tail(doc)
	if err != nil {
		return 0, err
	}
	return t.place, nil
}

// Index makes a document be found by its title and text (at most 16 MiB of it). place is what [Library.Place] gave
// before the text was read, and every change that the text follows from must have been given to [Library.Append]
// before the call. What is indexed already goes never back to an earlier place. It returns after the commit: about 2 ms
// for 300 words. Unknown documents give [ErrNotFound].
func (l *Library) Index(doc crdt.DocID, place int64, title, text string) error {
	title, text = spread(trimTitle(title)), spread(trim(text, maxIndexed))
	return l.writeAside("index document", func(tx *sql.Tx) error {
		id, err := findDocument(tx, doc)
		if err != nil {
			return err
		}
		var later, same bool
		err = tx.QueryRow(`SELECT place > ?, title = ? AND body = ? FROM indexed WHERE doc = ?`, place, title, text, id).Scan(&later, &same)
		switch {
		case later:
			return nil
		case same:
			_, err = tx.Exec(`UPDATE indexed SET place = ? WHERE doc = ?`, place, id)
			return err
		case err != nil && !errors.Is(err, sql.ErrNoRows):
			return err
		}
		if err := unindex(tx, id); err != nil {
			return err
		}
		if _, err := tx.Exec(`INSERT INTO indexed (doc, place, title, body) VALUES (?, ?, ?, ?)`, id, place, title, text); err != nil {
			return err
		}
		_, err = tx.Exec(`INSERT INTO search (rowid, title, body) VALUES (?, ?, ?)`, id, title, text)
		return err
	})
}

// unindex makes a document not be found. Its words stay in the index until that is merged.
func unindex(tx *sql.Tx, id int64) error {
	_, err := tx.Exec(`INSERT INTO search (search, rowid, title, body) SELECT 'delete', doc, title, body FROM indexed WHERE doc = ?`, id)
	if err != nil {
		return err
	}
	_, err = tx.Exec(`DELETE FROM indexed WHERE doc = ?`, id)
	return err
}

// DropIndex drops all that [Library.Index] wrote. Nothing is found until it is written anew.
func (l *Library) DropIndex() error {
	return l.writeAside("drop the index", func(tx *sql.Tx) error {
		if _, err := tx.Exec(`INSERT INTO search (search) VALUES ('delete-all')`); err != nil {
			return err
		}
		_, err := tx.Exec(`DELETE FROM indexed`)
		return err
	})
}

// unmergedKey is the state that says that the index has words of destroyed documents.
const unmergedKey = "unmerged"

// mergePages is how many pages of the index are merged in one transaction: about 20 ms.
const mergePages = 32

// mergeDestroyed merges all parts of the index into one, some pages at a time, if words of destroyed documents are in
// it; then they are gone. That takes about a second for 3 million words. (FTS5 can remove words at once, with its
// option secure-delete. But then indexing a page of text anew takes 50 ms, and a book a second.)
func (l *Library) mergeDestroyed() (merged bool, err error) {
	mark, err := l.State(crdt.DocID{}, unmergedKey)
	if err != nil || mark == nil {
		return false, err
	}
	for pages, more := -mergePages, true; more; pages = mergePages { // the first, negative one puts all parts on one level
		err := l.writeAside("merge the index", func(tx *sql.Tx) (err error) {
			more, err = merge(tx, pages)
			return err
		})
		if err != nil {
			return false, err
		}
	}
	return true, l.writeAside("merge the index", func(tx *sql.Tx) error {
		_, err := tx.Exec(`DELETE FROM state WHERE key = ? AND doc = zeroblob(32)`, unmergedKey)
		return err
	})
}

// merge merges pages of the index and says whether there is more to merge: SQLite's documentation has it that less than
// two rows are written then.
func merge(tx *sql.Tx, pages int) (more bool, err error) {
	var before, after int
	if err := tx.QueryRow(`SELECT total_changes()`).Scan(&before); err != nil {
		return false, err
	}
	if _, err := tx.Exec(`INSERT INTO search (search, rank) VALUES ('merge', ?)`, pages); err != nil {
		return false, err
	}
	err = tx.QueryRow(`SELECT total_changes()`).Scan(&after)
	return after-before >= 2, err
}

// laggingSQL compares places: of the last row of a document, or, where all rows went into a block, of that.
const laggingSQL = `
SELECT doc.name FROM doc LEFT JOIN indexed ON indexed.doc = doc.id LEFT JOIN listing ON listing.doc = doc.id
 WHERE doc.destroyed IS NULL AND coalesce(indexed.place, 0) <> max(
       (SELECT coalesce(max(change.id), 0) & 0xffffffff FROM change WHERE change.id BETWEEN doc.id << 32 AND doc.id << 32 | 0xffffffff),
       coalesce((SELECT upto FROM block WHERE block.doc = doc.id AND block.kind = ?), 0))
 ORDER BY listing.modified DESC, doc.name`

// Lagging lists the documents, in the bin or not, whose index does not go as far as the journal, the last changed
// first. One without changes does not lag. It looks at each document: about 10 µs for one.
func (l *Library) Lagging() ([]crdt.DocID, error) {
	rows, err := l.readers.Query(laggingSQL, baseKind)
	if err != nil {
		return nil, fmt.Errorf("storage: look for documents to index: %w", err)
	}
	list, err := collect(rows, func(scan func(...any) error) (doc crdt.DocID, err error) {
		var name []byte
		if err = scan(&name); err == nil {
			err = fill(doc[:], name, "name")
		}
		return doc, err
	})
	if err != nil {
		return nil, fmt.Errorf("storage: look for documents to index: %w", err)
	}
	return list, nil
}

// spread puts seams into text, and spaces in the place of control characters and of what is no UTF-8.
func spread(text string) string {
	var b strings.Builder
	b.Grow(len(text))
	before := false
	for _, r := range text {
		alone := r >= 0x0E00 && unicode.In(r, unspaced...)
		if alone || before {
			b.WriteRune(seam)
		}
		before = alone
		if r == utf8.RuneError || r != '\n' && unicode.IsControl(r) {
			r = ' '
		}
		b.WriteRune(r)
	}
	return b.String()
}
