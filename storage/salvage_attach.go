package storage

import (
	"bytes"
	"context"
	"database/sql"
	"fmt"
	"slices"

	"inkling/crdt"
)

// writeFiles writes the attached files that are whole, in the damaged library or in a copy of it, and who holds them. What is lost is named.
func (s *salvage) writeFiles(ctx context.Context, db *sql.DB, known map[int64]bool) error {
	kept := map[int64]FileHash{}
	for _, c := range s.own.contents {
		if err := ctx.Err(); err != nil {
			return err
		}
		from, parts := s.findFile(ctx, c)
		if from == nil {
			s.report.LostFiles = append(s.report.LostFiles, s.holders(c))
			continue
		}
		if err := transact(db, func(tx *sql.Tx) error { return from.writeFile(tx, c, parts) }); err != nil {
			return err
		}
		kept[c.id] = c.hash
		s.report.Files++
	}
	return transact(db, func(tx *sql.Tx) error {
		for _, k := range s.own.links {
			hash, has := kept[k.attachment]
			name := s.nameOf(k.doc)
			if !has || !known[k.doc] || !bytes.Equal(k.sum, linkChecksum(name, hash, k.name)) {
				continue
			}
			_, err := tx.Exec(`INSERT INTO attached (doc, name, attachment, checksum, added, detached, binned) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
				k.doc, k.name, k.attachment, k.sum, k.added, k.detached, k.binned)
			if err != nil {
				return err
			}
		}
		return nil
	})
}

// findFile returns where a content is whole; nil: nowhere.
func (s *salvage) findFile(ctx context.Context, c contentRow) (*remains, []rowAt) {
	if parts, err := s.own.assemble(c.id, c.length, c.hash); err == nil {
		return s.own, parts
	}
	for i := range s.paths {
		from := s.other(ctx, i)
		if from == nil {
			continue
		}
		j := slices.IndexFunc(from.contents, func(k contentRow) bool { return k.hash == c.hash })
		if j < 0 {
			continue
		}
		if parts, err := from.assemble(from.contents[j].id, c.length, c.hash); err == nil {
			if !slices.Contains(s.report.Backups, s.paths[i]) {
				s.report.Backups = append(s.report.Backups, s.paths[i])
			}
			return from, parts
		}
	}
	return nil, nil
}

// writeFile writes a content whose parts lie in r.
func (r *remains) writeFile(tx *sql.Tx, c contentRow, parts []rowAt) error {
	if _, err := tx.Exec(`INSERT INTO attachment (id, hash, length) VALUES (?, ?, ?)`, c.id, c.hash[:], c.length); err != nil {
		return err
	}
	for i, at := range parts {
		v, err := r.read(at)
		if err == nil {
			_, err = tx.Exec(`INSERT INTO attachment_part (id, checksum, body) VALUES (?, ?, ?)`, c.id<<16|int64(i), v.bytes(1), v.bytes(2))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// nameOf returns the name of the document with a number in the new library.
func (s *salvage) nameOf(number int64) crdt.DocID {
	if row, has := s.own.docs[number]; has {
		return row.name
	}
	return s.found[number]
}

// holders names a content by who holds it.
func (s *salvage) holders(c contentRow) string {
	text := fmt.Sprintf("%x, %d bytes", c.hash[:6], c.length)
	for _, k := range s.own.links {
		if k.attachment == c.id {
			text += fmt.Sprintf("; %q of %q", k.name, s.own.listings[k.doc].title)
		}
	}
	return text
}
