package storage

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
)

const scrubFilesSQL = `SELECT id, checksum, body FROM attachment_part WHERE id > ? ORDER BY id LIMIT 1`

// files reads a part of an attached file. The hash of a whole file is compared by who reads it ([Library.Attachment]) and by [Library.Check].
func (s *scrub) files(ctx context.Context, l *Library) (n int64, found []Fault, err error) {
	var id int64
	var sum, body []byte
	err = l.readers.QueryRowContext(ctx, scrubFilesSQL, s.File).Scan(&id, &sum, &body)
	if err == nil && id <= s.File {
		err = errDisorder
	}
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, nil, errPassed
	case errors.As(orDamage(err), new(damage)):
		return 0, []Fault{{What: "parts of attached files are on a damaged page: " + err.Error()}}, errPassed
	case err != nil:
		return 0, nil, err
	}
	s.File = id
	own := sha256.Sum256(body)
	if !bytes.Equal(own[:len(checksum{})], sum) {
		found = []Fault{{What: l.fileName(ctx, id>>16)}}
	}
	return int64(len(body)), found, nil
}

// fileName says which attached file is damaged, by a name that it is held by.
func (l *Library) fileName(ctx context.Context, id int64) string {
	var name, title string
	err := l.readers.QueryRowContext(ctx, `SELECT attached.name, coalesce(listing.title, '') FROM attached LEFT JOIN listing ON listing.doc = attached.doc
		 WHERE attached.attachment = ? LIMIT 1`, id).Scan(&name, &title)
	if err != nil {
		return fmt.Sprintf("an attached file (number %d): %v", id, errChecksum)
	}
	return fmt.Sprintf("the attached file %q of %q: %v", name, title, errChecksum)
}
