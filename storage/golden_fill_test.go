package storage_test

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"maps"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

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
	fillFiles(t, l)
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

// fillFiles has documents hold files: one of several parts, one that two hold, and one that was taken off.
func fillFiles(t *testing.T, l *storage.Library) {
	t.Helper()
	long := bytes.Repeat([]byte("a long file, "), storage.PartBytes/10)
	for n, files := range map[int]map[string]string{
		goldenScripts: {"long.bin": string(long), "kept twice.txt": "the same", "空.txt": ""},
		goldenForked:  {"also.txt": "the same", "taken off.txt": "not wanted"},
	} {
		for _, name := range slices.Sorted(maps.Keys(files)) {
			mustAttach(t, l, genesis(n).DocID(), name, []byte(files[name]))
		}
	}
	if err := l.Detach(genesis(goldenForked).DocID(), "taken off.txt", hashOf("not wanted"), day); err != nil {
		t.Fatal(err)
	}
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
			if more, err := l.Compact(t.Context(), ana.id, storage.Always); !more || err != nil {
				t.Fatal(more, err)
			}
		}
		goOn(5)
		ana.index()
	}
}
