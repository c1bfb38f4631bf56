package storage_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// compact takes one step.
func compact(t testing.TB, l *storage.Library, doc crdt.DocID) (more bool) {
	t.Helper()
	more, err := l.Compact(context.Background(), doc, storage.Always)
	if err != nil {
		t.Fatalf("compact: %v", err)
	}
	return more
}

// compactAll compacts until there is nothing left to do.
func compactAll(t testing.TB, l *storage.Library, doc crdt.DocID) {
	t.Helper()
	for compact(t, l, doc) {
	}
}

func countIn(t testing.TB, l *storage.Library, query string) int {
	t.Helper()
	n, err := storage.Count(l, query)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// twin is a library that is compacted at random moments, and beside it all that was put into it.
type twin struct {
	t       *testing.T
	rng     *rand.Rand
	l       *storage.Library
	doc     crdt.DocID
	changes []*crdt.Change // that are in l, in order
	byHead  map[crdt.Head]*crdt.Change
}

func newTwin(t *testing.T, rng *rand.Rand) *twin { return newTwinIn(t, rng, storagetest.Open(t)) }

func newTwinIn(t *testing.T, rng *rand.Rand, l *storage.Library) *twin {
	return &twin{t: t, rng: rng, l: l, doc: add(t, l, 1), byHead: map[crdt.Head]*crdt.Change{}}
}

func (w *twin) save(fresh ...*crdt.Change) {
	w.t.Helper()
	mustSave(w.t, w.l, w.doc, fresh...)
	for _, c := range fresh {
		if w.byHead[headOf(c)] == nil {
			w.changes = append(w.changes, c)
			w.byHead[headOf(c)] = c
		}
	}
}

// same says that the library gives what was put into it, whatever of it is a block.
func (w *twin) same() {
	w.t.Helper()
	i := 0
	for c, err := range w.l.Changes(w.doc) {
		if err != nil {
			w.t.Fatalf("change %d of %d: %v", i, len(w.changes), err)
		}
		w.sameChange(c, w.changes[i])
		i++
	}
	if i != len(w.changes) {
		w.t.Fatalf("%d changes, want %d", i, len(w.changes))
	}
	checkHeads(w.t, w.l, w.doc, headsOf(w.changes))
	want := crdt.New(genesis(1))
	for _, c := range w.changes {
		if _, err := want.Load(c); err != nil {
			w.t.Fatal(err)
		}
	}
	got, err := w.l.Load(w.doc)
	if err != nil || got.Text() != want.Text() || !got.Version().Equal(want.Version()) || got.ID() != w.doc {
		w.t.Fatalf("load: %v; the document is another", err)
	}
}

// sameChange compares all but a signature that was not kept.
func (w *twin) sameChange(c, want *crdt.Change) {
	w.t.Helper()
	if !sameButUnsigned(c, want) {
		w.t.Fatalf("change %+v, want %+v", c, want)
	}
}

// sameButUnsigned says whether c is want, perhaps without its signature.
func sameButUnsigned(c, want *crdt.Change) bool {
	return c.Replica == want.Replica && c.Seq == want.Seq && c.Next == want.Next && c.Hash == want.Hash && c.Previous == want.Previous &&
		bytes.Equal(c.Body, want.Body) && (c.Signature == nil || bytes.Equal(c.Signature, want.Signature))
}

// since asks for all that a copy lacks with random heads, and compares it with what was put in.
func (w *twin) since() {
	w.t.Helper()
	var told []crdt.Head
	for range w.rng.IntN(6) {
		told = append(told, headOf(w.changes[w.rng.IntN(len(w.changes))]))
	}
	if w.rng.IntN(3) == 0 { // nearly all
		told = headsBut(w.changes, 1+w.rng.IntN(3))
	}
	has := behind(w.changes, told)
	if w.rng.IntN(4) == 0 {
		c := w.changes[w.rng.IntN(len(w.changes))]
		told = append(told, crdt.Head{Replica: c.Replica, Next: w.rng.Uint32N(c.Next + 1), Stamp: crdt.Stamp{1}})
	}
	var lacking []*crdt.Change
	edits := 0
	for _, c := range w.changes {
		if !has[headOf(c)] {
			lacking = append(lacking, c)
			edits += int(c.Next - c.Seq)
		}
	}
	if n, err := w.l.Lacking(w.doc, told); err != nil || n != edits {
		w.t.Fatalf("%d edits are lacking with %v, %v, want %d", n, told, err, edits)
	}
	for {
		frames, then, err := w.l.Since(w.doc, told, w.rng.IntN(3000))
		if err != nil {
			w.t.Fatal(err)
		}
		if len(frames) == 0 {
			break
		}
		if len(frames) > len(lacking) {
			w.t.Fatalf("%d frames, and only %d changes are lacking", len(frames), len(lacking))
		}
		var part []*crdt.Change
		for i, b := range frames {
			c, _, err := crdt.DecodeFrame(b)
			if err != nil || c.Stamp != lacking[i].Stamp {
				w.t.Fatalf("frame %d of what %v lacks: %v, seq %d, want %d", i, told, err, c.Seq, lacking[i].Seq)
			}
			c.Hash, c.Previous = lacking[i].Hash, lacking[i].Previous
			w.sameChange(c, lacking[i])
			part = append(part, c)
		}
		checkCovered(w.t, part)
		told, lacking = then, lacking[len(frames):]
	}
	if len(lacking) > 0 {
		w.t.Fatalf("%d changes never came", len(lacking))
	}
}

// signed gives each of changes a signature, so that any beginning of them may be all that there is.
func signed(changes []*crdt.Change) []*crdt.Change {
	for _, c := range changes {
		c.Signature = ed25519.Sign(device, c.Hash[:])
	}
	return changes
}

// headsBut returns the heads of changes without the last n.
func headsBut(changes []*crdt.Change, n int) (heads []crdt.Head) {
	for h := range headsOf(changes[:max(0, len(changes)-n)]) {
		heads = append(heads, h)
	}
	return heads
}

// A library that is compacted at random moments gives, at each, what one gives that is not: changes, heads, what others
// lack, and the document; also where chains fork, inside what is a block too, and after a restart.
func TestCompactedLibraryIsTheSame(t *testing.T) {
	defer storage.SmallSteps()()
	for name, source := range map[string]func(*rand.Rand, int, int) []*crdt.Change{"typing": typing, "forking": forking} {
		t.Run(name, func(t *testing.T) {
			rng := seeded(t)
			for range 2 {
				w := newTwin(t, rng)
				w.live(source(rng, 120, 1+rng.IntN(4)))
			}
		})
	}
}

func (w *twin) live(coming []*crdt.Change) {
	steps := 0
	for at := 0; at < len(coming); {
		switch w.rng.IntN(6) {
		case 0, 1:
			n := min(1+w.rng.IntN(20), len(coming)-at)
			for w.unsigned(coming[:at+n]) { // as they come: up to a signature
				n++
			}
			w.save(coming[max(0, at-w.rng.IntN(30)) : at+n]...)
			at += n
		case 2, 3:
			compact(w.t, w.l, w.doc)
			steps++
		case 4:
			if at > 0 {
				w.since()
			}
		case 5:
			if w.rng.IntN(3) == 0 {
				w.l = storagetest.Reopen(w.t, w.l)
			}
		}
		w.same()
	}
	compactAll(w.t, w.l, w.doc)
	w.same()
	if steps > 3 && countIn(w.t, w.l, "SELECT count(*) FROM change") > 0 {
		w.t.Error("rows are left")
	}
	if len(w.changes) != len(coming) {
		w.t.Fatalf("%d changes of %d", len(w.changes), len(coming))
	}
	for range 15 {
		w.since()
	}
}

// unsigned says whether a chain ends without a signature.
func (w *twin) unsigned(changes []*crdt.Change) bool {
	ends := headsOf(changes)
	return slices.ContainsFunc(changes, func(c *crdt.Change) bool { return ends[headOf(c)] && c.Signature == nil })
}

// Whatever statement of a compaction fails, nothing changes for who reads, and the next try succeeds.
func TestCompactionFailsAtEachStatement(t *testing.T) {
	defer storage.SmallSteps()()
	rng := seeded(t)
	var statements []string
	for _, what := range []string{"INSERT ON block", "INSERT ON block_part", "INSERT ON head", "UPDATE ON block",
		"DELETE ON block", "DELETE ON block_part", "DELETE ON head", "DELETE ON change"} {
		statements = append(statements, "CREATE TRIGGER fails BEFORE "+what+" BEGIN SELECT RAISE(ABORT, 'refused'); END")
	}
	failures := 0
	for _, statement := range statements {
		w := newTwin(t, rng)
		changes := signed(forking(rng, 60, 2))
		w.save(changes[:30]...)
		for part := range 2 { // the second time there is a base
			if err := storage.AlterOpen(w.l, statement); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if _, err := w.l.Compact(t.Context(), w.doc, storage.Always); err != nil {
					failures++
					if rng.IntN(2) == 0 {
						w.l = storagetest.Reopen(t, w.l)
					}
				}
				w.same()
			}
			w.since()
			if err := storage.AlterOpen(w.l, "DROP TRIGGER fails"); err != nil {
				t.Fatal(err)
			}
			compactAll(t, w.l, w.doc)
			w.same()
			if n := countIn(t, w.l, "SELECT count(*) FROM change"); n > 0 {
				t.Fatalf("%d rows are left", n)
			}
			w.save(changes[30+10*part : 40+10*part]...)
		}
	}
	if failures < len(statements) {
		t.Errorf("only %d steps failed", failures)
	}
}

// Who reads while blocks take the place of rows sees nothing of it.
func TestReadersDuringCompaction(t *testing.T) {
	defer storage.SmallSteps()()
	rng := seeded(t)
	w := newTwin(t, rng)
	changes := signed(typing(rng, 180, 3))
	looking, err := storage.OpenReadOnly(w.l.Dir())
	if err != nil {
		t.Fatal(err)
	}
	defer looking.Close()
	var saved atomic.Int64
	ctx, stop := context.WithCancel(t.Context())
	var readers sync.WaitGroup
	for i, l := range []*storage.Library{w.l, w.l, looking} {
		own := rand.New(rand.NewPCG(rng.Uint64(), uint64(i)))
		readers.Go(func() {
			for rounds := 0; ctx.Err() == nil || rounds < 3; rounds++ {
				if err := readWhole(l, w.doc, own, changes, int(saved.Load())); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for at := 0; at < len(changes); at += 30 {
		w.save(changes[at : at+30]...)
		saved.Store(int64(at + 30))
		compactAll(t, w.l, w.doc)
		if rng.IntN(3) == 0 {
			storage.DropArchives(w.l)
		}
	}
	stop()
	readers.Wait()
	w.same()
}

// readWhole reads doc in all ways, of which at least so many of changes have been saved.
func readWhole(l *storage.Library, doc crdt.DocID, rng *rand.Rand, changes []*crdt.Change, saved int) error {
	n := 0
	for c, err := range l.Changes(doc) {
		if err != nil || c.Hash != changes[n].Hash {
			return fmt.Errorf("change %d: %v, or another one", n, err)
		}
		n++
	}
	if n < saved {
		return fmt.Errorf("%d changes, %d were saved", n, saved)
	}
	if d, err := l.Load(doc); err != nil || len(d.Heads()) < len(headsOf(changes[:saved])) {
		return fmt.Errorf("load: %v", err)
	}
	if saved == 0 {
		return nil
	}
	n = rng.IntN(saved + 1)
	told := headsBut(changes[:n], 0)
	for n < saved {
		frames, then, err := l.Since(doc, told, 500)
		if err != nil || len(frames) == 0 {
			return fmt.Errorf("%d frames at %d of %d: %w", len(frames), n, saved, err)
		}
		for _, b := range frames {
			if c, _, err := crdt.DecodeFrame(b); err != nil || c.Stamp != changes[n].Stamp {
				return fmt.Errorf("frame %d: %v, or another one", n, err)
			}
			n++
		}
		told = then
	}
	return nil
}

// No row goes for a block that is whole and says anything else than the rows: it is dropped.
func TestWrongBlockIsDropped(t *testing.T) {
	rng := seeded(t)
	changes := signed(typing(rng, 60, 2))
	others := slices.Clone(changes[:59])
	sorted := slices.Clone(changes)
	slices.SortStableFunc(sorted, func(a, b *crdt.Change) int { return bytes.Compare(a.Replica[:], b.Replica[:]) })
	for n, list := range map[string][]*crdt.Change{"one more": changes, "one less": changes[:40], "another one": append(others, newHand(1, 7).insert(0, "z")),
		"another one that says it is right": append(slices.Clone(others), newHand(1, 7).insert(0, "z")), "another order": sorted} {
		other := newTwin(t, rng)
		other.save(list...)
		compactAll(t, other.l, other.doc)
		b := baseOf(t, other.l, other.doc)
		w := newTwin(t, rng)
		w.save(changes[:50]...)
		ends := headsBut(changes[:50], 0)
		if strings.HasPrefix(n, "another") {
			w.save(changes[50:]...)
			ends = headsBut(changes, 0)
		}
		if n == "another one" {
			ends = b.Heads
		}
		if err := storage.PlantSuccessor(w.l, w.doc, b.Bytes, int64(len(w.changes)), ends); err != nil {
			t.Fatal(err)
		}
		if _, err := w.l.Compact(t.Context(), w.doc, storage.Always); err == nil || !strings.Contains(err.Error(), "dropped") {
			t.Errorf("%s: %v", n, err)
		}
		if rows := countIn(t, w.l, "SELECT count(*) FROM change"); rows != len(w.changes) {
			t.Errorf("%s: %d rows are left of %d", n, rows, len(w.changes))
		}
		w.same()
	}
}

// A block that was damaged before the rows went is dropped; one that was damaged after is told of.
func TestDamagedBlock(t *testing.T) {
	defer storage.SmallSteps()()
	const flip = "UPDATE block_part SET body = CAST(substr(body, 1, 40) || x'ff' || substr(body, 42) AS BLOB) WHERE id >> 16 = (SELECT id FROM block WHERE kind = "
	rng := seeded(t)
	l, err := storage.Open(t.TempDir()) // storagetest would find it damaged
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	w := newTwinIn(t, rng, l)
	changes := signed(typing(rng, 200, 3))
	w.save(changes[:100]...)
	compact(t, w.l, w.doc)
	if err := storage.AlterOpen(w.l, flip+"2)"); err != nil {
		t.Fatal(err)
	}
	w.same()
	r, err := w.l.Check(t.Context())
	if err != nil || !r.Intact() || !strings.Contains(r.String(), "nothing is lost") {
		t.Errorf("check: %v, %v", r, err)
	}
	if _, err := w.l.Compact(t.Context(), w.doc, storage.Always); err == nil || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("a damaged block is no error: %v", err)
	}
	if n := countIn(t, w.l, "SELECT count(*) FROM change"); n != 100 {
		t.Fatalf("%d rows are left of 100", n)
	}
	compactAll(t, w.l, w.doc)
	w.save(changes[100:]...)
	w.same()

	if err := storage.AlterOpen(w.l, flip+"3)"); err != nil { // the open-block
		t.Fatal(err)
	}
	w.same()
	if r, err := w.l.Check(t.Context()); err != nil || !r.Intact() || !strings.Contains(r.String(), "nothing is lost") {
		t.Errorf("check: %v, %v", r, err)
	}

	if err := storage.AlterOpen(w.l, flip+"1)"); err != nil {
		t.Fatal(err)
	}
	storage.DropArchives(w.l)
	var lost *storage.BlockError
	if _, err := w.l.Load(w.doc); !errors.As(err, &lost) || lost.Changes != 100 || lost.Title != "title" || lost.Doc != w.doc {
		t.Errorf("load: %v", err)
	}
	for _, err := range w.l.Changes(w.doc) {
		if !errors.As(err, &lost) {
			t.Errorf("changes: %v", err)
		}
	}
	if _, _, err := w.l.Since(w.doc, nil, 1000); !errors.As(err, &lost) {
		t.Errorf("since: %v", err)
	}
	if got, _, err := w.l.Since(w.doc, headsBut(changes, 1), 1000); err != nil || len(got) != 1 {
		t.Errorf("what is behind the block: %d, %v", len(got), err)
	}
	if _, err := w.l.Compact(t.Context(), w.doc, storage.Always); !errors.As(err, &lost) {
		t.Errorf("compact: %v", err)
	}
	if b, err := w.l.Base(w.doc); err != nil {
		t.Error(err)
	} else if _, err := w.l.BaseBytes(w.doc, b.Hash); !errors.As(err, &lost) {
		t.Errorf("block: %v", err)
	}
	if err := save(w.l, w.doc, changes[:1], "title", day); !errors.As(err, &lost) { // cannot be told from a fork
		t.Errorf("append of what is old: %v", err)
	}
	mustSave(t, w.l, add(t, w.l, 2), newHand(2, 1).insert(0, "another document"))
	if r, err := w.l.Check(t.Context()); err != nil || r.Intact() || !strings.Contains(r.String(), "kept as one block") {
		t.Errorf("check: %v, %v", r, err)
	}
}

// A destroyed document leaves nothing of its blocks, and its compaction ends; what is joined again begins anew.
func TestDestroyedBlocks(t *testing.T) {
	defer storage.SmallSteps()()
	rng := seeded(t)
	w := newTwin(t, rng)
	changes := signed(typing(rng, 80, 2))
	w.save(changes[:50]...)
	compactAll(t, w.l, w.doc)
	w.save(changes[50:]...)
	compact(t, w.l, w.doc)
	if n := countIn(t, w.l, "SELECT count(*) FROM block"); n != 3 {
		t.Fatalf("%d blocks, want a base, a successor and an open-block", n)
	}
	if err := w.l.Delete(w.doc, day); err != nil {
		t.Fatal(err)
	}
	if err := w.l.Destroy(w.doc, day); err != nil {
		t.Fatal(err)
	}
	for _, table := range []string{"block", "block_part", "head", "change"} {
		if n := countIn(t, w.l, "SELECT count(*) FROM "+table); n > 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
	if _, err := w.l.Compact(t.Context(), w.doc, storage.Always); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("compact: %v", err)
	}
	if _, err := w.l.Load(w.doc); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("load: %v", err)
	}
}

// TestForgedBlockIsDropped: what a block says of the changes in the old base, too, is checked: their signatures.
func TestForgedBlockIsDropped(t *testing.T) {
	w := newTwin(t, seeded(t))
	ana, ben := newHand(1, 1), newHand(1, 2)
	bens, anas := ben.insert(0, "Ben"), ana.insert(0, "Ana")
	w.save(bens, anas)
	compactAll(t, w.l, w.doc)
	w.save(ana.insert(3, "!"))
	forged := *bens
	forged.Signature = slices.Clone(forged.Signature)
	forged.Signature[5] ^= 1
	d := crdt.New(genesis(1))
	for _, c := range append([]*crdt.Change{&forged}, w.changes[1:]...) {
		if _, err := d.Load(c); err != nil {
			t.Fatal(err)
		}
	}
	block, err := d.HistoryBlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := storage.PlantSuccessor(w.l, w.doc, block, 3, d.Heads()); err != nil {
		t.Fatal(err)
	}
	if _, err := w.l.Compact(t.Context(), w.doc, storage.Always); err == nil || !strings.Contains(err.Error(), "dropped") {
		t.Errorf("a block with a forged signature: %v", err)
	}
	w.same()
	if err := checkAll(w.l); err != nil {
		t.Error(err)
	}
}

// TestDestroyedWhileABlockIsMade: a document that goes while its block waits for the writer gets none.
func TestDestroyedWhileABlockIsMade(t *testing.T) {
	w := newTwin(t, seeded(t))
	w.save(signed(typing(w.rng, 50, 2))...)
	if err := w.l.Delete(w.doc, day); err != nil {
		t.Fatal(err)
	}
	held, release := make(chan bool), make(chan bool)
	var jobs sync.WaitGroup
	jobs.Go(func() {
		if err := storage.Hold(w.l, func() { close(held); <-release }); err != nil {
			t.Error(err)
		}
	})
	<-held
	before := storage.Waiting(w.l)
	jobs.Go(func() {
		if err := w.l.Destroy(w.doc, day); err != nil {
			t.Error(err)
		}
	})
	waitFor(t, func() bool { return storage.Waiting(w.l) == before+1 })
	jobs.Go(func() {
		if _, err := w.l.Compact(context.Background(), w.doc, storage.Always); err == nil {
			t.Error("it was compacted")
		}
	})
	waitFor(t, func() bool { return storage.Waiting(w.l) == before+2 })
	close(release)
	jobs.Wait()
	for _, table := range []string{"block", "block_part", "head", "change"} {
		if n := countIn(t, w.l, "SELECT count(*) FROM "+table); n > 0 {
			t.Errorf("%d rows of %s are left", n, table)
		}
	}
}

// waitFor waits until something holds.
func waitFor(t *testing.T, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(time.Millisecond) {
		if time.Since(began) > time.Minute {
			t.Fatal("waited for a minute")
		}
	}
}

// TestOldOpenBlock: an open-block of another block than the present one is not opened.
func TestOldOpenBlock(t *testing.T) {
	defer storage.SmallSteps()()
	w := newTwin(t, seeded(t))
	changes := signed(typing(w.rng, 80, 2))
	alter := func(statement string) {
		t.Helper()
		if err := storage.AlterOpen(w.l, statement); err != nil {
			t.Fatal(err)
		}
	}
	w.save(changes[:50]...)
	compactAll(t, w.l, w.doc)
	alter(`CREATE TABLE old AS SELECT * FROM block WHERE kind = 3;
		CREATE TABLE old_part AS SELECT id & 0xffff AS part, checksum, body FROM block_part WHERE id >> 16 = (SELECT id FROM old)`)
	w.save(changes[50:]...)
	compactAll(t, w.l, w.doc)
	alter(`DELETE FROM block_part WHERE id >> 16 = (SELECT id FROM block WHERE kind = 3);
		INSERT INTO block_part SELECT (SELECT id FROM block WHERE kind = 3) << 16 | part, checksum, body FROM old_part;
		UPDATE block SET (length, hash, of) = (SELECT length, hash, of FROM old) WHERE kind = 3`)
	w.same()
	alter(`DROP TABLE old; DROP TABLE old_part; DELETE FROM block_part WHERE id >> 16 = (SELECT id FROM block WHERE kind = 3); DELETE FROM block WHERE kind = 3`)
}

// TestDamagedBaseKeepsItsRows: rows that a base covers stay when the base is not what was written.
func TestDamagedBaseKeepsItsRows(t *testing.T) {
	defer storage.SmallSteps()()
	w := newTwin(t, seeded(t))
	w.save(signed(typing(w.rng, 50, 2))...)
	compact(t, w.l, w.doc)
	alter := func(statement string) {
		t.Helper()
		if err := storage.AlterOpen(w.l, statement); err != nil {
			t.Fatal(err)
		}
	}
	// As after a cut between the two transactions, and a bad block on the disk.
	alter(`UPDATE block SET kind = 1 WHERE kind = 2; CREATE TABLE was AS SELECT * FROM block_part; UPDATE block_part SET body = zeroblob(length(body))`)
	l := storagetest.Reopen(t, w.l)
	var lost *storage.BlockError
	if _, err := l.Compact(t.Context(), w.doc, storage.Always); !errors.As(err, &lost) {
		t.Errorf("compact: %v", err)
	}
	if n := countIn(t, l, "SELECT count(*) FROM change"); n != 50 {
		t.Errorf("%d rows are left of 50", n)
	}
	w.l = l
	alter(`UPDATE block_part SET body = (SELECT body FROM was WHERE was.id = block_part.id); DROP TABLE was`)
	compactAll(t, l, w.doc)
	w.same()
	if n := countIn(t, l, "SELECT count(*) FROM change"); n != 0 {
		t.Errorf("%d rows are left", n)
	}
}
