package storage_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// In these tests time is virtual: it goes on only when every goroutine waits for it.

func TestFirstChangesOfABurstAreCommittedAtOnceLaterOnesInGroups(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := storagetest.OpenDir(t, dir)
		doc := add(t, l, 1)
		time.Sleep(time.Second) // a burst begins
		start := time.Now()
		const n = 12
		ana := newHand(1, 1)
		told := make(chan time.Duration, n)
		for i := range n {
			l.Append(doc, []*crdt.Change{ana.insert(uint32(i), "x")}, "", day, func(err error) {
				if err != nil {
					t.Error(err)
				}
				told <- time.Since(start)
			})
			synctest.Wait()
			time.Sleep(10 * time.Millisecond)
		}
		time.Sleep(time.Second)
		// Appended at 0, 10, 20 … 110 ms.
		ms := time.Millisecond
		for i, want := range []time.Duration{0, 10 * ms, 20 * ms, 30 * ms, 50 * ms, 50 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 100 * ms, 150 * ms} {
			// What falls on the very moment of a commit may be in it or in the next.
			if got := <-told; got != want && !(i > 0 && i%5 == 0 && got == want+50*ms) {
				t.Errorf("change %d told after %v, want %v", i, got, want)
			}
		}
	})
}

// After many other writes, such as those of a file that was attached, a key is committed as soon as ever.
func TestKeyBehindManyWritesIsCommittedAtOnce(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := storagetest.OpenDir(t, dir)
		doc := add(t, l, 1)
		for i := range 200 {
			if err := l.SetState(doc, "view", []byte{byte(i)}); err != nil {
				t.Fatal(err)
			}
		}
		start := time.Now()
		if err := save(l, doc, []*crdt.Change{newHand(1, 1).insert(0, "x")}, "", day); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took > 50*time.Millisecond {
			t.Errorf("it took %v", took)
		}
	})
}

func TestRefusedGroupIsTriedAgainOnANewConnection(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := storagetest.OpenDir(t, dir)
		doc := add(t, l, 1)
		ana := newHand(1, 1)
		mustSave(t, l, doc, ana.insert(0, "x"))
		storage.SpendReserve(l)
		if err := storage.LimitPages(l, 1); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Second)
		began := time.Now()
		told := make(chan error, 1)
		l.Append(doc, []*crdt.Change{ana.insert(1, strings.Repeat("x", 100_000))}, "", day, func(err error) { told <- err })
		synctest.Wait()
		since, err := l.Trouble()
		if err == nil || !since.Equal(began) || !strings.Contains(err.Error(), "full") {
			t.Errorf("trouble since %v, %v; want since %v that the disk is full", since, err, began)
		}
		if len(told) > 0 {
			t.Errorf("told %v while it is tried again", <-told)
		}
		if err := <-told; err != nil {
			t.Error(err)
		}
		if since, err := l.Trouble(); err != nil || !since.IsZero() {
			t.Errorf("trouble since %v, %v, after all was saved", since, err)
		}
	})
}

// hide makes it impossible to open the library's file until the returned function
// is called. Connections that are open are not affected.
func hide(t *testing.T, l *storage.Library) (show func()) {
	t.Helper()
	path := filepath.Join(l.Dir(), "library.db")
	if err := os.Rename(path, path+".hidden"); err != nil {
		t.Fatal(err)
	}
	return func() {
		if err := os.Rename(path+".hidden", path); err != nil {
			t.Fatal(err)
		}
	}
}

// refuse makes the disk refuse, and keep refusing.
func refuse(t *testing.T, l *storage.Library) (show func()) {
	t.Helper()
	if err := storage.LimitPages(l, 1); err != nil {
		t.Fatal(err)
	}
	return hide(t, l)
}

func TestWhileTheDiskRefusesTypingGoesOnWithinItsLimit(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := storagetest.OpenDir(t, dir)
		doc := add(t, l, 1)
		show := refuse(t, l)
		const size = 1_000_000
		ana := newHand(1, 1)
		text := strings.Repeat("x", size)
		results := make(chan error, 100)
		for i := range 80 {
			l.Append(doc, []*crdt.Change{ana.insert(uint32(i*size), text)}, "", day, func(err error) { results <- err })
		}
		time.Sleep(10 * time.Minute)
		if since, err := l.Trouble(); err == nil || time.Since(since) != 10*time.Minute {
			t.Errorf("trouble since %v, %v; want since the first failure, ten minutes ago", since, err)
		}
		full := len(results)
		if queued := 80 - full; queued != storage.MaxQueued/(size+400) {
			t.Errorf("%d changes of 1 MB wait, want as many as fit", queued)
		}
		for range full {
			if err := <-results; !errors.Is(err, storage.ErrFull) {
				t.Errorf("told %v, want ErrFull", err)
			}
		}
		if err := l.AwaitRoom(context.Background()); err == nil {
			t.Error("there is room for remote changes while the disk refuses")
		}
		began := time.Now()
		if err := l.SetState(doc, "k", nil); err == nil || time.Since(began) != 0 {
			t.Errorf("another write: %v after %v, want an error at once", err, time.Since(began))
		}
		show()
		restored := time.Now()
		for range 80 - full {
			if err := <-results; err != nil {
				t.Fatal(err)
			}
		}
		if waited := time.Since(restored); waited > 6*time.Second {
			t.Errorf("tried again after %v only", waited)
		}
		if got := len(frames(t, l, doc)); got != 80-full {
			t.Errorf("%d changes saved, want %d", got, 80-full)
		}
	})
}

func TestCloseSaysWhatCouldNotBeSaved(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l, err := storage.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		doc := add(t, l, 1)
		ana := newHand(1, 1)
		mustSave(t, l, doc, ana.insert(0, "saved"))
		show := refuse(t, l)
		told := make(chan error, 2)
		for i := range 2 {
			l.Append(doc, []*crdt.Change{ana.insert(uint32(5+i*100_000), strings.Repeat("x", 100_000))}, "", day, func(err error) {
				time.Sleep(time.Second) // Close waits also for those who are slow to listen
				told <- err
			})
		}
		time.Sleep(time.Minute)
		if err := l.Close(); err == nil || !strings.Contains(err.Error(), "could not be saved") {
			t.Errorf("close: %v", err)
		}
		if len(told) != 2 || <-told == nil || <-told == nil {
			t.Error("not every change was told an error by the time Close returned")
		}
		show()
	})
	l := storagetest.OpenDir(t, dir)
	if got := frames(t, l, genesis(1).DocID()); len(got) != 1 {
		t.Errorf("%d changes, want the one that was saved", len(got))
	}
}

func TestCloseCommitsWhatIsQueued(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	changes := typing(seeded(t), 100, 3)
	told := make(chan error, len(changes))
	for _, c := range changes {
		l.Append(doc, []*crdt.Change{c}, "", day, func(err error) { told <- err })
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if len(told) != len(changes) {
		t.Errorf("%d of %d told by the time Close returned", len(told), len(changes))
	}
	if info, err := os.Stat(filepath.Join(l.Dir(), "library.db-wal")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("-wal file left behind: %v, %v", info, err)
	}
	if got := frames(t, storagetest.OpenDir(t, l.Dir()), doc); !equalFrames(got, encoded(changes)) {
		t.Error("the journal differs from what was appended")
	}
}

func TestRemoteChangesWaitForAShortQueue(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		l := storagetest.OpenDir(t, dir)
		doc := add(t, l, 1)
		time.Sleep(time.Second)
		ana := newHand(1, 1)
		for i := range uint32(4) {
			mustSave(t, l, doc, ana.insert(i, "x")) // none is to spare then: the next group is 50 ms away
		}
		ignore := func(error) {}
		l.Append(doc, []*crdt.Change{ana.insert(4, strings.Repeat("x", 300_000))}, "", day, ignore)

		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
		defer cancel()
		if err := l.AwaitRoom(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v, want to wait until the context ends", err)
		}
		began := time.Now()
		if err := l.AwaitRoom(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(began); waited != 40*time.Millisecond {
			t.Errorf("room after %v, want with the next group, in 40ms", waited)
		}
	})
}
