package storage_test

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

// scrubAll scrubs until a pass ends, a slice at a time.
func scrubAll(t testing.TB, l *storage.Library, budget int64) (found []storage.Fault, bytes int64) {
	t.Helper()
	for {
		p, some, err := l.Scrub(context.Background(), budget, day)
		if err != nil {
			t.Fatal(err)
		}
		found, bytes = append(found, some...), bytes+p.Bytes
		if p.Done {
			return found, bytes
		}
	}
}

// scribble returns text that no compression makes shorter.
func scribble(rng *rand.Rand, letters int) string {
	var b strings.Builder
	for range letters {
		b.WriteRune(rune(0x4e00 + rng.IntN(20000)))
	}
	return b.String()
}

// mixed makes a closed library with rows, great and small, and with blocks of several parts.
func mixed(t testing.TB, rng *rand.Rand) (dir string) {
	t.Helper()
	dir = t.TempDir()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	for d := range 4 {
		doc := add(t, l, d)
		h, next := newHand(d, 1), uint32(0)
		write := func(n, letters int) {
			var list []*crdt.Change
			for range n {
				c := h.insert(next, scribble(rng, 1+rng.IntN(letters)))
				next = c.Next
				list = append(list, c)
			}
			mustSave(t, l, doc, list...)
		}
		write(20, 9000)
		if d > 0 {
			compactAll(t, l, doc)
		}
		write(30, 1500)
		if d == 3 {
			compact(t, l, doc) // leaves a successor
		}
		if _, err := l.Attach(context.Background(), doc, "file", -1, strings.NewReader(scribble(rng, 30_000*d)), day); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return dir
}

// bodies returns a sum of all stored bodies as SQLite reads them, "" when it cannot.
func bodies(l *storage.Library) string {
	h := sha256.New()
	for _, query := range []string{
		`SELECT hex(replica) || seq || next_seq || coalesce(hex(previous), '') || hex(hash) || coalesce(hex(signature), '') || hex(checksum) || codec || hex(body) FROM change ORDER BY 1`,
		`SELECT hex(checksum) || hex(body) FROM block_part ORDER BY id`,
		`SELECT hex(checksum) || hex(body) FROM attachment_part ORDER BY id`,
	} {
		list, err := storage.Strings(l, query)
		if err != nil {
			return ""
		}
		for _, s := range list {
			fmt.Fprintln(h, s)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// Every flipped bit in a stored body is found, wherever it is, and in what says where the tables are.
func TestScrubFindsEveryFlip(t *testing.T) {
	rng := seeded(t)
	dir := mixed(t, rng)
	path := filepath.Join(dir, "library.db")
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	intact, err := storage.OpenReadOnly(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := bodies(intact)
	if found, n := scrubAll(t, intact, 100_000); len(found) > 0 || n < 1<<20 {
		t.Fatalf("of %d bytes of an intact library: %v", n, found)
	}
	if err := intact.Close(); err != nil {
		t.Fatal(err)
	}
	harmful, other := 0, 0
	for i := range 400 {
		at, bit := rng.IntN(len(whole)), byte(1)<<rng.IntN(8)
		if i >= 300 {
			at %= 5 * 4096 // the names of the tables
		}
		whole[at] ^= bit
		if err := os.WriteFile(path, whole, 0o600); err != nil {
			t.Fatal(err)
		}
		if l, err := storage.OpenReadOnly(dir); err == nil { // else opening has found it
			found, _ := scrubAll(t, l, 1<<20) // first: SQLite checks the cells of a page only when it comes into its cache
			if bodies(l) == want {
				other++
			} else if harmful++; len(found) == 0 {
				t.Errorf("bit %d of byte %d is flipped, and nothing is found", bit, at)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
		}
		whole[at] ^= bit
	}
	if harmful < 200 {
		t.Errorf("only %d flips in stored bodies", harmful)
	}
	t.Logf("%d flips in stored bodies, all found; %d elsewhere", harmful, other)
}

// What the scrub finds is remembered over a restart, named by its document, and forgotten when a later pass finds it sound. It goes on where it was.
func TestScrubRemembers(t *testing.T) {
	l := storagetest.Open(t)
	hands := map[int]*hand{}
	for d, title := range []string{"Whole", "Broken"} {
		hands[d] = newHand(d, 1)
		if err := save(l, add(t, l, d), []*crdt.Change{hands[d].insert(0, "abc")}, title, day); err != nil {
			t.Fatal(err)
		}
	}
	flip := `UPDATE change SET codec = 3 - codec WHERE doc = 2`
	if err := storage.AlterOpen(l, flip); err != nil {
		t.Fatal(err)
	}
	if _, passed, err := l.Faults(); err != nil || !passed.IsZero() {
		t.Errorf("a pass at %v before any, %v", passed, err)
	}
	if found, _ := scrubAll(t, l, 1); len(found) != 1 || !strings.Contains(found[0].String(), `"Broken"`) {
		t.Errorf("found %v", found)
	}
	l = storagetest.Reopen(t, l)
	faults, passed, err := l.Faults()
	if err != nil || len(faults) != 1 || faults[0].Title != "Broken" || !passed.Equal(day) {
		t.Errorf("after a restart: %v, %v, %v", faults, passed, err)
	}
	if err := storage.AlterOpen(l, flip); err != nil {
		t.Fatal(err)
	}
	if found, _ := scrubAll(t, l, 1<<20); len(found) > 0 {
		t.Errorf("found %v", found)
	}
	if faults, _, err := l.Faults(); err != nil || len(faults) > 0 {
		t.Errorf("after a pass without faults: %v, %v", faults, err)
	}
}

// The scrub stands in nobody's way, and what compaction removes or replaces meanwhile is no damage.
func TestScrubDuringCompaction(t *testing.T) {
	defer storage.SmallSteps()()
	rng := seeded(t)
	w := newTwin(t, rng)
	done := make(chan []storage.Fault)
	ctx, stop := context.WithCancel(t.Context())
	go func() {
		var all []storage.Fault
		for ctx.Err() == nil {
			_, found, err := w.l.Scrub(context.Background(), 1, day)
			if err != nil {
				t.Error(err)
				break
			}
			all = append(all, found...)
		}
		done <- all
	}()
	changes := signed(typing(rng, 300, 3))
	for at := 0; at < len(changes); at += 10 {
		w.save(changes[at : at+10]...)
		compact(t, w.l, w.doc)
	}
	stop()
	if found := <-done; len(found) > 0 {
		t.Errorf("found %v", found)
	}
	w.same()
}

// A page that SQLite cannot read does not keep the scrub from what is behind it.
func TestScrubLeapsOverDamagedPages(t *testing.T) {
	m := newNumbered(t, seeded(t), 24, 20)            // more would need another level of pages, of which one is half of the table
	leaves := storage.PagesOf(t, m.dir, "change")[1:] // behind the root, without which SQLite finds nothing
	rewrite(t, m.dir, func(b []byte) []byte {
		for _, i := range m.rng.Perm(len(leaves))[:10] {
			clear(b[(leaves[i]-1)*4096 : leaves[i]*4096])
		}
		return b
	})
	had := m.present()
	l, err := storage.OpenReadOnly(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	found, bytes := scrubAll(t, l, 1<<20)
	if len(had) < len(m.number) && len(found) == 0 {
		t.Error("nothing is found")
	}
	if bytes < int64(len(m.number)*500) {
		t.Errorf("only %d bytes were read", bytes)
	}
	t.Logf("%d rows of %d, %d bytes read, %d faults", len(had), len(m.number), bytes, len(found))
}

// A table whose tree of pages leads back to where it began has an end for the scrub and for the check, which both tell of it.
func TestTableThatGoesRound(t *testing.T) {
	m := newNumbered(t, seeded(t), 3, 200)
	root := storage.PagesOf(t, m.dir, "change")[0]
	rewrite(t, m.dir, func(b []byte) []byte {
		page := b[(root-1)*4096 : root*4096]
		if page[0] != 5 {
			t.Fatal("the root is no interior page") // https://sqlite.org/fileformat2.html 1.6
		}
		child := func(i int) []byte { return page[binary.BigEndian.Uint16(page[12+2*i:]):][:4] }
		last := int(binary.BigEndian.Uint16(page[3:])) - 1
		copy(child(last), child(0))
		copy(page[8:12], child(1)) // the rightmost child
		return b
	})
	l, err := storage.OpenReadOnly(m.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // for a test that fails
	defer cancel()
	done := false
	var found []storage.Fault
	for !done {
		p, some, err := l.Scrub(ctx, 1<<20, day)
		if err != nil {
			t.Fatal(err)
		}
		done, found = p.Done, append(found, some...)
	}
	if len(found) == 0 {
		t.Error("the scrub finds nothing")
	}
	if r, err := l.Check(ctx); err != nil || r.Intact() || len(r.Documents) != 3 {
		t.Errorf("Check: %v, %v", r, err)
	}
}
