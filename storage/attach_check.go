package storage

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"inkling/crdt"
)

// AttachmentsReport says how much of what documents hold can be read.
type AttachmentsReport struct {
	Files int   // contents that can be read to their ends
	Bytes int64 // of them
	// Lost are the contents that cannot, the first 100 of them.
	Lost []*AttachmentError
	// Astray are rows that say which document holds what, and cannot be believed, the first 100 of them.
	Astray []string
}

// Intact says whether all of it can be read.
func (r AttachmentsReport) Intact() bool { return len(r.Lost) == 0 && len(r.Astray) == 0 }

// heldLink is a row of table attached, with what it belongs to, as far as that is there.
type heldLink struct {
	doc           crdt.DocID
	title, name   string
	hash, sum     []byte // hash: empty when the content is not there
	noDoc, noFile bool
}

const linksSQL = `
SELECT coalesce(doc.name, zeroblob(32)), doc.name IS NULL, coalesce(listing.title, ''), attached.name, coalesce(attachment.hash, x''), attachment.hash IS NULL, attached.checksum
  FROM attached LEFT JOIN doc ON doc.id = attached.doc LEFT JOIN listing ON listing.doc = attached.doc LEFT JOIN attachment ON attachment.id = attached.attachment
 ORDER BY 3, 4`

// checkAttachments reads all contents, and all that says who holds them. The error says that it could not be done.
func (l *Library) checkAttachments(ctx context.Context) (r AttachmentsReport, err error) {
	names, err := l.checkLinks(ctx, &r)
	if err != nil {
		return r, err
	}
	list, err := contents(ctx, l.readers)
	if err != nil {
		return r, err
	}
	for _, c := range list {
		err := l.checkContent(ctx, c)
		switch {
		case ctx.Err() != nil:
			return r, ctx.Err()
		case errors.Is(err, ErrNotFound): // it was removed meanwhile
		case err == nil:
			r.Files++
			r.Bytes += c.length
		default:
			lost := &AttachmentError{Hash: c.hash, Reason: err}
			if errors.As(err, &lost) {
				lost.Names = names[c.hash]
			}
			if len(r.Lost) < maxLost {
				r.Lost = append(r.Lost, lost)
			}
		}
	}
	return r, l.checkStray(ctx, &r)
}

// checkContent reads all of c.
func (l *Library) checkContent(ctx context.Context, c content) error {
	a, err := l.Attachment(ctx, c.hash)
	if err != nil {
		return err
	}
	if _, err = a.WriteTo(io.Discard); errors.Is(err, errGone) {
		if _, again := l.Attachment(ctx, c.hash); again != nil {
			return again
		}
	}
	return err
}

// checkLinks reads table attached, and returns by which names each content is held.
func (l *Library) checkLinks(ctx context.Context, r *AttachmentsReport) (map[FileHash][]string, error) {
	rows, err := l.readers.QueryContext(ctx, linksSQL)
	if err != nil {
		return nil, err
	}
	names := map[FileHash][]string{}
	_, err = collect(rows, func(scan func(...any) error) (struct{}, error) {
		var k heldLink
		var doc []byte
		err := scan(&doc, &k.noDoc, &k.title, &k.name, &k.hash, &k.noFile, &k.sum)
		if err == nil {
			err = fill(k.doc[:], doc, "name")
		}
		if err != nil {
			return struct{}{}, err
		}
		who := fmt.Sprintf("%s of %s", k.name, Document{ID: k.doc, Title: k.title}.name())
		var hash FileHash
		copy(hash[:], k.hash)
		switch {
		case k.noFile:
			r.stray("the file %s is not there", who)
		case k.noDoc || !bytes.Equal(k.sum, linkChecksum(k.doc, hash, k.name)):
			r.stray("a file called %s belongs to another document, or has another name", who)
		default:
			names[hash] = append(names[hash], who)
		}
		return struct{}{}, nil
	})
	return names, err
}

// checkStray looks for parts that belong to nothing, and for contents that nobody holds and that are to be removed.
func (l *Library) checkStray(ctx context.Context, r *AttachmentsReport) error {
	var stray int
	err := l.readers.QueryRowContext(ctx, `SELECT count(*) FROM attachment_part AS p WHERE NOT EXISTS (SELECT 1 FROM attachment WHERE id = p.id >> 16)`).Scan(&stray)
	if err == nil && stray > 0 {
		r.stray("%s of attached files belong to none", plural(stray, "part"))
	}
	return err
}

func (r *AttachmentsReport) stray(format string, args ...any) {
	if len(r.Astray) < maxLost {
		r.Astray = append(r.Astray, fmt.Sprintf(format, args...))
	}
}
