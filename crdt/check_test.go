package crdt

import (
	"crypto/ed25519"
	"slices"
	"strings"
	"testing"
	"time"
)

// damaged returns a document that has one of everything, to be damaged.
func damaged(t *testing.T) *Doc {
	t.Helper()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	var a Author
	copy(a.Device[:], key.Public().(ed25519.PublicKey))
	g := Genesis{Creator: a.Device}
	first, d := New(g), New(g)
	b := a
	b.Nonce[0] = 1
	flush := func(d *Doc) []*Change {
		b := d.Flush()
		changes := b.Seal(key)
		d.Sealed(changes)
		return changes
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(first.Attach(b))
	first.Grant(DeviceKey{9}, "nine", time.Time{})
	first.Insert(0, "zero\n", time.Time{})
	_, err := d.Apply(flush(first)...)
	check(err)
	check(d.Attach(a))
	d.Insert(0, "one\n", time.Time{})
	d.Delete(1, 2, time.Time{})
	d.Undo(time.Time{})
	d.Delete(1, 6, time.Time{})
	d.Insert(0, "twö\n", time.Time{})
	flush(d)
	first.Delete(0, 2, time.Time{})
	_, err = d.Apply(flush(first)...)
	check(err)
	d.Insert(0, "open", time.Time{})
	check(d.Check())
	return d
}

// TestCheckFindsDamage: Check can fail, whatever is wrong.
func TestCheckFindsDamage(t *testing.T) {
	runOf := func(d *Doc, kind runKind) *run {
		for i := range d.runs {
			if d.runs[i].kind == kind {
				return &d.runs[i]
			}
		}
		panic("there is no such run")
	}
	for name, damage := range map[string]func(d *Doc){
		"arrival's place": func(d *Doc) { d.arrivals[1].lv = d.arrivals[0].lv },
		"empty arrival":   func(d *Doc) { d.arrivals = slices.Insert(d.arrivals, 2, d.arrivals[2]); d.arrivals[2].lamport-- },
		"empty run":       func(d *Doc) { d.runs = slices.Insert(d.runs, 1, d.runs[1]) },
		"equal Lamports":  func(d *Doc) { d.arrivals[2].lamport = d.lamportOf(d.replicas[d.arrivals[2].by], d.arrivals[2].seq-1) },
		"piece twice":     func(d *Doc) { p := &d.replicas[0].pieces; *p = append(*p, (*p)[len(*p)-1]) },
		"piece too many":  func(d *Doc) { d.own.pieces = append(d.own.pieces, piece{d.own.next, d.next}) },
		"piece too far":   func(d *Doc) { d.replicas[0].pieces[1].seq++ },
		"declared twice": func(d *Doc) {
			k := &d.own.table[0].declared
			last := (*k)[len(*k)-1]
			*k = append(*k, declaration{d.own.next - 1, last.next})
			d.own.causes = append(d.own.causes, cause{d.own.next - 1, 0, last.next})
		},
		"cause's Seq":       func(d *Doc) { d.own.causes[0].seq = 1 },
		"cause twice":       func(d *Doc) { d.own.table[0].declared[0].seq++ },
		"head too far":      func(d *Doc) { d.replicas[0].headNext++ },
		"old head":          func(d *Doc) { d.replicas[0].headNext = d.replicas[0].recent.next[0] },
		"recent hash":       func(d *Doc) { d.replicas[0].recent.next[0]-- },
		"hash of no change": func(d *Doc) { d.own.hashes = map[uint32]Hash{1: {}} },
		"signature":         func(d *Doc) { d.own.signature.next-- },
		"old signature":     func(d *Doc) { d.replicas[0].signature.next = 1 },
		"kept twice":        func(d *Doc) { r := d.replicas[0]; r.kept = append(r.kept, r.kept[0]) },
		"kept elsewhere":    func(d *Doc) { d.replicas[0].kept[0].next-- },
		"arrival's replica": func(d *Doc) { d.arrivals[1].by = 99 },
		"arrival's seq":     func(d *Doc) { d.arrivals[1].seq++ },
		"Lamports":          func(d *Doc) { d.arrivals[1].lamport = 0 },
		"pieces":            func(d *Doc) { d.replicas[1].pieces[0].lv++ },
		"end of a chain":    func(d *Doc) { d.replicas[1].next++ },
		"last Lamport":      func(d *Doc) { d.own.lamport++ },
		"replica's place":   func(d *Doc) { d.replicas[0].place = 1 },
		"replica's name":    func(d *Doc) { delete(d.byID, d.own.id) },
		"one replica more":  func(d *Doc) { d.byID[ReplicaID{9}] = d.own },
		"mentions":          func(d *Doc) { d.own.places = map[*replica]int{} },
		"declared too far":  func(d *Doc) { d.own.table[0].declared[0].next = 999 },
		"causes":            func(d *Doc) { d.own.causes = nil },
		"gap between runs":  func(d *Doc) { d.runs[0].lv = 1 },
		"origin":            func(d *Doc) { runOf(d, runInsert).ref = 999 },
		"chain":             func(d *Doc) { runOf(d, runInsert).chain++ },
		"Grant's bytes":     func(d *Doc) { clear(d.other) },
		"Restore's Delete":  func(d *Doc) { runOf(d, runRestore).ref = 999 },
		"Delete's target":   func(d *Doc) { runOf(d, runDelete).ref = 999 },
		"Delete's count":    func(d *Doc) { runOf(d, runDelete).aux = 99 },
		"beginning of text": func(d *Doc) { d.runs[0].text = 1 },
		"length of text":    func(d *Doc) { d.text = d.text[:len(d.text)-1] },
		"end of changes":    func(d *Doc) { d.changes.end-- },
		"boundary":          func(d *Doc) { d.changes.entries[1].lv++ },
		"size of changes":   func(d *Doc) { d.changes.entries[0].size += 3 },
		"deleted elements":  func(d *Doc) { d.tree.SetDead(d.tree.Start(), 1, true) },
		"shown elements":    func(d *Doc) { d.show(d.again[0].lv, 1, nil) },
		"element's place":   func(d *Doc) { d.runs[len(d.runs)-1].kind = runOther },
		"order": func(d *Doc) {
			r := &d.runs[len(d.runs)-1]
			r.ref, r.aux, r.chain = runOf(d, runInsert).lv, none, r.lv
		},
		"element too many":  func(d *Doc) { d.tree.Insert(d.tree.End(), d.next, 1) },
		"cancelled":         func(d *Doc) { d.cancelled[999] = struct{}{} },
		"cancelled another": func(d *Doc) { clear(d.cancelled) },
		"overlap":           func(d *Doc) { d.again[0].count++ },
		"empty overlap":     func(d *Doc) { d.again = append(d.again, overlap{999, 0, 1}) },
		"pending":           func(d *Doc) { d.pending.bytes++ },
		"what waits":        func(d *Doc) { d.pending.families[d.own.id] = &waiting{changes: []*held{{Change: &Change{}}}} },
		"draft":             func(d *Doc) { d.draft.first = d.own.next + 1 },
		"open change":       func(d *Doc) { d.draft.from = d.next + 1; d.changes.end = d.next + 1 },
		"undo group":        func(d *Doc) { d.undo.done[0].to = 999 },
		"redo group":        func(d *Doc) { d.undo.undone = append(d.undo.undone, group{5, 4}) },
	} {
		t.Run(name, func(t *testing.T) {
			d := damaged(t)
			damage(d)
			defer func() {
				if r := recover(); r != nil {
					t.Errorf("Check panics: %v", r)
				}
			}()
			if err := d.Check(); err == nil {
				t.Error("Check finds nothing")
			}
		})
	}
}

// TestVerifyFindsDamage: Verify can fail, whatever is wrong.
func TestVerifyFindsDamage(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(d *Doc)
		reason string
	}{
		"text":         {func(d *Doc) { d.text[0]++ }, "the hash that is kept"},
		"own text":     {func(d *Doc) { d.text[7]++ }, "the hash that is kept"},
		"name":         {func(d *Doc) { d.replicas[0].author.Nonce[3]++ }, "name does not follow"},
		"member":       {func(d *Doc) { d.genesis.Creator[0]++ }, "no member"},
		"head":         {func(d *Doc) { d.replicas[0].head[0]++ }, "the hash that is kept"},
		"signature":    {func(d *Doc) { d.replicas[0].signature.bytes[0]++ }, "not its device's"},
		"no signature": {func(d *Doc) { d.replicas[0].signature.next-- }, "no signature covers"},
		"kept one":     {func(d *Doc) { d.replicas[0].kept[0].bytes[0]++ }, "not its device's"},
	} {
		d := damaged(t)
		if err := d.Verify(); err != nil {
			t.Fatal(err)
		}
		c.damage(d)
		if err := d.Verify(); err == nil || !strings.Contains(err.Error(), c.reason) {
			t.Errorf("%s: %v, want an error that says %q", name, err, c.reason)
		}
	}
}

func TestDumpNamesOps(t *testing.T) {
	d := damaged(t)
	other := d.replicas[0].short()
	for _, want := range []string{
		"other 04", "insert behind root", "delete 1 from", "restore what", "in front of", "own, flushed to", other + ":0+1", `["`,
	} {
		if got := d.Dump(); !strings.Contains(got, want) {
			t.Errorf("%s\ndoes not contain %s", got, want)
		}
	}
}
