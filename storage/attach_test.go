package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// attachmentSizes are lengths at which something is different: no part, one, the ends of parts.
var attachmentSizes = []int{0, 1, 1000, storage.PartBytes - 1, storage.PartBytes, storage.PartBytes + 1, 3 * storage.PartBytes, 3*storage.PartBytes + 1}

// noise returns n bytes.
func noise(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func mustAttach(t testing.TB, l *storage.Library, doc crdt.DocID, name string, content []byte) storage.Attached {
	t.Helper()
	a, err := l.Attach(context.Background(), doc, name, int64(len(content)), bytes.NewReader(content), day)
	if err != nil {
		t.Fatalf("attach %s: %v", name, err)
	}
	return a
}

// contentOf reads a whole attachment.
func contentOf(l *storage.Library, hash storage.FileHash) ([]byte, error) {
	a, err := l.Attachment(context.Background(), hash)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = a.WriteTo(&b)
	return b.Bytes(), err
}

// checkHeld says that doc holds just the given files, attached, and that each can be read.
func checkHeld(t testing.TB, l *storage.Library, doc crdt.DocID, want map[string][]byte) {
	t.Helper()
	list, err := l.Attachments(doc)
	if err != nil {
		t.Fatal(err)
	}
	list = slices.DeleteFunc(list, storage.Attached.IsDetached)
	if len(list) != len(want) {
		t.Errorf("%d files are held, want %d", len(list), len(want))
	}
	for _, a := range list {
		got, err := contentOf(l, a.Hash)
		if err != nil || !bytes.Equal(got, want[a.Name]) || a.Length != int64(len(got)) || a.Hash != sha256.Sum256(got) {
			t.Errorf("%s: %d bytes of %d (%v)", a.Name, len(got), len(want[a.Name]), err)
		}
	}
}

// checkParts says that there are just the parts of contents of these lengths.
func checkParts(t testing.TB, l *storage.Library, lengths ...int) {
	t.Helper()
	want := 0
	for _, n := range lengths {
		want += (n + storage.PartBytes - 1) / storage.PartBytes
	}
	rows, err := storage.PartRows(l)
	contents, err2 := storage.Count(l, `SELECT count(*) FROM attachment`)
	if err := errors.Join(err, err2); err != nil || len(rows) != want || contents != len(lengths) {
		t.Errorf("%d contents of %d parts, want %d of %d (%v)", contents, len(rows), len(lengths), want, err)
	}
}

// TestAttachmentsComeBack: what is attached is there after a restart, byte for byte, read in any way; one content is kept once.
func TestAttachmentsComeBack(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	one, two := add(t, l, 1), add(t, l, 2)
	want := map[string][]byte{}
	for _, n := range attachmentSizes {
		name := fmt.Sprintf("%d bytes.bin", n)
		want[name] = noise(rng, n)
		a := mustAttach(t, l, one, name, want[name])
		if a.Name != name || a.Length != int64(n) || a.Hash != sha256.Sum256(want[name]) {
			t.Errorf("%d bytes: attached as %v", n, a)
		}
		mustAttach(t, l, two, name, want[name])
		mustAttach(t, l, one, name, want[name])
	}
	for range 2 {
		checkHeld(t, l, one, want)
		checkHeld(t, l, two, want)
		checkParts(t, l, attachmentSizes...)
		l = storagetest.Reopen(t, l)
	}
	for _, content := range want {
		if len(content) > storage.PartBytes+1 {
			continue // the reader below reads it byte by byte, too
		}
		a, err := l.Attachment(context.Background(), sha256.Sum256(content))
		if err == nil {
			err = iotest.TestReader(a, content)
		}
		if err != nil {
			t.Errorf("%d bytes: %v", len(content), err)
		}
	}
	checkSeeks(t, rng, l, want[fmt.Sprintf("%d bytes.bin", 3*storage.PartBytes+1)])
}

// checkSeeks compares reading at random places with a reader of the content itself.
func checkSeeks(t *testing.T, rng *rand.Rand, l *storage.Library, content []byte) {
	t.Helper()
	a, err := l.Attachment(context.Background(), sha256.Sum256(content))
	if err != nil {
		t.Fatal(err)
	}
	oracle := bytes.NewReader(content)
	for range 200 {
		offset, whence := rng.Int64N(int64(len(content))*5/4), rng.IntN(3)
		if whence > 0 {
			offset -= int64(len(content)) / 2
		}
		got, err := a.Seek(offset, whence)
		want, wantErr := oracle.Seek(offset, whence)
		if (err == nil) != (wantErr == nil) || err == nil && got != want {
			t.Fatalf("seek %d, %d: %d, %v, want %d, %v", offset, whence, got, err, want, wantErr)
		}
		b, c := make([]byte, 1+rng.IntN(storage.PartBytes)), []byte(nil)
		n, err := io.ReadFull(a, b)
		c = make([]byte, len(b))
		m, wantErr := io.ReadFull(oracle, c)
		if n != m || !errors.Is(err, wantErr) || !bytes.Equal(b[:n], c[:m]) {
			t.Fatalf("at %d: %d bytes, %v, want %d, %v", want, n, err, m, wantErr)
		}
	}
}

// TestSameNameTwice: two contents by one name are both held, told apart by their hashes.
func TestSameNameTwice(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	a, b := mustAttach(t, l, doc, "a.txt", []byte("one")), mustAttach(t, l, doc, "a.txt", []byte("two"))
	if err := l.Detach(doc, "a.txt", a.Hash, day); err != nil {
		t.Fatal(err)
	}
	checkHeld(t, l, doc, map[string][]byte{"a.txt": []byte("two")})
	if list, err := l.Attachments(doc); err != nil || len(list) != 2 || list[0].Hash == list[1].Hash || a.Hash == b.Hash {
		t.Errorf("%v, %v", list, err)
	}
}

// TestDetachedStaysAWhile: what was detached comes back when it is asked for, and goes from the disk after the days of
// the bin, unless another document holds it.
func TestDetachedStaysAWhile(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	count(t, l, day)
	one, two := add(t, l, 1), add(t, l, 2)
	shared, own := noise(rng, 2*storage.PartBytes), noise(rng, 5*storage.PartBytes+7)
	s, o := mustAttach(t, l, one, "shared", shared), mustAttach(t, l, one, "own", own)
	mustAttach(t, l, two, "theirs", shared)
	detach := func() {
		for _, a := range []storage.Attached{s, o} {
			if err := l.Detach(one, a.Name, a.Hash, day); err != nil {
				t.Fatal(err)
			}
		}
		checkHeld(t, l, one, nil)
	}
	sweep := func() {
		if err := l.SweepDestroyed(); err != nil {
			t.Fatal(err)
		}
	}
	detach()
	sweep()
	list, err := l.Attachments(one)
	if err != nil || len(list) != 2 || list[0].Left != storage.BinDays || !list[0].Detached.Equal(day) {
		t.Errorf("detached: %v, %v", list, err)
	}
	if err := errors.Join(l.Reattach(one, "own", o.Hash), l.AttachKnown(context.Background(), one, "shared", s.Hash, day)); err != nil {
		t.Fatal(err)
	}
	checkHeld(t, l, one, map[string][]byte{"shared": shared, "own": own})
	detach()
	for i := range storage.BinDays {
		sweep()
		checkParts(t, l, len(shared), len(own))
		count(t, l, day.AddDate(0, 0, 1+i))
	}
	sweep()
	checkParts(t, l, len(shared))
	checkHeld(t, l, two, map[string][]byte{"theirs": shared})
	if list, err := l.Attachments(one); err != nil || len(list) != 0 {
		t.Errorf("still there: %v, %v", list, err)
	}
	for what, err := range map[string]error{
		"Detach":      l.Detach(one, "own", o.Hash, day),
		"Reattach":    l.Reattach(one, "own", o.Hash),
		"AttachKnown": l.AttachKnown(context.Background(), one, "own", o.Hash, day),
	} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	mustAttach(t, l, one, "own", own)
	checkHeld(t, l, one, map[string][]byte{"own": own})
}

// TestDestroyedTakesItsFiles: no byte of what only a destroyed document held is left in the library's files.
func TestDestroyedTakesItsFiles(t *testing.T) {
	l := storagetest.Open(t)
	doc, other := add(t, l, 1), add(t, l, 2)
	secret := bytes.Repeat([]byte("the brown secret picture "), 30000)
	kept := bytes.Repeat([]byte("what others keep "), 30000)
	a := mustAttach(t, l, doc, "secret picture.jpg", secret)
	mustAttach(t, l, doc, "kept", kept)
	mustAttach(t, l, other, "kept as well", kept)
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	checkHeld(t, l, doc, map[string][]byte{"secret picture.jpg": secret, "kept": kept})
	if err := l.Destroy(doc, day); err != nil {
		t.Fatal(err)
	}
	if _, err := contentOf(l, a.Hash); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("it can be read: %v", err)
	}
	if _, err := l.Attach(context.Background(), doc, "x", 1, strings.NewReader("x"), day); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("it takes files: %v", err)
	}
	for _, name := range []string{"library.db", "library.db-wal"} {
		to := filepath.Join(t.TempDir(), "copy")
		copyWithCat(t, filepath.Join(l.Dir(), name), to)
		b, err := os.ReadFile(to)
		if err != nil || bytes.Contains(b, []byte("brown secret")) || bytes.Contains(b, []byte("secret picture.jpg")) {
			t.Errorf("%s of %d bytes has the file still; %v", name, len(b), err)
		}
	}
	checkParts(t, l, len(kept))
	if err := l.Joined(genesis(1), storage.Peer{Key: [32]byte{2}, Name: "Ben"}, day); err != nil {
		t.Fatal(err)
	}
	checkHeld(t, l, doc, nil)
	checkHeld(t, l, other, map[string][]byte{"kept as well": kept})
}

// stops reads as much as it is given, then does something.
type stops struct {
	io.Reader
	then func() error
}

func (s stops) Read(b []byte) (int, error) {
	n, err := s.Reader.Read(b)
	if errors.Is(err, io.EOF) {
		return n, s.then()
	}
	return n, err
}

// TestCutAttachment: a content that does not come to its end leaves nothing, whatever ends it.
func TestCutAttachment(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	pulled := errors.New("the stick was pulled out")
	for _, n := range attachmentSizes {
		ctx, cancel := context.WithCancel(context.Background())
		for _, c := range []struct {
			then func() error
			want error
		}{
			{func() error { return pulled }, pulled},
			{func() error { return io.ErrUnexpectedEOF }, io.ErrUnexpectedEOF},
			{func() error { cancel(); return nil }, context.Canceled},
		} {
			_, err := l.Attach(ctx, doc, "cut", -1, stops{bytes.NewReader(noise(rng, n)), c.then}, day)
			if !errors.Is(err, c.want) {
				t.Errorf("%d bytes, then %v: %v", n, c.want, err)
			}
		}
		cancel()
	}
	checkHeld(t, l, doc, nil)
	checkParts(t, l)
}

// TestAttachRefuses: what cannot be attached says so, and stores nothing.
func TestAttachRefuses(t *testing.T) {
	defer storage.LimitAttachments(storage.PartBytes + 10)()
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	attach := func(doc crdt.DocID, name string, length int64, n int) error {
		_, err := l.Attach(context.Background(), doc, name, length, bytes.NewReader(make([]byte, n)), day)
		return err
	}
	for name, c := range map[string]struct{ got, want error }{
		"too long, as is known":          {attach(doc, "x", storage.PartBytes+11, 0), storage.ErrFileTooLong},
		"too long, as is found out":      {attach(doc, "x", -1, storage.PartBytes+11), storage.ErrFileTooLong},
		"longer than it was said to be":  {attach(doc, "x", 5, storage.PartBytes+11), storage.ErrFileTooLong},
		"as long as can be":              {attach(doc, "long", -1, storage.PartBytes+10), nil},
		"shorter than it was said to be": {attach(doc, "short", 100, 99), nil},
		"no such document":               {attach(genesis(2).DocID(), "x", 1, 1), storage.ErrNotFound},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v", name, c.got)
		}
	}
	for _, name := range []string{"", ".", "..", "a/b", `a\b`, "a\x00", "a\nb", "a\x1b[2J", "a\u202egpj.exe", "\xff", strings.Repeat("ä", 128)} {
		var bad *storage.FileNameError
		if err := attach(doc, name, 1, 1); !errors.As(err, &bad) {
			t.Errorf("name %q: %v", name, err)
		}
	}
	for _, name := range []string{"...", "a b", "ä", "写真.jpg", strings.Repeat("x", 255), "-o"} {
		if err := attach(doc, name, 1, 1); err != nil {
			t.Errorf("name %q: %v", name, err)
		}
	}
	checkParts(t, l, storage.PartBytes+10, 99, 1)
	look, err := storage.OpenReadOnly(l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer look.Close()
	if _, err := look.Attach(context.Background(), doc, "x", 1, strings.NewReader("x"), day); !errors.Is(err, storage.ErrReadOnly) {
		t.Errorf("a library to look at: %v", err)
	}
	if list, err := look.Attachments(doc); err != nil || len(list) != 8 {
		t.Errorf("%d files, %v", len(list), err)
	}
}

// TestTooManyFiles: a document holds so many files and no more, and is told so.
func TestTooManyFiles(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	hash := mustAttach(t, l, doc, "0", []byte("x")).Hash
	for i := 1; i < storage.MaxAttached; i++ {
		if err := l.AttachKnown(context.Background(), doc, fmt.Sprint(i), hash, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.AttachKnown(context.Background(), doc, "more", hash, day); !errors.Is(err, storage.ErrTooManyFiles) {
		t.Errorf("one more: %v", err)
	}
	if _, err := l.Attach(context.Background(), doc, "more", 1, strings.NewReader("y"), day); !errors.Is(err, storage.ErrTooManyFiles) {
		t.Errorf("one more: %v", err)
	}
	mustAttach(t, l, doc, "7", []byte("x")) // is held already
	checkParts(t, l, 1)
}

// TestAttachOnAFullDisk: a disk that refuses a part ends the attaching, in the words of a full disk; what is typed goes
// on being saved.
func TestAttachOnAFullDisk(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	pages, err := storage.Count(l, `SELECT page_count FROM pragma_page_count()`)
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.LimitPages(l, pages+3*storage.PartBytes/4096); err != nil {
		t.Fatal(err)
	}
	var full *storage.RoomError
	_, err = l.Attach(context.Background(), doc, "film.mp4", -1, bytes.NewReader(make([]byte, 20*storage.PartBytes)), day)
	if !errors.As(err, &full) || !strings.Contains(err.Error(), `"film.mp4"`) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("it says %v", err)
	}
	checkHeld(t, l, doc, nil)
	checkParts(t, l)
	mustSave(t, l, doc, newHand(1, 1).insert(0, "typed"))
}

// TestManyAttachAtOnce: several people's files, equal ones among them, and typing beside.
func TestManyAttachAtOnce(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	want := map[string][]byte{}
	equal := noise(rng, 2*storage.PartBytes+3)
	lengths := []int{len(equal)}
	var group sync.WaitGroup
	for i := range 8 {
		content := equal
		if i%2 == 0 {
			content = noise(rng, (i+1)*100_000)
			lengths = append(lengths, len(content))
		}
		name := fmt.Sprint(i)
		want[name] = content
		group.Go(func() {
			if _, err := l.Attach(context.Background(), doc, name, -1, bytes.NewReader(content), day); err != nil {
				t.Error(err)
			}
		})
	}
	group.Go(func() {
		for range 20 {
			if err := l.SweepDestroyed(); err != nil {
				t.Error(err)
			}
		}
	})
	changes := typing(rng, 40, 3)
	for _, c := range changes {
		mustSave(t, l, doc, c)
	}
	group.Wait()
	if err := l.SweepDestroyed(); err != nil {
		t.Fatal(err)
	}
	checkHeld(t, l, doc, want)
	checkParts(t, l, lengths...)
	if !equalFrames(frames(t, l, doc), encoded(changes)) {
		t.Error("what was typed is not what is there")
	}
}

// TestSweepWhileAFileComesIn: a sweep takes nothing of what is coming in, nor of what got the number of a content that was removed.
func TestSweepWhileAFileComesIn(t *testing.T) {
	rng := seeded(t)
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	content := noise(rng, 2*storage.PartBytes+10)
	var ids []int64
	sweep := func() error {
		rows, err := storage.PartRows(l)
		for id := range rows {
			ids = append(ids, id>>16)
		}
		for _, id := range ids {
			err = errors.Join(err, storage.RemoveContent(l, id))
		}
		return errors.Join(err, l.SweepDestroyed())
	}
	var sweepErr error
	_, err := l.Attach(context.Background(), doc, "a", -1, stops{bytes.NewReader(content), func() error { sweepErr = sweep(); return io.EOF }}, day)
	if err := errors.Join(err, sweepErr, sweep()); err != nil || len(ids) < 4 {
		t.Fatalf("a sweep before its end and one behind it: %v, %d parts were seen", err, len(ids))
	}
	checkHeld(t, l, doc, map[string][]byte{"a": content})
	checkParts(t, l, len(content))
}

// TestBackupHasTheFiles: a backup, and what is restored of it, has what was attached; one that is damaged does not stand
// in its way.
func TestBackupHasTheFiles(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	content := noise(seeded(t), 2*storage.PartBytes)
	mustAttach(t, l, doc, "a", content)
	back := func() *storage.Library {
		made, err := l.BackTo(context.Background(), filepath.Join(t.TempDir(), "backup.db"))
		if err != nil {
			t.Fatal(err)
		}
		b, err := storage.OpenBackup(made.Path)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { b.Close() })
		return b
	}
	checkHeld(t, back(), doc, map[string][]byte{"a": content})
	if err := storage.AlterOpen(l, `UPDATE attachment_part SET body = zeroblob(length(body)) WHERE id & 0xffff = 1`); err != nil {
		t.Fatal(err)
	}
	if report, err := back().Check(context.Background()); err != nil || len(report.Attachments.Lost) != 1 {
		t.Errorf("%v, %v", report, err)
	}
	mustAttach(t, l, doc, "a", content) // heals it
}
