package storage_test

import (
	"bytes"
	"compress/gzip"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/portable"
	"inkling/storage"
	"inkling/storage/storagetest"
)

var goldenFlag = flag.Bool("golden", false, "write the libraries of testdata anew, in the format that this program writes")

// goldenVersion is the folder of testdata in which -golden writes.
const goldenVersion = "v1"

// ben is the key of another device.
var ben = ed25519.NewKeyFromSeed(bytes.Repeat([]byte{8}, ed25519.SeedSize))

// golden are the documents of the golden library, by the number of their genesis.
const (
	goldenScripts     = 1 + iota // all kinds of writing, two people, something to be undone
	goldenForked                 // a chain that was continued twice, with three tails
	goldenCompacted              // a block, an open-block and rows behind
	goldenSuccessor              // a block, a successor of it that was left behind, and rows behind that
	goldenBinned                 // in the bin
	goldenDestroyed              // and deleted for ever
	goldenBlank                  // nothing was ever written in it
	goldenLagging                // written in since it was indexed
	goldenForkedBlock            // a fork in a block and another one behind it
)

// scribe writes in a document on one device.
type scribe struct {
	t    *testing.T
	l    *storage.Library // nil: another's device
	id   crdt.DocID
	doc  *crdt.Doc
	key  ed25519.PrivateKey
	days int
}

func newScribe(t *testing.T, l *storage.Library, document int, key ed25519.PrivateKey, n int) *scribe {
	t.Helper()
	w := &scribe{t: t, l: l, id: genesis(document).DocID(), doc: crdt.New(genesis(document)), key: key}
	w.attach(n)
	return w
}

// attach lets w write as a new replica, the n-th of its device.
func (w *scribe) attach(n int) crdt.Author {
	w.t.Helper()
	a := crdt.Author{Device: crdt.DeviceKey(w.key.Public().(ed25519.PublicKey)), Nonce: author(n).Nonce}
	if err := w.doc.Attach(a); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// write puts text in the place of a range, and returns the changes of which that consists, stored.
func (w *scribe) write(from, to int, text string) []*crdt.Change {
	w.t.Helper()
	w.days++
	now := day.Add(time.Duration(w.days) * time.Minute)
	if to > from {
		w.doc.Delete(from, to, now)
	}
	if text != "" {
		w.doc.Insert(from, text, now)
	}
	return w.flush()
}

func (w *scribe) flush() []*crdt.Change {
	w.t.Helper()
	batch := w.doc.Flush()
	changes := batch.Seal(w.key)
	w.doc.Sealed(changes)
	w.store(changes)
	return changes
}

// take applies another's changes, and stores them.
func (w *scribe) take(changes []*crdt.Change) {
	w.t.Helper()
	a, err := w.doc.Apply(changes...)
	if err != nil || len(a.Changes) != len(changes) {
		w.t.Fatalf("%d of %d changes taken, %v", len(a.Changes), len(changes), err)
	}
	w.store(changes)
}

func (w *scribe) store(changes []*crdt.Change) {
	w.t.Helper()
	if w.l == nil || len(changes) == 0 {
		return
	}
	title, _, _ := strings.Cut(w.doc.Text(), "\n")
	if err := save(w.l, w.id, changes, title, day.Add(time.Duration(w.days)*time.Minute)); err != nil {
		w.t.Fatal(err)
	}
}

// index has the document found by its text.
func (w *scribe) index() {
	w.t.Helper()
	place, err := w.l.Place(w.id)
	if err == nil {
		title, text, _ := strings.Cut(w.doc.Text(), "\n")
		err = w.l.Index(w.id, place, storage.Content{Title: title, Preview: strings.Join(strings.Fields(text), " "), People: []crdt.DeviceKey{deviceKey()}, Text: w.doc.Text()})
	}
	if err != nil {
		w.t.Fatal(err)
	}
}

// fillGolden makes the golden library.
func fillGolden(t *testing.T, l *storage.Library) {
	t.Helper()
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Adopt(deviceKey(), day); err != nil {
		t.Fatal(err)
	}
	_, err := l.CountDay(day)
	ok(err)
	for n := goldenScripts; n <= goldenForkedBlock; n++ {
		add(t, l, n)
		ok(l.AddMember(genesis(n).DocID(), deviceKey(), day))
	}
	fillScripts(t, l)
	fillForked(t, l, goldenForked)
	fillBlocks(t, l)
	fillForked(t, l, goldenForkedBlock)
	compactAll(t, l, genesis(goldenForkedBlock).DocID())
	fork := newScribe(t, nil, goldenForkedBlock, device, 9)
	first := fork.write(0, 0, "a fork ")
	again := newScribe(t, nil, goldenForkedBlock, device, 9)
	mustSave(t, l, fork.id, append(first, again.write(0, 0, "behind the block ")...)...)
	for _, n := range []int{goldenBinned, goldenDestroyed} {
		w := newScribe(t, l, n, device, 1)
		w.write(0, 0, "Not wanted any more\nsecretly so")
		w.index()
		ok(l.Delete(w.id, day))
	}
	ok(l.Destroy(genesis(goldenDestroyed).DocID(), day))
	lagging := newScribe(t, l, goldenLagging, device, 1)
	lagging.write(0, 0, "Tea\nGreen")
	lagging.index()
	lagging.write(9, 9, " and black")
	ok(l.SetState(crdt.DocID{}, "window.size", []byte("1080x760")))
	ok(l.SetToken(storage.Token([]byte("a golden token!!"))))
}

// fillScripts writes in all kinds of writing, on two devices, of which one came by an invite, and has something undone.
func fillScripts(t *testing.T, l *storage.Library) {
	t.Helper()
	ana := newScribe(t, l, goldenScripts, device, 1)
	if err := l.SetNonce(ana.id, author(1).Nonce); err != nil {
		t.Fatal(err)
	}
	ana.write(0, 0, "Kinds of writing\n")
	ana.write(17, 17, "日本の東京都 – 한국어 – ภาษาไทย\n")
	ana.write(ana.doc.Len(), ana.doc.Len(), "עברית וعربي, e\u0301\u0302 👩‍👩‍👧‍👦 🏳️‍🌈 \U0001F1E8\U0001F1ED\n")
	invite(t, l, ana.id, 1)
	invite(t, l, ana.id, 2)
	peer := storage.Peer{Key: [32]byte(ben.Public().(ed25519.PublicKey)), Name: "Ben", Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.0.2.7:7447"), netip.MustParseAddrPort("[2001:db8::7]:7447")}}
	if err := l.Admit([8]byte{2}, peer, day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	ana.doc.Grant(peer.Key, "Ben", day)
	ana.flush()
	bruno := &scribe{t: t, id: ana.id, doc: crdt.New(genesis(goldenScripts)), key: ben}
	bruno.take(ana.doc.DeltaSince(nil))
	bruno.attach(1)
	ana.take(bruno.write(0, 5, "Sorts"))
	ana.doc.BreakUndo()
	ana.write(ana.doc.Len(), ana.doc.Len(), "to be undone")
	if err := l.SetState(ana.id, "undo", append(idOf(ana.doc), ana.doc.UndoList()...)); err != nil {
		t.Fatal(err)
	}
	if err := l.SetState(ana.id, "caret", []byte{1, 2, 3}); err != nil {
		t.Fatal(err)
	}
	ana.index()
}

// idOf returns the name of the replica as which a document is written in.
func idOf(d *crdt.Doc) []byte {
	id, _ := d.Attached()
	return id[:]
}

// fillForked writes three ways on from one change, as copies of a computer do.
func fillForked(t *testing.T, l *storage.Library, n int) {
	t.Helper()
	ana := newScribe(t, l, n, device, 1)
	ana.write(0, 0, "Forked\n")
	ana.write(7, 7, "common ")
	common := ana.doc.DeltaSince(nil)
	ana.write(7, 7, "one ")
	for _, way := range []string{"two ", "three "} {
		other := newScribe(t, nil, n, device, 1)
		other.doc = crdt.New(genesis(n))
		for _, c := range common {
			if _, err := other.doc.Load(c); err != nil {
				t.Fatal(err)
			}
		}
		other.attach(1)
		ana.take(other.write(7, 7, way))
	}
}

// fillBlocks makes the documents with blocks.
func fillBlocks(t *testing.T, l *storage.Library) {
	t.Helper()
	defer storage.SmallSteps()() // an open-block of each
	for _, n := range []int{goldenCompacted, goldenSuccessor} {
		ana := newScribe(t, l, n, device, 1)
		ana.write(0, 0, "Compacted\n")
		goOn := func(words int) {
			for i := range words {
				at := 10 + (i*7)%(ana.doc.Len()-9)
				ana.write(at, min(at+i%3, ana.doc.Len()), fmt.Sprintf("w%d ", i))
			}
		}
		goOn(60)
		compactAll(t, l, ana.id)
		if n == goldenSuccessor {
			goOn(30)
			if more, err := l.Compact(t.Context(), ana.id, storage.Always, true); !more || err != nil {
				t.Fatal(more, err)
			}
		}
		goOn(5)
		ana.index()
	}
}

// tellAll says in plain text what a library holds: the expectation of a golden one.
func tellAll(t *testing.T, l *storage.Library) string {
	t.Helper()
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := goldenScripts; n <= goldenForkedBlock; n++ {
		id := genesis(n).DocID()
		d, err := l.Document(id)
		if errors.Is(err, storage.ErrNotFound) {
			say("document %d (%s): not there", n, id)
			continue
		}
		ok(err)
		say("document %d (%s): %q, created %s, modified %s, in the bin %v", n, id, d.Title, stamp(d.Created), stamp(d.Modified), d.Deleted)
		tellText(t, l, id, say)
		members, err := l.Members(id)
		ok(err)
		slices.SortFunc(members, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		for _, m := range members {
			say("  member %x", m)
		}
		nonce, err := l.Nonce(id)
		ok(err)
		say("  nonce %x", nonce)
		for _, key := range []string{"undo", "caret"} {
			value, err := l.State(id, key)
			ok(err)
			say("  %s %x", key, value)
		}
	}
	documents, err := l.Documents()
	ok(err)
	slices.SortFunc(documents, func(a, b storage.Document) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, d := range documents {
		say("listed %s: %q, people %x, current to %d", d.ID.String()[:8], d.Preview, d.People, d.Upto)
	}
	for _, typed := range []string{"kind", "東京", "w5", "black", "secretly"} {
		say("%q finds %d", typed, len(finds(t, l, typed)))
	}
	lagging, err := l.Lagging()
	ok(err)
	say("%d lag", len(lagging))
	tellPeople(t, l, say)
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tellText tells the changes of a document, and the text that they make.
func tellText(t *testing.T, l *storage.Library, id crdt.DocID, say func(string, ...any)) {
	t.Helper()
	doc, err := l.Load(id)
	if err != nil {
		t.Fatal(err)
	}
	say("  text %q", doc.Text())
	place, err := l.Place(id)
	if err != nil {
		t.Fatal(err)
	}
	all := sha256.New()
	for c, err := range l.Changes(id) {
		if err != nil {
			t.Fatal(err)
		}
		all.Write(c.Hash[:])
		all.Write(c.Body)
	}
	say("  changes %d, hashes and bodies %x", place, all.Sum(nil))
	heads, err := l.Heads(id)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, h := range heads {
		lines = append(lines, fmt.Sprintf("  head %s %d %x", h.Replica, h.Next, h.Stamp))
	}
	slices.Sort(lines)
	for _, line := range lines {
		say("%s", line)
	}
}

// tellPeople tells the devices, invites and what is remembered of the library itself.
func tellPeople(t *testing.T, l *storage.Library, say func(string, ...any)) {
	t.Helper()
	peers, err := l.Peers()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		say("peer %x %q at %v, trusted since %s", p.Key, p.Name, p.Addrs, stamp(p.Pinned))
	}
	for n := byte(1); n < 4; n++ {
		switch i, err := l.Invite([8]byte{n}); {
		case errors.Is(err, storage.ErrNotFound):
			say("invite %d: not there", n)
		case err != nil:
			t.Fatal(err)
		case i.Used.IsZero():
			say("invite %d: to %s, secret %x, open until %s", n, i.Doc.String()[:8], i.Secret, stamp(i.Expires))
		default:
			say("invite %d: to %s, used at %s by %x", n, i.Doc.String()[:8], stamp(i.Used), i.UsedBy)
		}
	}
	for _, key := range []string{"window.size", "token", "days", "device"} {
		value, err := l.State(crdt.DocID{}, key)
		if err != nil {
			t.Fatal(err)
		}
		say("state %s %x", key, value)
	}
}

// TestGoldenLibraries: what was written once is read for ever, and means what it meant, whether the program closed it or
// was killed; and one can go on in it.
func TestGoldenLibraries(t *testing.T) {
	if *goldenFlag {
		writeGolden(t, filepath.Join("testdata", goldenVersion))
	}
	samples, err := filepath.Glob(filepath.Join("testdata", "v*", "*.db.gz"))
	if err != nil || len(samples) < 2 {
		t.Fatalf("samples: %v, %v", samples, err)
	}
	for _, path := range samples {
		sample := strings.TrimSuffix(path, ".db.gz")
		t.Run(filepath.ToSlash(strings.TrimPrefix(sample, "testdata/")), func(t *testing.T) { readGolden(t, sample) })
	}
}

// writeGolden writes the samples into a folder: one that was closed, and one that was killed in the midst of writing.
func writeGolden(t *testing.T, folder string) {
	t.Helper()
	l := storagetest.Open(t)
	fillGolden(t, l)
	killed := t.TempDir() // a kill leaves what is on the disk now: the -wal file has not been emptied
	want := tellAll(t, l)
	for _, name := range []string{"library.db", "library.db-wal"} {
		copyWithCat(t, filepath.Join(l.Dir(), name), filepath.Join(killed, name))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	put := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, dir := range map[string]string{"closed": l.Dir(), "killed": killed} {
		put(name+".db.gz", packed(t, filepath.Join(dir, "library.db")))
		put(name+".txt", []byte(want))
	}
	put("killed.db-wal.gz", packed(t, filepath.Join(killed, "library.db-wal")))
}

func packed(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestCompression)
	if err == nil {
		_, err = z.Write(content)
	}
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// unpack writes what is packed in a file, if there is one, to another.
func unpack(t *testing.T, from, to string) {
	t.Helper()
	in, err := os.Open(from)
	if errors.Is(err, os.ErrNotExist) {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	z, err := gzip.NewReader(in)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(z)
	if err == nil {
		err = os.WriteFile(to, content, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func readGolden(t *testing.T, sample string) {
	t.Helper()
	text, err := os.ReadFile(sample + ".txt")
	if err != nil {
		t.Fatal(err)
	}
	want, dir := string(text), t.TempDir()
	for _, suffix := range []string{"", "-wal"} {
		unpack(t, sample+".db"+suffix+".gz", filepath.Join(dir, "library.db"+suffix))
	}
	looked, err := storage.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "read only", tellAll(t, looked), want)
	looked.Close()
	l := storagetest.OpenDir(t, dir)
	if l.IndexRenewed() != "" {
		t.Errorf("the index was renewed: %s", l.IndexRenewed())
	}
	same(t, "opened", tellAll(t, l), want)
	whole(t, l)
	for n := goldenScripts; n <= goldenForkedBlock; n++ { // as the program derives it
		if err := l.Rederive(t.Context(), genesis(n).DocID()); err != nil && !errors.Is(err, storage.ErrNotFound) {
			t.Fatal(err)
		}
	}
	same(t, "derived anew", tellAll(t, l), want)
	backup := wholeBackup(t, back(t, l, day).Path)
	for n := goldenScripts; n <= goldenForkedBlock; n++ {
		goOnIn(t, l, backup, n)
	}
	l = storagetest.Reopen(t, l)
	whole(t, l)
}

// same compares what libraries tell, and says in which line they part.
func same(t *testing.T, what, got, want string) {
	t.Helper()
	a, b := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Fatalf("%s: line %d:\n%s\nwant:\n%s", what, i+1, strings.Join(a[min(i, len(a)):min(i+1, len(a))], ""), strings.Join(b[min(i, len(b)):min(i+1, len(b))], ""))
		}
	}
}

func whole(t *testing.T, l *storage.Library) {
	t.Helper()
	r, err := l.Check(t.Context())
	if err != nil || !r.Intact() {
		t.Fatalf("%v, %v", r, err)
	}
	for _, d := range r.Documents {
		if len(d.Spare) > 0 {
			t.Errorf("spare blocks: %v", d.Spare)
		}
	}
}

// goOnIn writes in a document, takes back what could be taken back, compacts it, and passes it on.
func goOnIn(t *testing.T, l, backup *storage.Library, n int) {
	t.Helper()
	id := genesis(n).DocID()
	doc, err := l.Load(id)
	if errors.Is(err, storage.ErrNotFound) && n == goldenDestroyed {
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if kept, err := backup.Load(id); err != nil || kept.Text() != doc.Text() {
		t.Errorf("document %d: the backup has another text, %v", n, err)
	}
	w := &scribe{t: t, l: l, id: id, doc: doc, key: device}
	if n == goldenScripts {
		doc.FillDeleted(doc.DeletedText())
		undoGolden(t, w)
	} else {
		w.attach(100)
	}
	before := doc.Text()
	w.write(doc.Len(), doc.Len(), "\nand on")
	for range 2 {
		compactAll(t, l, id)
		again, err := l.Load(id)
		if err != nil || again.Text() != before+"\nand on" {
			t.Fatalf("document %d: text %q, %v", n, again.Text(), err)
		}
	}
	w.index()
	parcel, err := portable.Gather(genesis(n), l.Changes(id))
	if err != nil {
		t.Fatal(err)
	}
	var file bytes.Buffer
	if _, err := parcel.WriteTo(&file); err != nil {
		t.Fatal(err)
	}
	if read, err := portable.Read(&file); err != nil || read.Doc().Text() != before+"\nand on" {
		t.Fatalf("document %d: exported %v", n, err)
	}
}

// undoGolden goes on with the replica and the undo list that the library has.
func undoGolden(t *testing.T, w *scribe) {
	t.Helper()
	nonce, err := w.l.Nonce(w.id)
	if err == nil {
		err = w.doc.Attach(crdt.Author{Device: deviceKey(), Nonce: nonce})
	}
	undo, err2 := w.l.State(w.id, "undo")
	if err != nil || err2 != nil {
		t.Fatal(err, err2)
	}
	if !bytes.Equal(undo[:16], idOf(w.doc)) {
		t.Fatalf("the undo list of %s", hex.EncodeToString(undo[:16]))
	}
	if err := w.doc.SetUndoList(undo[16:]); err != nil {
		t.Fatal(err)
	}
	before := w.doc.Text()
	if _, done := w.doc.Undo(day); !done || w.doc.Text() != strings.TrimSuffix(before, "to be undone") {
		t.Errorf("undone: %q", w.doc.Text())
	}
	w.flush()
}
