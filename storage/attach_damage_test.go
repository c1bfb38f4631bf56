package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"inkling/storage"
	"inkling/storage/storagetest"
)

// TestEveryFlipInAnAttachment: no bit of what is stored of an attached file can be another one without a check saying
// so; and who reads the content gets it as it was, or an error, and never anything else.
func TestEveryFlipInAnAttachment(t *testing.T) {
	rng := seeded(t)
	l, err := storage.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	doc := add(t, l, 1)
	small, great := []byte("a small file"), noise(rng, 2*storage.PartBytes+100)
	mustAttach(t, l, doc, "small.txt", small)
	mustAttach(t, l, doc, "great.bin", great)
	for _, c := range []struct {
		table, column, where string
		bits, every          int
		content              []byte
	}{
		{"attachment_part", "body", "id = 1 << 16", 8 * len(small), 1, small},
		{"attachment_part", "checksum", "id = 1 << 16", 64, 1, small},
		{"attachment", "hash", "id = 1", 256, 1, small},
		{"attached", "checksum", "attachment = 1", 64, 1, small},
		{"attached", "name", "attachment = 1", 8 * len("small.txt"), 1, small},
		{"attachment_part", "body", "id = 2 << 16", 8 * storage.PartBytes, 70_000, great},
		{"attachment_part", "body", "id = 2 << 16 | 2", 800, 7, great},
		{"attachment_part", "checksum", "id = 2 << 16 | 2", 64, 7, great},
	} {
		t.Run(c.table+"."+c.column+" "+c.where, func(t *testing.T) {
			for bit := rng.IntN(c.every); bit < c.bits; bit += 1 + rng.IntN(2*c.every-1) {
				flip(t, l, c.table, c.column, c.where, bit)
				checkFound(t, l, doc, c.content)
				flip(t, l, c.table, c.column, c.where, bit)
			}
		})
	}
	for _, statement := range []string{
		"UPDATE attachment SET length = length + 1 WHERE id = 2", "UPDATE attachment SET length = length - 1 WHERE id = 2",
		"UPDATE attachment SET length = 0 WHERE id = 1", "UPDATE attachment SET length = 400000 WHERE id = 1",
		"UPDATE attached SET attachment = 1 WHERE attachment = 2", "DELETE FROM attachment_part WHERE id = 2 << 16 | 1",
		"UPDATE attachment_part SET id = 2 << 16 | 9 WHERE id = 2 << 16 | 1",
		// Two parts in each other's place: each has its checksum, and only the hash of all tells.
		"UPDATE attachment_part SET id = -1 WHERE id = 2 << 16; UPDATE attachment_part SET id = 2 << 16 WHERE id = 2 << 16 | 1; UPDATE attachment_part SET id = 2 << 16 | 1 WHERE id = -1",
		"UPDATE attachment_part SET id = 7 << 16 WHERE id = 2 << 16 | 1",
		"UPDATE attachment SET hash = NULL, length = NULL WHERE id = 2",
		"DELETE FROM attachment WHERE id = 2",
	} {
		t.Run(statement, func(t *testing.T) {
			l := storagetest.Open(t)
			defer l.Close()
			add(t, l, 1)
			mustAttach(t, l, doc, "small.txt", small)
			mustAttach(t, l, doc, "great.bin", great)
			if err := storage.AlterOpen(l, "PRAGMA defer_foreign_keys = on; "+statement); err != nil && !strings.Contains(err.Error(), "FOREIGN KEY") {
				t.Fatal(err)
			} else if err != nil {
				return // SQLite itself keeps it from happening
			}
			checkFound(t, l, doc, nil)
			if err := storage.AlterOpen(l, "DELETE FROM attached; DELETE FROM attachment; DELETE FROM attachment_part"); err != nil { // it is looked at once more
				t.Fatal(err)
			}
		})
	}
	if r, err := l.Check(context.Background()); err != nil || !r.Intact() || r.Attachments.Files != 2 || r.Attachments.Bytes != int64(len(small)+len(great)) {
		t.Errorf("all mended: %v, %v", r, err)
	}
	if r, err := l.Check(context.Background()); err != nil || !strings.Contains(r.String(), "1 document and 2 attached files intact") {
		t.Errorf("it says %v, %v", r, err)
	}
}

// flip alters one bit of a column.
func flip(t *testing.T, l *storage.Library, table, column, where string, bit int) {
	t.Helper()
	at := bit/8 + 1
	statement := fmt.Sprintf(`UPDATE %[1]s SET %[2]s = CAST(substr(CAST(%[2]s AS BLOB), 1, %[4]d - 1) || x'%%02x' || substr(CAST(%[2]s AS BLOB), %[4]d + 1) AS %[5]s) WHERE %[3]s`,
		table, column, where, at, map[bool]string{true: "TEXT", false: "BLOB"}[column == "name"])
	old, err := storage.ByteAt(l, table, column, where, at)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.AlterOpen(l, fmt.Sprintf(statement, old^1<<(bit%8))); err != nil {
		t.Fatal(err)
	}
}

// checkFound says that a check finds something, and that nothing wrong is given out.
func checkFound(t *testing.T, l *storage.Library, doc [32]byte, content []byte) {
	t.Helper()
	r, err := l.Check(context.Background())
	if err != nil || r.Intact() || r.Attachments.Intact() || strings.Contains(r.String(), "intact\n") {
		t.Errorf("the check says %v, %v", r, err)
	}
	list, listErr := l.Attachments(doc)
	for _, a := range list {
		got, err := contentOf(l, a.Hash)
		var lost *storage.AttachmentError
		if err != nil && !errors.As(err, &lost) {
			t.Errorf("reading gives %v", err)
		}
		if content != nil && err == nil && len(got) == len(content) && !bytes.Equal(got, content) {
			t.Errorf("another content was given out")
		}
	}
	_ = listErr // of a link that cannot be believed
}

// TestAttachingAgainHeals: who attaches a file whose content is damaged in the library mends it, wherever it is held.
func TestAttachingAgainHeals(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	one, two := add(t, l, 1), add(t, l, 2)
	content := noise(rng, storage.PartBytes+5)
	a := mustAttach(t, l, one, "a", content)
	mustAttach(t, l, two, "b", content)
	for _, damage := range []string{
		`UPDATE attachment_part SET body = zeroblob(5) WHERE id & 0xffff = 1`, `DELETE FROM attachment_part WHERE id & 0xffff = 0`,
	} {
		if err := storage.AlterOpen(l, damage); err != nil {
			t.Fatal(err)
		}
		r, err := l.Check(context.Background())
		if err != nil || len(r.Attachments.Lost) != 1 || len(r.Attachments.Lost[0].Names) != 2 {
			t.Errorf("damaged: %v, %v", r, err)
		}
		if err := l.AttachKnown(context.Background(), two, "c", a.Hash, day); !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("a damaged content counts as known: %v", err)
		}
		mustAttach(t, l, one, "a", content)
		checkHeld(t, l, one, map[string][]byte{"a": content})
		checkHeld(t, l, two, map[string][]byte{"b": content})
		if err := l.SweepDestroyed(); err != nil {
			t.Fatal(err)
		}
		checkParts(t, l, len(content))
	}
}

// TestPlansOfAttachments: no question about one file looks at all of them.
func TestPlansOfAttachments(t *testing.T) {
	l := storagetest.Open(t)
	for _, query := range []string{storage.AttachedSQL, storage.AttachmentPartSQL, storage.PartRowsSQL} {
		plan, err := storage.Plan(l, query, 1, 2)
		if err != nil {
			plan, err = storage.Plan(l, query, 1)
		}
		if err != nil || strings.Contains(plan, "SCAN") {
			t.Errorf("%s: %s, %v", query, plan, err)
		}
	}
}
