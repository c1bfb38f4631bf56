package storage

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"inkling/crdt"
)

// write makes the new library, as a draft in DIR/restoring, and stages it when all of it has been read back and verified.
func (s *salvage) write(ctx context.Context) error {
	folder := filepath.Join(s.dir, stageFolder)
	aside := filepath.Join(folder, asideFolder)
	if err := errors.Join(os.MkdirAll(aside, 0o700), removeDrafts(folder)); err != nil {
		return err
	}
	if err := checkRoom(folder, s.report.Pages*dbPageBytes); err != nil {
		return err
	}
	draft := filepath.Join(folder, databaseFile+draftSuffix)
	err := s.writeDraft(ctx, draft)
	if err == nil {
		err = verifyDraft(ctx, draft)
	}
	if err == nil {
		err = useWAL(draft)
	}
	if err == nil {
		report := filepath.Join(aside, reportFile)
		err = errors.Join(os.WriteFile(report, []byte(s.report.String()), 0o600), syncFile(report), syncDir(aside))
	}
	if err == nil {
		err = publish(draft, filepath.Join(folder, databaseFile))
	}
	if err != nil {
		return errors.Join(err, os.RemoveAll(folder)) // nothing but the draft and the report is in it
	}
	return syncDir(s.dir)
}

// verifyDraft checks a draft as `inkling check` does.
func verifyDraft(ctx context.Context, draft string) error {
	l, err := OpenBackup(draft)
	if err != nil {
		return err
	}
	defer l.Close()
	if err := checkSchema(l.readers, written.version()); err != nil {
		return err
	}
	report, err := l.Check(ctx)
	if err == nil && !report.Intact() {
		err = fmt.Errorf("the new library is not what was to be written, so the old one stays where it is: %v", report)
	}
	return err
}

func (s *salvage) writeDraft(ctx context.Context, draft string) error {
	if err := writeEmpty(draft); err != nil {
		return err
	}
	db, err := openWriter(draft)
	if err != nil {
		return err
	}
	// A draft that a power cut spoils is thrown away; it is made durable as a whole.
	if _, err := db.Exec(`PRAGMA journal_mode = DELETE; PRAGMA synchronous = OFF`); err != nil {
		return errors.Join(err, db.Close())
	}
	known := map[int64]bool{}
	s.found = map[int64]crdt.DocID{}
	for _, number := range s.own.numbers() {
		d, has := s.own.docs[number]
		if !has {
			if d, has = s.lostRow(ctx, number); !has {
				s.nameless(number)
				continue
			}
		}
		if err = s.writeDocument(ctx, db, d); err != nil {
			break
		}
		known[number] = d.destroyed == nil
		s.found[number] = d.name
	}
	if err == nil {
		err = s.writeFiles(ctx, db, known)
	}
	if err == nil {
		err = s.writePeople(ctx, db, known)
	}
	return errors.Join(err, db.Close())
}

// writeDocument writes what can be salvaged of a document, in one transaction.
func (s *salvage) writeDocument(ctx context.Context, db *sql.DB, d docRow) error {
	insert := func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO doc (id, name, genesis, created, deleted, binned, destroyed) VALUES (?, ?, ?, ?, ?, ?, ?)`,
			d.id, d.name[:], d.genesis.Bytes(), d.created, d.deleted, d.binned, d.destroyed)
		return err
	}
	if d.destroyed != nil {
		return transact(db, insert)
	}
	r, err := s.rescued(ctx, d)
	if err != nil {
		return fmt.Errorf("document %s: %w", d.name, err)
	}
	list, listed := s.own.listings[d.id]
	if !listed {
		list = listingRow{firstLine(r.doc), s.report.At.UnixMilli()}
	}
	s.describe(d, r, list.title)
	if title := firstLine(r.doc); !r.whole() && title != "" {
		list.title = title
	}
	return transact(db, func(tx *sql.Tx) error {
		if err := insert(tx); err != nil {
			return err
		}
		if err := r.write(tx, d.id); err != nil {
			return err
		}
		_, err := tx.Exec(setListingSQL, d.id, trimTitle(list.title), list.modified)
		return err
	})
}

// write writes the journal of a document.
func (r *rescue) write(tx *sql.Tx, number int64) error {
	place := r.baseCovers()
	if r.base != nil {
		b := &block{kind: baseKind, upto: r.base.upto, weight: r.base.weight}
		if err := insertBlock(tx, number, b, r.base.body, r.base.ends); err != nil {
			return err
		}
	}
	insert, err := tx.Prepare(insertChangeSQL)
	if err != nil {
		return err
	}
	defer insert.Close()
	for _, c := range r.journal() {
		place++
		sum := checksumOf(c)
		_, err := insert.Exec(changeID(number, place), number, c.Replica[:], c.Seq, c.Next, previousColumn(c), c.Hash[:],
			c.Signature, sum[:], codecChange, c.Body)
		if err != nil {
			return err
		}
	}
	for replica, tails := range sortHeads(r.doc.Heads()) {
		if len(tails) > 1 {
			if _, err := tx.Exec(insertForkSQL, number, replica[:]); err != nil {
				return err
			}
		}
	}
	return nil
}

// firstLine is a title for a document of which none can be read: its first line with a letter or digit.
func firstLine(d *crdt.Doc) string {
	for line := range strings.Lines(d.Slice(0, min(d.Len(), maxTitle))) {
		if strings.IndexFunc(line, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) >= 0 {
			return strings.TrimSpace(strings.TrimLeft(strings.TrimSpace(line), "#"))
		}
	}
	return ""
}

// writePeople writes what the small tables have. Where one of them is damaged, the newest copy of the library that can be read fills it up.
// What only one copy may go on with is not carried over: nonces and open invites.
func (s *salvage) writePeople(ctx context.Context, db *sql.DB, known map[int64]bool) error {
	from := []*remains{s.own}
	if damaged := s.damagedTables(ctx, "peer", "member", "invite", "state"); len(damaged) > 0 {
		s.report.People = "Of the devices that you write with, some may be missing: meet them again, or invite them."
		for i := range s.paths {
			if r := s.other(ctx, i); r != nil {
				from = append(from, r)
				s.report.People = "Some of the devices that you write with were damaged, and taken from " + s.paths[i] + "."
				break
			}
		}
	}
	return transact(db, func(tx *sql.Tx) error {
		for i, r := range from {
			if err := s.writeSmall(tx, r, known, i > 0); err != nil {
				return err
			}
		}
		return writeState(tx, salvagedKey, []byte(s.report.Summary()))
	})
}

// damagedTables returns those of the tables that are damaged; all, where that cannot be told.
func (s *salvage) damagedTables(ctx context.Context, tables ...string) (damaged []string) {
	for _, table := range tables {
		problems, err := complaints(ctx, s.own.w.db, `PRAGMA quick_check("`+table+`")`)
		if err != nil || len(problems) > 0 || s.own.w.copy != "" {
			damaged = append(damaged, table)
		}
	}
	return damaged
}

// writeSmall writes the rows of the small tables of one file, those left out that are there already. old says that it is a copy: of that, what is
// said of the library's own state counts for nothing.
func (s *salvage) writeSmall(tx *sql.Tx, r *remains, known map[int64]bool, old bool) error {
	// The number of a document in the new library, which has those of the damaged one.
	number := func(doc int64) (int64, bool) {
		if !old {
			return doc, known[doc]
		}
		row, has := r.docs[doc]
		if !has {
			return 0, false
		}
		own, has := s.own.byID[row.name]
		if !has {
			own = doc
		}
		return own, known[own]
	}
	var err error
	insert := func(query string, args ...any) {
		if err == nil {
			_, err = tx.Exec(query, args...)
		}
	}
	for _, p := range r.peers {
		insert(`INSERT INTO peer (key, name, addrs, pinned, seen) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`, p.key, p.name, p.addrs, p.pinned, p.seen)
	}
	for _, m := range r.members {
		if doc, there := number(m.doc); there {
			insert(`INSERT INTO member (doc, key, added) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, doc, m.key, m.added)
		}
	}
	for _, i := range r.invites {
		if doc, there := number(i.doc); there {
			insert(`INSERT INTO invite (id, secret, doc, created, expires, used_by, used) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				i.id, i.secret, doc, i.created, i.expires, i.usedBy, i.used)
		}
	}
	var library crdt.DocID
	for _, v := range r.states {
		ofLibrary := string(v.doc) == string(library[:])
		if ofLibrary && (old || v.key == restoredKey || v.key == salvagedKey || v.key == scrubKey) {
			continue
		}
		if v.value == nil {
			v.value = []byte{}
		}
		insert(`INSERT INTO state (doc, key, value) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`, v.doc, v.key, v.value)
	}
	return err
}
