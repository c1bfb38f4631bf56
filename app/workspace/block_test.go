package workspace

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/crdt/crdttest"
	"inkling/storage"
)

// written is a library folder with one document of which each edit is a change.
func written(t testing.TB, edits []crdttest.Edit, compacted bool) (dir string, doc crdt.DocID) {
	t.Helper()
	dir = t.TempDir()
	w, err := Open(Config{Dir: dir, Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	g := crdt.Genesis{Creator: crdt.DeviceKey(w.device)}
	doc = g.DocID()
	if err := w.welcome(g); err != nil {
		t.Fatal(err)
	}
	d := crdt.New(g)
	if err := d.Attach(crdt.Author{Device: g.Creator, Nonce: [16]byte{1}}); err != nil {
		t.Fatal(err)
	}
	var changes []*crdt.Change
	for i, e := range edits {
		d.Delete(e.At, e.At+e.Delete, time.Unix(0, 0))
		if e.Insert != "" {
			d.Insert(e.At, e.Insert, time.Unix(0, 0))
		}
		batch := d.Flush()
		sealed := batch.Seal(w.key)
		d.Sealed(sealed)
		if changes = append(changes, sealed...); len(changes) < 5000 && i < len(edits)-1 {
			continue
		}
		done := make(chan error, 1)
		w.lib.Append(doc, changes, "long", w.now(), func(err error) { done <- err })
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		changes = nil
	}
	for more := compacted; more; {
		if more, err = w.lib.Compact(t.Context(), doc, storage.Always); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return dir, doc
}

func opened(t testing.TB, dir, name string) *Workspace {
	t.Helper()
	w, err := Open(Config{Dir: dir, Name: name, Finder: noFinder{}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	return w
}

// letIn lets ben into a document of ana's.
func letIn(t testing.TB, ana, ben *Workspace, doc crdt.DocID) {
	t.Helper()
	link, err := ana.Invite(doc, true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := ben.Join(ctx, link); err != nil {
		t.Fatal(err)
	}
}

// letters returns edits that insert some text that cannot be packed well, each.
func letters(n int) (edits []crdttest.Edit) {
	rng := rand.New(rand.NewPCG(1, 2))
	for range n {
		b := make([]byte, 1000)
		for i := range b {
			b[i] = byte('!' + rng.IntN(90))
		}
		edits = append(edits, crdttest.Edit{Insert: string(b)})
	}
	return edits
}

// TestNewcomerIsGivenTheBlock: a newcomer gets a long history as a block, writes on in it, and what both wrote apart, so much that it is
// given as blocks too, is joined where the windows are open. In the end both libraries are sound and say the same.
func TestNewcomerIsGivenTheBlock(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir, doc := written(t, letters(300), true)
	dirB := t.TempDir()
	ana, ben := opened(t, dir, "Ana"), opened(t, dirB, "Ben")
	letIn(t, ana, ben, doc)
	sb, err := ben.Open(doc)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, ben, "the text, and leave to write", func() bool { return len(sb.Text()) == 300_000 && sb.Standing() == MayWrite })
	if a, b := mustBase(t, ana, doc), mustBase(t, ben, doc); a == nil || b == nil || a.Hash != b.Hash {
		t.Fatalf("it did not come as the block: %v, %v", a, b)
	}
	typeAt(sb, 0, "from Ben ")
	waitFor(t, ana, "Ben's words", func() bool {
		text, err := ana.Export(doc)
		return err == nil && strings.HasPrefix(text, "from Ben ")
	})
	sb.Close()
	closeTest(t, ben)
	closeTest(t, ana)

	for i, d := range []string{dir, dirB} { // apart
		w, err := Open(Config{Dir: d, Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		s, err := w.Open(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range letters(80) {
			typeAt(s, 0, fmt.Sprint(i, e.Insert))
			s.sync()
		}
		s.Close()
		for more := true; more; {
			if more, err = w.lib.Compact(t.Context(), doc, storage.Always); err != nil {
				t.Fatal(err)
			}
		}
		closeTest(t, w)
	}
	ana, ben = opened(t, dir, "Ana"), opened(t, dirB, "Ben")
	sa, err := ana.Open(doc)
	if err != nil {
		t.Fatal(err)
	}
	if sb, err = ben.Open(doc); err != nil {
		t.Fatal(err)
	}
	va, vb := newTestView(sa), newTestView(sb)
	for i := range 20 { // while it comes
		typeAt(sa, 0, fmt.Sprint("a", i))
		typeAt(sb, 0, fmt.Sprint("b", i))
	}
	want := 300_000 + len("from Ben ") + 2*80*1001 + 2*(10*2+10*3)
	waitFor(t, ana, "all of both", func() bool { return len(sa.Text()) == want })
	waitFor(t, ben, "all of both", func() bool { return len(sb.Text()) == want })
	va.follow(t)
	vb.follow(t)
	if sa.Text() != sb.Text() {
		t.Error("the texts differ")
	}
	for _, w := range []*Workspace{ana, ben} {
		if r, err := w.Check(t.Context()); err != nil || !r.Intact() {
			t.Errorf("%v, %v", r, err)
		}
	}
	text := sa.Text()
	sa.Close()
	sb.Close()
	closeTest(t, ben)
	ben = opened(t, dirB, "Ben")
	if got, err := ben.Export(doc); err != nil || got != text {
		t.Errorf("after a restart %d letters of %d, %v", len(got), len(text), err)
	}
}

func mustBase(t testing.TB, w *Workspace, doc crdt.DocID) *storage.Base {
	t.Helper()
	b, err := w.lib.Base(doc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// BenchmarkCatchUp lets a newcomer into the document of a recorded session, over loopback, with disks: as a block and by changes.
//
//	sent-B     the block, or the frames of the changes
//	ms         from the invite's acceptance to the commit of the last change
//	shown-ms   to when the session shows the whole text
func BenchmarkCatchUp(b *testing.B) {
	folder := os.Getenv("INKLING_TRACES")
	if folder == "" {
		b.Skip("set INKLING_TRACES to a folder with automerge-paper.json.gz from https://github.com/josephg/editing-traces")
	}
	trace, err := crdttest.LoadTrace(filepath.Join(folder, "automerge-paper.json.gz"))
	if err != nil {
		b.Fatal(err)
	}
	var edits []crdttest.Edit
	for _, txn := range trace.Txns {
		edits = append(edits, txn.Edits...)
	}
	for name, compacted := range map[string]bool{"block": true, "changes": false} {
		b.Run(name, func(b *testing.B) {
			b.Setenv("XDG_CONFIG_HOME", b.TempDir())
			dir, doc := written(b, edits, compacted)
			for b.Loop() {
				catchUp(b, dir, doc, len([]rune(trace.End)))
			}
			b.ReportMetric(0, "ns/op")
		})
	}
}

func catchUp(b *testing.B, dir string, doc crdt.DocID, letters int) {
	ana, ben := opened(b, dir, "Ana"), opened(b, b.TempDir(), "Ben")
	defer ana.Close()
	defer ben.Close()
	sent := 0
	g, err := ana.lib.Give(doc, nil, 1<<30, func([32]byte) bool { return false })
	if err != nil {
		b.Fatal(err)
	}
	if g.Base != nil {
		sent = g.Base.Length
	}
	for _, f := range g.Frames {
		sent += len(f)
	}
	b.ReportMetric(float64(sent), "sent-B")
	letIn(b, ana, ben, doc)
	began := time.Now()
	stored, want := time.Duration(0), mustHeads(b, ana, doc)
	for end := began.Add(5 * time.Minute); ; time.Sleep(2 * time.Millisecond) {
		if has, err := ben.lib.Has(doc, want); err == nil && has && stored == 0 {
			stored = time.Since(began)
		}
		s, err := ben.acquire(doc)
		if err != nil {
			b.Fatal(err)
		}
		var shown int
		s.View(0, func(t Text) { shown = s.doc.Len() })
		ben.leave(s)
		if stored > 0 && shown == letters {
			break
		}
		if time.Now().After(end) {
			b.Fatalf("%d letters of %d", shown, letters)
		}
	}
	b.ReportMetric(float64(stored.Milliseconds()), "ms")
	b.ReportMetric(float64(time.Since(began).Milliseconds()), "shown-ms")
}

func mustHeads(t testing.TB, w *Workspace, doc crdt.DocID) []crdt.Head {
	t.Helper()
	heads, err := w.lib.Heads(doc)
	if err != nil {
		t.Fatal(err)
	}
	return heads
}
