package storage

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"inkling/crdt"
)

// What can be searched is derived: the current text of each document in table indexed, with what the list shows of it,
// and SQLite's index (FTS5) over the text. It may lag behind the journal, and says how far it goes by the place of the last change that it follows from.
// Whoever has the text brings it up to date ([Library.Index]); [Library.Lagging] says where that is to be done. All of
// it can be dropped ([Library.DropIndex]) and made anew, and is the same then.

// Maxima of what is kept of a [Content]; what is behind them is not.
const (
	maxIndexed = 16 << 20 // bytes of the text
	maxPreview = 160      // code points
	maxPeople  = 16
)

// Content is what a document says, as far as it is looked for or listed. All of it follows from the document's changes
// alone: whoever derives it anew gets the same.
type Content struct {
	Title   string           // at most 1 KiB of it is kept
	Preview string           // the first words behind the title; at most 160 code points of it are kept
	People  []crdt.DeviceKey // whose words the text has, in the order of the text; at most the first 16 are kept
	Text    string           // at most 16 MiB of it can be found
	Written time.Time        // when the newest of it was written, by its author's clock; for a listing that was lost
}

// kept returns c as it is kept.
func (c Content) kept() Content {
	c.Title, c.Text = trimTitle(c.Title), trim(c.Text, maxIndexed)
	preview := []rune(strings.ToValidUTF8(c.Preview, "\uFFFD"))
	c.Preview = string(preview[:min(len(preview), maxPreview)])
	c.People = c.People[:min(len(c.People), maxPeople)]
	return c
}

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

// Index makes a document be found and listed by what it says. place is what [Library.Place] gave
// before the content was read, and every change that it follows from must have been given to [Library.Append]
// before the call. What is indexed already goes never back to an earlier place. It returns after the commit: about 2 ms
// for 300 words. Unknown documents give [ErrNotFound], a damaged index an [*IndexDamageError].
func (l *Library) Index(doc crdt.DocID, place int64, c Content) error {
	c = c.kept()
	return orIndexDamage(l.writeAside("index document", func(tx *sql.Tx) error {
		id, err := findDocument(tx, doc)
		if err != nil {
			return err
		}
		later, err := indexContent(tx, id, place, c)
		if err != nil || later {
			return err
		}
		return setListed(tx, id, place, c)
	}))
}

// indexContent brings table indexed and the index up to date, unless they have a later place.
func indexContent(tx *sql.Tx, id, place int64, c Content) (later bool, err error) {
	title, body, people := spread(c.Title), spread(c.Text), peopleColumn(c.People)
	var same bool
	err = tx.QueryRow(`SELECT place > ?, title = ? AND body = ? FROM indexed WHERE doc = ?`, place, title, body, id).Scan(&later, &same)
	switch {
	case err != nil && !errors.Is(err, sql.ErrNoRows):
		return false, err
	case later:
		return true, nil
	case same:
		_, err = tx.Exec(`UPDATE indexed SET place = ?, preview = ?, people = ? WHERE doc = ?`, place, c.Preview, people, id)
		return false, err
	}
	if err := unindex(tx, id); err != nil {
		return false, err
	}
	_, err = tx.Exec(`INSERT INTO indexed (doc, place, title, preview, people, body) VALUES (?, ?, ?, ?, ?, ?)`, id, place, title, c.Preview, people, body)
	if err != nil {
		return false, err
	}
	_, err = tx.Exec(`INSERT INTO search (rowid, title, body) VALUES (?, ?, ?)`, id, title, body)
	return false, err
}

// lastPlace is in SQL the place of a document's last change: of its last row, or, where all went into a block, of that.
const lastPlace = `max(
       (SELECT coalesce(max(change.id), 0) & 0xffffffff FROM change WHERE change.id BETWEEN doc.id << 32 AND doc.id << 32 | 0xffffffff),
       coalesce((SELECT upto FROM block WHERE block.doc = doc.id AND block.kind = 1), 0))`

const setListedSQL = `
INSERT INTO listing (doc, title, modified) SELECT id, ?2, ?3 FROM doc WHERE id = ?1 AND ?4 = ` + lastPlace + `
    ON CONFLICT (doc) DO UPDATE SET title = excluded.title WHERE title <> excluded.title`

// setListed sets a document's title in the list, if no change came behind place: that brought its own. What
// appended it may have known a change more or less than the journal has now; this is what the journal says. The
// time of the last change stays as it is: the journal does not have it. Where there is none it is when
// the text was written, or now if nothing of it is left.
func setListed(tx *sql.Tx, id, place int64, c Content) error {
	written := c.Written
	if written.IsZero() {
		written = time.Now()
	}
	_, err := tx.Exec(setListedSQL, id, c.Title, written.UnixMilli(), place)
	return err
}

// peopleColumn is how people are written: their keys, one behind the other.
func peopleColumn(people []crdt.DeviceKey) []byte {
	column := []byte{}
	for _, key := range people {
		column = append(column, key[:]...)
	}
	return column
}

// peopleOf reads what peopleColumn wrote. A rest that is no key is passed over.
func peopleOf(column []byte) (people []crdt.DeviceKey) {
	for ; len(column) >= len(crdt.DeviceKey{}); column = column[len(crdt.DeviceKey{}):] {
		people = append(people, crdt.DeviceKey(column))
	}
	return people
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

const laggingSQL = `
SELECT doc.name FROM doc LEFT JOIN indexed ON indexed.doc = doc.id LEFT JOIN listing ON listing.doc = doc.id
 WHERE doc.destroyed IS NULL AND coalesce(indexed.place, 0) <> ` + lastPlace + `
 ORDER BY listing.modified DESC, doc.name`

// Lagging lists the documents, in the bin or not, whose index does not go as far as the journal, the last changed
// first. One without changes does not lag. A damaged index gives an [*IndexDamageError]. It looks at each document: about 10 µs for one.
func (l *Library) Lagging() ([]crdt.DocID, error) {
	rows, err := l.readers.Query(laggingSQL)
	if err != nil {
		return nil, fmt.Errorf("storage: look for documents to index: %w", orIndexDamage(err))
	}
	list, err := collect(rows, func(scan func(...any) error) (doc crdt.DocID, err error) {
		var name []byte
		if err = scan(&name); err == nil {
			err = fill(doc[:], name, "name")
		}
		return doc, err
	})
	if err != nil {
		return nil, fmt.Errorf("storage: look for documents to index: %w", orIndexDamage(err))
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
