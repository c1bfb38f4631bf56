package storage_test

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// count counts the date of now and returns what is over.
func count(t testing.TB, l *storage.Library, now time.Time) []crdt.DocID {
	t.Helper()
	over, err := l.CountDay(now)
	if err != nil {
		t.Fatal(err)
	}
	return over
}

// left returns how many days the bin gives its only document.
func left(t testing.TB, l *storage.Library) int {
	t.Helper()
	list, err := l.Bin()
	if err != nil || len(list) != 1 {
		t.Fatalf("%d documents in the bin, %v", len(list), err)
	}
	return list[0].Left
}

// TestBinCountsRunningDays: only dates that are later than all before count, each once, and over restarts.
func TestBinCountsRunningDays(t *testing.T) {
	l := storagetest.Open(t)
	count(t, l, day)
	doc := add(t, l, 1)
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	want := storage.BinDays
	for _, now := range []struct {
		days, hours int
		counts      bool
	}{{0, 1, false}, {0, 13, false}, {0, 14, true}, {1, 0, false}, {2, 0, true}, {-300, 0, false}, {2, 5, false}, {400, 0, true}, {3, 0, false}, {401, 0, true}} {
		over := count(t, l, day.AddDate(0, 0, now.days).Add(time.Duration(now.hours)*time.Hour))
		if now.counts {
			want--
		}
		if got := left(t, l); got != want || len(over) != 0 {
			t.Errorf("%+v: %d days left, want %d; over: %v", now, got, want, over)
		}
		l = storagetest.Reopen(t, l)
	}
	for i := range want {
		if got := left(t, l); got != want-i {
			t.Errorf("%d days left, want %d", got, want-i)
		}
		over := count(t, l, day.AddDate(2, 0, i))
		if (len(over) > 0) != (i == want-1) {
			t.Errorf("after %d more days: %v", i+1, over)
		}
	}
	if got := count(t, l, day.AddDate(3, 0, 0)); !slices.Equal(got, []crdt.DocID{doc}) {
		t.Errorf("over: %v", got)
	}
	if err := l.Undelete(doc); err != nil {
		t.Fatal(err)
	}
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	if over := count(t, l, day.AddDate(3, 0, 0)); len(over) != 0 || left(t, l) != storage.BinDays {
		t.Errorf("deleted anew, it has %d days left; over: %v", left(t, l), over)
	}
}

func TestBinAndBack(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	ben := storage.Peer{Key: [32]byte{2}, Name: "Ben"}
	mustSave(t, l, doc, newHand(1, 1).insert(0, "text"))
	if err := l.AddMember(doc, ben.Key, day); err != nil {
		t.Fatal(err)
	}
	invite(t, l, doc, 1)
	if err := l.Destroy(doc, day); !errors.Is(err, storage.ErrNotInBin) {
		t.Errorf("destroyed without the bin: %v", err)
	}
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	shared, err := l.SharedWith(ben.Key)
	if _, inviteErr := l.Invite([8]byte{1}); len(shared) != 0 || err != nil || !errors.Is(inviteErr, storage.ErrNotFound) {
		t.Errorf("in the bin it is shared: %v, %v, %v", shared, err, inviteErr)
	}
	if err := l.Admit([8]byte{1}, ben, day); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("somebody was admitted to the bin: %v", err)
	}
	if err := l.Undelete(doc); err != nil {
		t.Fatal(err)
	}
	shared, err = l.SharedWith(ben.Key)
	if _, inviteErr := l.Invite([8]byte{1}); len(shared) != 1 || err != nil || inviteErr != nil {
		t.Errorf("back again it is shared: %v, %v, %v", shared, err, inviteErr)
	}
	if list, err := l.Documents(); len(list) != 1 || err != nil || len(frames(t, l, doc)) != 1 {
		t.Errorf("%v, %v", list, err)
	}

	// An invite to what is there, or in the bin, takes nothing away.
	for _, deleted := range []bool{false, true} {
		if deleted {
			if err := l.Delete(doc, day); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.Joined(genesis(1), storage.Peer{Key: [32]byte{3}, Name: "Eve"}, day); err != nil {
			t.Fatal(err)
		}
		members, err := l.Members(doc)
		if _, inviteErr := l.Invite([8]byte{1}); len(members) != 2 || err != nil || inviteErr != nil || len(frames(t, l, doc)) != 1 {
			t.Errorf("joined again: %d members, %v, %v", len(members), err, inviteErr)
		}
		if list, err := l.Documents(); len(list) != 1 || err != nil || list[0].Title != "title" {
			t.Errorf("%v, %v", list, err)
		}
	}
}

// TestDestroyedIsGone: no byte of the text, of the title or of a secret is left in the library's files, the others
// documents are whole, and the document is neither there nor taken from others again.
func TestDestroyedIsGone(t *testing.T) {
	l := storagetest.Open(t)
	const secret = "the quick brown secret"
	doc, other := add(t, l, 1), add(t, l, 2)
	ana := newHand(1, 1)
	var changes []*crdt.Change
	seq := uint32(0)
	for range 2500 { // several sweeps
		c := ana.insert(seq, secret)
		changes, seq = append(changes, c), c.Next
	}
	changes = append(changes, ana.insert(seq, strings.Repeat(secret, 2000))) // overflow pages
	if err := save(l, doc, changes, "title of "+secret, day); err != nil {
		t.Fatal(err)
	}
	kept := []*crdt.Change{newHand(2, 1).insert(0, "kept")}
	mustSave(t, l, other, kept...)
	for _, err := range []error{l.AddMember(doc, [32]byte{2}, day), l.SetState(doc, "undo", []byte(secret)), l.SetNonce(doc, storage.Nonce{3})} {
		if err != nil {
			t.Fatal(err)
		}
	}
	invite(t, l, doc, 1)
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	if err := l.Destroy(doc, day); err != nil {
		t.Fatal(err)
	}
	checkGone(t, l, doc)
	for _, name := range []string{"library.db", "library.db-wal"} {
		to := filepath.Join(t.TempDir(), "copy")
		copyWithCat(t, filepath.Join(l.Dir(), name), to)
		content, err := os.ReadFile(to)
		if err != nil || bytes.Contains(content, []byte("brown secret")) {
			t.Errorf("%s of %d bytes has the text still; %v", name, len(content), err)
		}
	}
	l = storagetest.Reopen(t, l)
	checkGone(t, l, doc)
	if !equalFrames(frames(t, l, other), encoded(kept)) {
		t.Error("the other document is not whole")
	}

	// Somebody offers it anew: nothing. An invite to it: from the start.
	if err := l.Add(genesis(1), day); err != nil {
		t.Fatal(err)
	}
	checkGone(t, l, doc)
	if err := l.Joined(genesis(1), storage.Peer{Key: [32]byte{2}, Name: "Ben"}, day); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Nonce(doc); n != (storage.Nonce{}) || err != nil {
		t.Errorf("nonce %x, %v", n, err)
	}
	mustSave(t, l, doc, changes...)
	if len(frames(t, l, doc)) != len(changes) {
		t.Error("it did not come back whole")
	}
}

// checkGone says that l behaves as if it did not have doc.
func checkGone(t *testing.T, l *storage.Library, doc crdt.DocID) {
	t.Helper()
	_, documentErr := l.Document(doc)
	_, headsErr := l.Heads(doc)
	for what, err := range map[string]error{
		"Document": documentErr, "Heads": headsErr,
		"Append":    save(l, doc, []*crdt.Change{newHand(1, 1).insert(0, "again")}, "again", day),
		"Undelete":  l.Undelete(doc),
		"Delete":    l.Delete(doc, day),
		"Destroy":   l.Destroy(doc, day),
		"SetNonce":  l.SetNonce(doc, storage.Nonce{1}),
		"AddMember": l.AddMember(doc, [32]byte{2}, day),
	} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v", what, err)
		}
	}
	list, err := l.Documents()
	bin, binErr := l.Bin()
	has := func(d storage.Document) bool { return d.ID == doc }
	if slices.ContainsFunc(list, has) || slices.ContainsFunc(bin, func(b storage.Binned) bool { return has(b.Document) }) || err != nil || binErr != nil {
		t.Errorf("listed %v, bin %v, %v, %v", list, bin, err, binErr)
	}
}

// TestDestroyIsTakenUp: what a kill leaves of a destroyed document goes later, and joining it anew in between finds
// nothing of it.
func TestDestroyIsTakenUp(t *testing.T) {
	for _, joined := range []bool{false, true} {
		l := storagetest.Open(t)
		doc := add(t, l, 1)
		changes := typing(seeded(t), 50, 3)
		mustSave(t, l, doc, changes...)
		if err := l.Delete(doc, day); err != nil {
			t.Fatal(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		// As a kill leaves it: marked, and a part of the rows swept.
		if err := storage.Alter(l.Dir(), `UPDATE doc SET destroyed = 1`); err != nil {
			t.Fatal(err)
		}
		if err := storage.Alter(l.Dir(), `DELETE FROM change WHERE id & 0xffffffff <= 20`); err != nil {
			t.Fatal(err)
		}
		l = storagetest.OpenDir(t, l.Dir())
		checkGone(t, l, doc)
		if joined {
			if err := l.Joined(genesis(1), storage.Peer{Key: [32]byte{2}, Name: "Ben"}, day); err != nil {
				t.Fatal(err)
			}
			mustSave(t, l, doc, changes...)
		}
		if err := l.SweepDestroyed(); err != nil {
			t.Fatal(err)
		}
		if joined {
			if len(frames(t, l, doc)) != len(changes) {
				t.Error("what was joined anew was swept")
			}
			continue
		}
		if n, err := storage.Count(l, `SELECT count(*) FROM change`); n != 0 || err != nil {
			t.Errorf("%d changes left, %v", n, err)
		}
		if n, err := storage.Count(l, `SELECT count(*) FROM doc`); n != 1 || err != nil {
			t.Errorf("%d documents are known, %v", n, err)
		}
	}
}
