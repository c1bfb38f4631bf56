package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// numbered is a library in which each change types its own number, so that it can be told from the bytes of the file
// alone which rows are still there.
type numbered struct {
	t       *testing.T
	rng     *rand.Rand
	dir     string
	changes map[int][]*crdt.Change // by document, in the order of their places
	number  map[crdt.Hash]int
}

const mark = "<#%08d>"

// newNumbered makes a closed library of documents with so many changes each. Rows are shorter than a page.
func newNumbered(t *testing.T, rng *rand.Rand, documents, changes int) *numbered {
	t.Helper()
	m := &numbered{t: t, rng: rng, dir: t.TempDir(), changes: map[int][]*crdt.Change{}, number: map[crdt.Hash]int{}}
	m.open(func(l *storage.Library) {
		for d := 1; d <= documents; d++ {
			add(t, l, d)
			m.write(l, d, changes)
		}
	})
	return m
}

func (m *numbered) open(f func(l *storage.Library)) {
	m.t.Helper()
	l, err := storage.Open(m.dir)
	if err != nil {
		m.t.Fatal(err)
	}
	f(l)
	if err := l.Close(); err != nil {
		m.t.Fatal(err)
	}
}

// write adds changes of two replicas to a document. Of each, the last is signed.
func (m *numbered) write(l *storage.Library, d, n int) {
	m.t.Helper()
	var fresh []*crdt.Change
	hands := []*hand{newHand(d, 1), newHand(d, 2)}
	next := map[crdt.ReplicaID]uint32{}
	for _, c := range m.changes[d] {
		next[c.Replica] = c.Next
		for _, h := range hands {
			if h.replica == c.Replica {
				h.before[c.Next] = c.Hash
			}
		}
	}
	for range n {
		h := hands[m.rng.IntN(2)]
		number := len(m.number)
		c := h.insert(next[h.replica], fmt.Sprintf(mark, number)+strings.Repeat("z", m.rng.IntN(3000)))
		next[h.replica] = c.Next
		m.number[c.Hash] = number
		fresh = append(fresh, c)
	}
	ends := headsOf(fresh)
	for _, c := range fresh {
		if !ends[headOf(c)] && m.rng.IntN(2) == 0 {
			c.Signature = nil
		}
	}
	m.changes[d] = append(m.changes[d], fresh...)
	l.Append(genesis(d).DocID(), fresh, fmt.Sprint("Title ", d), day, func(err error) {
		if err != nil {
			m.t.Errorf("save: %v", err)
		}
	})
}

// present returns the numbers that stand in library.db.
func (m *numbered) present() map[int]bool {
	m.t.Helper()
	b, err := os.ReadFile(filepath.Join(m.dir, "library.db"))
	if err != nil {
		m.t.Fatal(err)
	}
	found := map[int]bool{}
	for {
		at := bytes.Index(b, []byte("<#"))
		if at < 0 || len(b) < at+11 {
			return found
		}
		if n, err := strconv.Atoi(string(b[at+2 : at+10])); err == nil && b[at+10] == '>' {
			found[n] = true
		}
		b = b[at+2:]
	}
}

// zeroPages zeroes n pages behind the first.
func (m *numbered) zeroPages(n int) {
	rewrite(m.t, m.dir, func(b []byte) []byte {
		for _, page := range m.rng.Perm(len(b)/4096 - 1)[:n] {
			clear(b[(page+1)*4096 : (page+2)*4096])
		}
		return b
	})
}

func (m *numbered) salvage() *storage.SalvageReport {
	m.t.Helper()
	report, err := storage.Salvage(context.Background(), m.dir, device)
	if err != nil {
		m.t.Fatal(err)
	}
	return report
}

// fate says what became of the changes, by number: as the new library and the report tell it. That each has just one fate is checked.
type fate struct{ placed, waiting, lost, nameless, unsaid int }

func (m *numbered) fates(report *storage.SalvageReport, had map[int]bool) (f fate) {
	m.t.Helper()
	told := map[int]string{}
	tell := func(c *crdt.Change, what string) {
		n, known := m.number[c.Hash]
		if !known || told[n] != "" {
			m.t.Fatalf("change %d (known %v) is %s, and was %s", n, known, what, told[n])
		}
		told[n] = what
	}
	docs := map[crdt.DocID]int{}
	for d := range m.changes {
		docs[genesis(d).DocID()] = d
	}
	m.open(func(l *storage.Library) {
		for _, d := range report.Documents {
			n := 0
			for c, err := range l.Changes(d.ID) {
				if err != nil {
					m.t.Fatal(err)
				}
				tell(c, "placed")
				n++
			}
			if n != d.Changes {
				m.t.Errorf("%d changes, and the report says %d", n, d.Changes)
			}
		}
		if r, err := l.Check(context.Background()); err != nil || !r.Intact() {
			m.t.Errorf("the new library: %v, %v", r, err)
		}
	})
	for _, d := range report.Documents {
		list := m.changes[docs[d.ID]]
		for _, w := range d.Waiting {
			tell(w.Change, "waiting")
		}
		for _, lost := range d.Lost {
			c := list[lost.Place-1]
			tell(c, "lost")
			if lost.Known && (lost.Replica != c.Replica || lost.Seq != c.Seq) {
				m.t.Errorf("the change at place %d is said to be another one", lost.Place)
			}
		}
	}
	for _, n := range report.Nameless {
		readable := 0
		for _, c := range m.changes[int(n.Number)] {
			tell(c, "nameless")
			if had[m.number[c.Hash]] {
				readable++
			}
		}
		if readable != n.Changes {
			m.t.Errorf("document %d without a name: %d changes, the file has %d", n.Number, n.Changes, readable)
		}
	}
	for _, d := range slices.Sorted(maps.Keys(m.changes)) {
		for place, c := range m.changes[d] {
			n := m.number[c.Hash]
			switch told[n] {
			case "placed":
				f.placed++
			case "waiting":
				f.waiting++
				if !had[n] {
					m.t.Errorf("change %d is said to wait, and is not in the file", n)
				}
			case "lost":
				f.lost++
				if had[n] {
					m.t.Errorf("change %d is said to be lost, and is in the file", n)
				}
			case "nameless":
				f.nameless++
			default: // with the row went the page of the index: at the end of a journal nothing else in the file speaks of it
				f.unsaid++
				for _, later := range m.changes[d][place:] {
					if had[m.number[later.Hash]] || told[m.number[later.Hash]] != "" {
						m.t.Fatalf("nothing is said of change %d, place %d of document %d", n, place+1, d)
					}
				}
			}
		}
	}
	return f
}

// However many pages are zeroed: what is on the others is found, what is lost is named, and nothing is said twice.
func TestZeroedPagesCostWhatWasOnThem(t *testing.T) {
	rng := seeded(t)
	for _, pages := range []int{1, 10, 100} {
		m := newNumbered(t, rng, 500, 10)
		m.zeroPages(pages)
		had := m.present()
		began := time.Now()
		report := m.salvage()
		took := time.Since(began)
		f := m.fates(report, had)
		if f.placed+f.waiting+f.lost+f.nameless+f.unsaid != len(m.number) {
			t.Errorf("%d pages: %+v of %d", pages, f, len(m.number))
		}
		t.Logf("%3d pages zeroed: %d of %d changes are still in the file; %d salvaged, %d readable behind lost ones, %d lost, %d in %d documents without a row, %d unsaid; %v",
			pages, len(had), len(m.number), f.placed, f.waiting, f.lost, f.nameless, len(report.Nameless), f.unsaid, took.Round(time.Millisecond))
		if report.Whole() && len(had) < len(m.number) {
			t.Error("the report says that nothing is lost")
		}
	}
}

// What the file has lost is taken from a backup, and what was written since is put behind it.
func TestBackupsFillTheGaps(t *testing.T) {
	m := newNumbered(t, seeded(t), 40, 10)
	before := len(m.number)
	m.open(func(l *storage.Library) {
		if _, err := l.Back(context.Background(), day); err != nil {
			t.Fatal(err)
		}
		for d := range m.changes {
			m.write(l, d, 2)
		}
	})
	m.zeroPages(20)
	had := m.present()
	report := m.salvage()
	f := m.fates(report, had)
	if f.placed < before || f.nameless > 0 { // all that was there at the time of the backup
		t.Errorf("%+v, and %d were in the backup", f, before)
	}
	fetched := 0
	for _, d := range report.Documents {
		fetched += d.Fetched
	}
	if fetched == 0 || len(report.Backups) != 1 || !strings.Contains(report.String(), report.Backups[0]) {
		t.Errorf("%d changes from %v:\n%v", fetched, report.Backups, report)
	}
	t.Logf("%+v, %d from a backup", f, fetched)
}

// A damaged first page, which leads to all tables, costs nothing of the documents.
func TestDamagedFirstPage(t *testing.T) {
	for name, harm := range map[string]func(b []byte) []byte{
		"zeroed":           func(b []byte) []byte { return zero(b, 0, 4096) },
		"header zeroed":    func(b []byte) []byte { return zero(b, 0, 100) },
		"tables forgotten": func(b []byte) []byte { return zero(b, 100, 4096) },
		"page size":        func(b []byte) []byte { b[16] = 0x20; return b },
		"fewer pages":      func(b []byte) []byte { b[28], b[29], b[30], b[31] = 0, 0, 0, 1; return b },
	} {
		t.Run(name, func(t *testing.T) {
			m := newNumbered(t, seeded(t), 20, 10)
			rewrite(t, m.dir, harm)
			if f := m.fates(m.salvage(), nil); f.placed != len(m.number) {
				t.Errorf("%+v of %d", f, len(m.number))
			}
		})
	}
}

// contents returns all that a library holds for a person, as text.
func contents(t *testing.T, dir string) string {
	t.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var b strings.Builder
	listed, err := l.Documents()
	binned, err2 := l.Bin()
	peers, err3 := l.Peers()
	if err := errors.Join(err, err2, err3); err != nil {
		t.Fatal(err)
	}
	for _, d := range listed {
		members, err := l.Members(d.ID)
		if err != nil {
			t.Fatal(err)
		}
		value, err := l.State(d.ID, "caret")
		fmt.Fprintf(&b, "%+v %x %x %v\n%x\n", d, members, value, err, frames(t, l, d.ID))
	}
	fmt.Fprintf(&b, "%+v\n%+v\n", binned, peers)
	return b.String()
}

// An intact library is the same after a salvage, and after two; what was there is kept.
func TestSalvageOfAnIntactLibrary(t *testing.T) {
	defer storage.SmallSteps()()
	m := newNumbered(t, seeded(t), 12, 20)
	m.open(func(l *storage.Library) {
		for d := 1; d <= 6; d++ {
			for range 2 * d { // some have a successor, some a base, some rows behind it
				compact(t, l, genesis(d).DocID())
			}
			m.write(l, d, 3)
		}
		err := errors.Join(l.SetPeer(storage.Peer{Key: [32]byte{1}, Name: "Ben", Pinned: day, Seen: day}), l.AddMember(genesis(3).DocID(), [32]byte{1}, day),
			l.SetState(genesis(4).DocID(), "caret", []byte("here")), l.SetNonce(genesis(1).DocID(), storage.Nonce{1}), l.Delete(genesis(9).DocID(), day))
		if err != nil {
			t.Fatal(err)
		}
	})
	want := contents(t, m.dir)
	for range 2 {
		before := sums(t, m.dir)
		report := m.salvage()
		if !report.Whole() || len(report.Backups) > 0 || report.People != "" {
			t.Errorf("%v", report)
		}
		if sums(t, report.Kept) != before {
			t.Error("what was there is not kept as it was")
		}
		if text, err := os.ReadFile(filepath.Join(report.Kept, "salvage.txt")); err != nil || !strings.Contains(string(text), "Nothing is lost") || !strings.Contains(string(text), report.Kept) {
			t.Errorf("the report: %q, %v", text, err)
		}
		if got := contents(t, m.dir); got != want {
			at := 0
			for at < min(len(got), len(want)) && got[at] == want[at] {
				at++
			}
			t.Errorf("from byte %d of %d on it holds %.300q, want %.300q", at, len(want), got[at:], want[at:])
		}
		m.open(func(l *storage.Library) {
			if n, err := l.Nonce(genesis(1).DocID()); err != nil || n != (storage.Nonce{}) {
				t.Errorf("the nonce is %x, %v", n, err)
			}
		})
	}
}

// A damaged block loses what is in it, and what builds on that waits. Rows that nothing of it concerns are placed, and so is all when a backup has
// the changes, as rows or as another block.
func TestSalvageOfADamagedBlock(t *testing.T) {
	defer storage.SmallSteps()()
	for _, backup := range []string{"", "rows", "block"} {
		t.Run("backup="+backup, func(t *testing.T) {
			m := newNumbered(t, seeded(t), 3, 30)
			first, last := len(m.changes[1]), 0
			m.open(func(l *storage.Library) {
				back := func() {
					if _, err := l.Back(context.Background(), day); err != nil {
						t.Fatal(err)
					}
				}
				if backup == "rows" {
					back()
				}
				compactAll(t, l, genesis(1).DocID())
				if backup == "block" {
					back()
				}
				m.write(l, 1, 7)
				last = len(m.changes[1]) - first
			})
			if err := storage.Alter(m.dir, `UPDATE block_part SET body = zeroblob(length(body))`); err != nil {
				t.Fatal(err)
			}
			report := m.salvage()
			i := slices.IndexFunc(report.Documents, func(d storage.SalvagedDocument) bool { return d.ID == genesis(1).DocID() })
			d := report.Documents[i]
			want := fate{placed: 60, waiting: last, lost: first}
			if backup != "" {
				want = fate{placed: 60 + first + last}
			}
			had := map[int]bool{}
			for _, c := range m.changes[1][first:] {
				had[m.number[c.Hash]] = true
			}
			if f := m.fates(report, had); f != want || len(d.Faults) == 0 {
				t.Errorf("%+v, want %+v\n%v", f, want, report)
			}
			if words := fmt.Sprintf(mark, m.number[m.changes[1][first].Hash]); backup == "" && !strings.Contains(report.String(), words) {
				t.Errorf("the report does not name the words %q:\n%v", words, report)
			}
		})
	}
}

// What this device wrote itself is placed although its signature is lost, and signed anew; what others wrote is not.
func TestLostSignature(t *testing.T) {
	for _, own := range []bool{true, false} {
		m := newNumbered(t, seeded(t), 1, 0)
		h := newHand(1, 1)
		a := h.insert(0, "first")
		b := h.insert(5, "second")
		a.Signature = nil
		m.changes[1] = []*crdt.Change{a, b}
		m.number[a.Hash], m.number[b.Hash] = 0, 1
		m.open(func(l *storage.Library) { mustSave(t, l, genesis(1).DocID(), a, b) })
		if err := storage.Alter(m.dir, `UPDATE change SET checksum = zeroblob(8) WHERE seq > 0`); err != nil {
			t.Fatal(err)
		}
		key := device
		if !own {
			key = nil
		}
		report, err := storage.Salvage(context.Background(), m.dir, key)
		if err != nil {
			t.Fatal(err)
		}
		want := fate{placed: 1, lost: 1}
		if !own {
			want = fate{waiting: 1, lost: 1}
		}
		if f := m.fates(report, map[int]bool{0: true}); f != want {
			t.Errorf("own=%v: %+v\n%v", own, f, report)
		}
	}
}

func TestSalvageOfNothing(t *testing.T) {
	for name, harm := range map[string]func([]byte) []byte{
		"empty":   func([]byte) []byte { return nil },
		"garbage": func([]byte) []byte { return bytes.Repeat([]byte("garbage "), 4000) },
		"zeroes":  func(b []byte) []byte { return make([]byte, len(b)) },
	} {
		m := newNumbered(t, seeded(t), 2, 3)
		m.open(func(l *storage.Library) {
			if _, err := l.Back(context.Background(), day); err != nil {
				t.Fatal(err)
			}
		})
		rewrite(t, m.dir, harm)
		before := sums(t, m.dir)
		_, err := storage.Salvage(context.Background(), m.dir, device)
		if !errors.Is(err, storage.ErrNothingReadable) || !strings.Contains(err.Error(), "inkling restore 2026") {
			t.Errorf("%s: %v", name, err)
		}
		if sums(t, m.dir) != before {
			t.Errorf("%s: the library was altered", name)
		}
		if left, _ := filepath.Glob(filepath.Join(m.dir, "[rs]*ing*")); len(left) > 0 {
			t.Errorf("%s: left behind: %v", name, left)
		}
	}
}

// What only the -wal file has is salvaged with the rest, also when library.db is missing or its first page is damaged.
func TestSalvageReadsTheWAL(t *testing.T) {
	for name, harm := range map[string]func(b []byte) []byte{
		"page 1":  func(b []byte) []byte { return zero(b, 0, 4096) },
		"nothing": func(b []byte) []byte { return b },
	} {
		m := newNumbered(t, seeded(t), 3, 5)
		killed := t.TempDir()
		m.open(func(l *storage.Library) {
			m.write(l, 2, 4)
			if err := l.SetState(genesis(2).DocID(), "behind", []byte{1}); err != nil { // it waits for its commit, and so for theirs
				t.Fatal(err)
			}
			for _, file := range []string{"library.db", "library.db-wal"} { // as a kill would leave them
				copyWithCat(t, filepath.Join(m.dir, file), filepath.Join(killed, file))
			}
		})
		m.dir = killed
		rewrite(t, killed, harm)
		if f := m.fates(m.salvage(), nil); f.placed != len(m.number) {
			t.Errorf("%s: %+v of %d", name, f, len(m.number))
		}
	}
}

// A document whose row is lost is known by its block or by a backup; else its changes are reported without a name.
func TestLostDocumentRow(t *testing.T) {
	defer storage.SmallSteps()()
	for _, by := range []string{"nothing", "block", "backup"} {
		m := newNumbered(t, seeded(t), 3, 20)
		m.open(func(l *storage.Library) {
			if by == "block" {
				compactAll(t, l, genesis(2).DocID())
			}
			if by == "backup" {
				if _, err := l.Back(context.Background(), day); err != nil {
					t.Fatal(err)
				}
			}
		})
		if err := storage.Alter(m.dir, `UPDATE doc SET genesis = zeroblob(49) WHERE id = 2`); err != nil {
			t.Fatal(err)
		}
		had := m.present()
		report := m.salvage()
		want := fate{placed: 60}
		if by == "nothing" {
			want = fate{placed: 40, nameless: 20}
		}
		if f := m.fates(report, had); f != want {
			t.Errorf("known by %s: %+v\n%v", by, f, report)
		}
		if by == "nothing" && !strings.Contains(report.String(), `"Title 2"`) {
			t.Errorf("the title that is left is not told:\n%v", report)
		}
	}
}

// Attached files are carried over, also where parts of blocks have the same numbers; of two with a damaged part, the one that a backup has comes from
// there, and the other one is named.
func TestSalvageOfAttachedFiles(t *testing.T) {
	defer storage.SmallSteps()()
	rng := seeded(t)
	m := newNumbered(t, rng, 3, 20)
	contents := map[string][]byte{}
	m.open(func(l *storage.Library) {
		attach := func(name string, d, n int) {
			b := make([]byte, n)
			for i := range b {
				b[i] = byte(rng.Uint32())
			}
			contents[name] = b
			if _, err := l.Attach(context.Background(), genesis(d).DocID(), name, int64(n), bytes.NewReader(b), day); err != nil {
				t.Fatal(err)
			}
		}
		attach("whole", 1, 700_000)
		attach("saved", 2, 600_000)
		attach("empty", 2, 0)
		if _, err := l.Back(context.Background(), day); err != nil {
			t.Fatal(err)
		}
		attach("lost", 3, 300_000)
		for d := 1; d <= 3; d++ {
			compactAll(t, l, genesis(d).DocID())
		}
	})
	rewrite(t, m.dir, func(b []byte) []byte {
		for _, name := range []string{"saved", "lost"} {
			at := bytes.Index(b, contents[name][270_000:270_016])
			b[at] ^= 1
		}
		return b
	})
	report := m.salvage()
	if report.Files != 3 || len(report.LostFiles) != 1 || !strings.Contains(report.String(), `"lost" of "Title 3"`) || len(report.Backups) != 1 {
		t.Errorf("%v", report)
	}
	if f := m.fates(report, nil); f.placed != 60 {
		t.Errorf("%+v", f)
	}
	m.open(func(l *storage.Library) {
		for d, want := range map[int][]string{1: {"whole"}, 2: {"empty", "saved"}, 3: nil} {
			list, err := l.Attachments(genesis(d).DocID())
			if err != nil || len(list) != len(want) {
				t.Fatalf("document %d holds %v, %v", d, list, err)
			}
			for _, held := range list {
				a, err := l.Attachment(context.Background(), held.Hash)
				if err != nil {
					t.Fatal(err)
				}
				var got bytes.Buffer
				if _, err := a.WriteTo(&got); err != nil || !bytes.Equal(got.Bytes(), contents[held.Name]) || !slices.Contains(want, held.Name) {
					t.Errorf("%s: %d bytes, %v", held.Name, got.Len(), err)
				}
			}
		}
	})
}

// Devices whose table is damaged come from a backup.
func TestLostPeople(t *testing.T) {
	m := newNumbered(t, seeded(t), 2, 2)
	m.open(func(l *storage.Library) {
		err := errors.Join(l.SetPeer(storage.Peer{Key: [32]byte{1}, Name: strings.Repeat("Ben", 100), Pinned: day}), l.AddMember(genesis(2).DocID(), [32]byte{1}, day))
		if err == nil {
			_, err = l.Back(context.Background(), day)
		}
		if err != nil {
			t.Fatal(err)
		}
	})
	rewrite(t, m.dir, func(b []byte) []byte {
		at := bytes.Index(b, []byte("BenBenBen")) / 4096 * 4096
		return zero(b, at, at+4096)
	})
	report := m.salvage()
	if !strings.Contains(report.People, "backups") {
		t.Errorf("of people the report says %q", report.People)
	}
	m.open(func(l *storage.Library) {
		peers, err := l.Peers()
		members, err2 := l.Members(genesis(2).DocID())
		if err := errors.Join(err, err2); err != nil || len(peers) != 1 || !slices.Contains(members, [32]byte{1}) {
			t.Errorf("peers %v, members %x, %v", peers, members, err)
		}
	})
}

// Whatever the damage, the new library is sound and has nothing that the old one had not, or there is none.
func TestSalvageOfAnyDamage(t *testing.T) {
	rng := seeded(t)
	m := newNumbered(t, rng, 5, 20)
	m.open(func(l *storage.Library) { compactAll(t, l, genesis(5).DocID()) })
	whole, err := os.ReadFile(filepath.Join(m.dir, "library.db"))
	if err != nil {
		t.Fatal(err)
	}
	salvaged := 0
	for range 40 {
		m.dir = t.TempDir()
		b := slices.Clone(whole)
		for range 1 + rng.IntN(30) {
			at := rng.IntN(len(b))
			switch end := min(len(b), at+1+rng.IntN(6000)); rng.IntN(4) {
			case 0:
				b[at] ^= 1 << rng.IntN(8)
			case 1:
				clear(b[at:end])
			case 2: // a page that belongs elsewhere
				copy(b[at/4096*4096:], b[rng.IntN(len(b)/4096)*4096:][:4096])
			default:
				for i := at; i < end; i++ {
					b[i] = byte(rng.Uint32())
				}
			}
		}
		if err := os.WriteFile(filepath.Join(m.dir, "library.db"), b[:len(b)-rng.IntN(2)*rng.IntN(len(b))], 0o600); err != nil {
			t.Fatal(err)
		}
		report, err := storage.Salvage(context.Background(), m.dir, device)
		if errors.Is(err, storage.ErrNothingReadable) {
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		_ = report.String()
		m.open(func(l *storage.Library) {
			documents, err := l.Documents()
			if err != nil {
				t.Fatal(err)
			}
			for _, d := range documents {
				for c, err := range l.Changes(d.ID) {
					if _, known := m.number[c.Hash]; err != nil || !known {
						t.Fatalf("%v, or a change that was never written", err)
					}
					salvaged++
				}
			}
			if r, err := l.Check(context.Background()); err != nil || !r.Intact() {
				t.Fatalf("the new library: %v, %v", r, err)
			}
		})
	}
	t.Logf("%d changes salvaged in all", salvaged)
}

// Any bytes are taken for a page without harm.
func FuzzPage(f *testing.F) {
	dir := f.TempDir()
	l, err := storage.Open(dir)
	if err != nil {
		f.Fatal(err)
	}
	mustSave(f, l, add(f, l, 1), newHand(1, 1).insert(0, "abc"))
	if err := l.Close(); err != nil {
		f.Fatal(err)
	}
	whole, err := os.ReadFile(filepath.Join(dir, "library.db"))
	if err != nil {
		f.Fatal(err)
	}
	for n := int64(1); len(whole) > 0; n++ {
		f.Add(n, whole[:4096])
		whole = whole[4096:]
	}
	f.Fuzz(func(_ *testing.T, number int64, page []byte) {
		storage.ReadPage(append(page, make([]byte, max(0, 4096-len(page)))...)[:4096], number)
		storage.ReadPage(page, number)
	})
}
