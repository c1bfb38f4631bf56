package storage

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"inkling/crdt"
)

// Document is what the list of documents shows of one.
type Document struct {
	ID      crdt.DocID
	Genesis crdt.Genesis
	Title   string // derived from its text by whoever appends; may be empty

	Created, Modified time.Time // Modified may be up to a second before the last change
	Deleted           bool      // it is in the bin

	// Lead is told by [Library.Documents] only.
	Lead
}

// Lead is what the list shows of a document's text. It may lag behind that by some seconds of writing.
type Lead struct {
	Preview string           // the first words behind the title
	People  []crdt.DeviceKey // whose words the text has
	Upto    int64            // the place of the last change that both follow from; 0: nothing is known
}

const documentSQL = `
SELECT doc.name, doc.genesis, coalesce(listing.title, ''), doc.created,
       coalesce(listing.modified, doc.created), doc.deleted IS NOT NULL
  FROM doc LEFT JOIN listing ON listing.doc = doc.id
 WHERE doc.destroyed IS NULL `

func scanDocument(scan func(...any) error) (d Document, err error) {
	var name, genesis []byte
	var created, modified int64
	if err = scan(&name, &genesis, &d.Title, &created, &modified, &d.Deleted); err != nil {
		return d, err
	}
	d.Created, d.Modified = time.UnixMilli(created), time.UnixMilli(modified)
	if d.Genesis, err = crdt.DecodeGenesis(genesis); err != nil {
		return Document{}, fmt.Errorf("document %x (%q): %w", name, d.Title, err)
	}
	if d.ID = d.Genesis.DocID(); !bytes.Equal(d.ID[:], name) {
		return Document{}, fmt.Errorf("document %x (%q) does not start from its genesis", name, d.Title)
	}
	return d, nil
}

// Documents lists what is not in the bin, the newest Modified first. When some
// documents cannot be listed, the others come with the error. Leads that cannot be read are missing, without an error: they are derived, and
// a damaged index is made anew (indexdamage.go).
func (l *Library) Documents() ([]Document, error) {
	list, err := l.documents(`AND doc.deleted IS NULL ORDER BY 5 DESC, doc.name`)
	leads := l.leads()
	for i, d := range list {
		list[i].Lead = leads[d.ID]
	}
	return list, err
}

const leadsSQL = `SELECT doc.name, place, preview, people FROM indexed JOIN doc ON doc.id = indexed.doc WHERE doc.deleted IS NULL`

// leads returns the leads that can be read. They are apart from the rest of the list, so that it is there also where
// the index is damaged, or is that of a newer Inkling.
func (l *Library) leads() map[crdt.DocID]Lead {
	leads := map[crdt.DocID]Lead{}
	rows, err := l.readers.Query(leadsSQL)
	if err != nil {
		return leads
	}
	_, _ = collect(rows, func(scan func(...any) error) (_ struct{}, err error) { // what was read before an error counts
		var id crdt.DocID
		var lead Lead
		var name, people []byte
		if err = scan(&name, &lead.Upto, &lead.Preview, &people); err == nil {
			err = fill(id[:], name, "name")
		}
		lead.People = peopleOf(people)
		leads[id] = lead
		return struct{}{}, err
	})
	return leads
}

// newestSQL goes back in time through the index; every document that is not destroyed is listed. CROSS JOIN keeps SQLite to that order.
const newestSQL = `AND doc.id IN (
	SELECT listing.doc FROM listing CROSS JOIN doc AS d ON d.id = listing.doc WHERE d.deleted IS NULL
	 ORDER BY listing.modified DESC LIMIT ?) ORDER BY 5 DESC, doc.name`

// Newest lists the first n of [Library.Documents], in a time that does not depend on how many there are.
func (l *Library) Newest(n int) ([]Document, error) { return l.documents(newestSQL, n) }

// documents returns the rows that can be read, but those of destroyed documents, and an error when others cannot.
func (l *Library) documents(which string, args ...any) ([]Document, error) {
	rows, err := l.readers.Query(documentSQL+which, args...)
	if err != nil {
		return nil, fmt.Errorf("storage: list documents: %w", err)
	}
	var broken []error
	list, err := collect(rows, func(scan func(...any) error) (Document, error) {
		d, err := scanDocument(scan)
		if err != nil {
			broken = append(broken, err)
		}
		return d, nil
	})
	if err = errors.Join(append(broken, err)...); err != nil {
		list = slices.DeleteFunc(list, func(d Document) bool { return d.ID == crdt.DocID{} })
		return list, fmt.Errorf("storage: list documents: %w", err)
	}
	return list, nil
}

// Document returns one document, also one in the bin, or [ErrNotFound].
func (l *Library) Document(id crdt.DocID) (Document, error) {
	list, err := l.documents(`AND doc.name = ?`, id[:])
	switch {
	case err != nil:
		return Document{}, err
	case len(list) == 0:
		return Document{}, ErrNotFound
	}
	return list[0], nil
}

// Add makes the library know the document that starts from g. It returns after
// the commit. A document that is known stays as it is, also in the bin, and destroyed.
func (l *Library) Add(g crdt.Genesis, now time.Time) error {
	return l.write("add document", func(tx *sql.Tx) error {
		_, err := addDocument(tx, g, now)
		return err
	})
}

// Welcome is as [Library.Add], and makes a device a member; a document that was in the bin comes back, and one that was
// destroyed begins anew: the person wants to have it.
func (l *Library) Welcome(g crdt.Genesis, member [32]byte, now time.Time) error {
	return l.write("take a document in", func(tx *sql.Tx) error {
		doc, err := welcome(tx, g, now)
		if err != nil {
			return err
		}
		return addMember(tx, doc, member, now)
	})
}

func welcome(tx *sql.Tx, g crdt.Genesis, now time.Time) (doc int64, err error) {
	if doc, err = addDocument(tx, g, now); err != nil {
		return 0, err
	}
	if err := revive(tx, doc); err != nil {
		return 0, err
	}
	return doc, addListing(tx, doc, now) // a destroyed one has none
}

// Knows says whether the library has or had a document: also one in the bin, and one that was destroyed.
func (l *Library) Knows(id crdt.DocID) (bool, error) {
	var known bool
	err := l.readers.QueryRow(`SELECT EXISTS (SELECT 1 FROM doc WHERE name = ?)`, id[:]).Scan(&known)
	if err != nil {
		return false, fmt.Errorf("storage: look for document %s: %w", id, err)
	}
	return known, nil
}

func addDocument(tx *sql.Tx, g crdt.Genesis, now time.Time) (id int64, err error) {
	name := g.DocID()
	_, err = tx.Exec(`INSERT INTO doc (name, genesis, created) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING`,
		name[:], g.Bytes(), now.UnixMilli())
	if err != nil {
		return 0, err
	}
	if err = tx.QueryRow(`SELECT id FROM doc WHERE name = ?`, name[:]).Scan(&id); err != nil {
		return 0, err
	}
	return id, addListing(tx, id, now)
}

// addListing lists a document that has no listing yet. A destroyed one is listed nowhere.
func addListing(tx *sql.Tx, id int64, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO listing (doc, title, modified) SELECT id, '', ? FROM doc WHERE id = ? AND destroyed IS NULL
		ON CONFLICT (doc) DO NOTHING`, now.UnixMilli(), id)
	return err
}

// findDocument returns doc.id of a document, or [ErrNotFound].
func findDocument(tx *sql.Tx, doc crdt.DocID) (id int64, err error) {
	err = tx.QueryRow(`SELECT id FROM doc WHERE name = ? AND destroyed IS NULL`, doc[:]).Scan(&id)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, ErrNotFound
	}
	return id, err
}

// updateDocument sets columns of a document, with the values for the question marks in set.
func updateDocument(tx *sql.Tx, set string, id crdt.DocID, values ...any) error {
	result, err := tx.Exec(`UPDATE doc SET `+set+` WHERE name = ? AND destroyed IS NULL`, append(values, id[:])...)
	if err != nil {
		return err
	}
	if n, err := result.RowsAffected(); err != nil || n == 0 {
		return errors.Join(err, ErrNotFound)
	}
	return nil
}

// A Nonce is what a replica's name is made of, together with device and document:
// see [crdt.Author]. The zero one stands for none.
type Nonce = [16]byte

// Nonce returns the nonce that this device has drawn for writing in doc; zero when it
// has none. Unknown documents give [ErrNotFound].
func (l *Library) Nonce(doc crdt.DocID) (n Nonce, err error) {
	var column []byte
	err = l.readers.QueryRow(`SELECT nonce FROM doc WHERE name = ? AND destroyed IS NULL`, doc[:]).Scan(&column)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return n, ErrNotFound
	case err != nil:
		return n, fmt.Errorf("storage: read the nonce of %s: %w", doc, err)
	case column == nil:
		return n, nil
	}
	return n, fill(n[:], column, "nonce")
}

// SetNonce remembers the nonce with which this device writes in doc, and returns
// after the commit: no change of its replica may be appended before. Unknown documents
// give [ErrNotFound].
func (l *Library) SetNonce(doc crdt.DocID, n Nonce) error {
	if n == (Nonce{}) {
		panic("storage: SetNonce with the zero nonce")
	}
	return l.write("remember nonce", func(tx *sql.Tx) error {
		return updateDocument(tx, `nonce = ?`, doc, n[:])
	})
}
