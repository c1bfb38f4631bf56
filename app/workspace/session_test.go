package workspace

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// openTest opens a workspace without network in dir; keys go to a folder of their
// own below it.
func openTest(t *testing.T, dir string) *Workspace {
	t.Helper()
	if os.Getenv("XDG_CONFIG_HOME") == "" || !strings.HasPrefix(os.Getenv("XDG_CONFIG_HOME"), os.TempDir()) {
		t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	}
	w, err := Open(Config{Dir: dir, Name: "Ana", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

func closeTest(t *testing.T, w *Workspace) {
	t.Helper()
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// typeAt puts text at offset in the newest version.
func typeAt(s *Session, offset int, text string) crdt.Anchor {
	var v uint64
	s.View(0, func(t Text) { v = t.Version() })
	at, _ := s.Replace(v, offset, offset, text)
	return at
}

// share makes b's workspace a member of a's document, as an invite does.
func share(t *testing.T, a, b *Workspace, s *Session) {
	t.Helper()
	if err := s.tryStoreRow(); err != nil {
		t.Fatal(err)
	}
	if err := s.grant(b.device, b.Name()); err != nil {
		t.Fatal(err)
	}
	if err := (peerLibrary{b}).Joined(s.doc.Genesis(), netPeer(a)); err != nil {
		t.Fatal(err)
	}
	pass(t, a, b, s.ID())
}

func TestWritingIsThereAgain(t *testing.T) {
	dir := t.TempDir()
	w := openTest(t, dir)
	s := w.New()
	typeAt(s, 0, "# Tea\n\nGreen, black.")
	place := typeAt(s, 7, "White, ")
	s.SetCaret(place, place)
	s.Close()
	closeTest(t, w)

	w = openTest(t, dir)
	docs, err := w.Documents()
	if err != nil || len(docs) != 1 {
		t.Fatalf("%d documents, %v; want 1", len(docs), err)
	}
	if docs[0].Title != "Tea" {
		t.Errorf("title %q, want Tea", docs[0].Title)
	}
	s, err = w.Open(docs[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if got, want := s.Text(), "# Tea\n\nWhite, Green, black."; got != want {
		t.Errorf("text %q, want %q", got, want)
	}
	_, head, known := s.Caret()
	at := -1
	s.View(0, func(t Text) { at = t.Offset(head) })
	if !known || at != 14 {
		t.Errorf("caret at %d (known: %v), want 14", at, known)
	}
}

func TestBlankDocumentIsNotStored(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	if !s.Blank() {
		t.Error("a new document is not blank")
	}
	var start crdt.Anchor
	s.View(0, func(t Text) { start = t.Anchor(0, crdt.After) })
	s.SetCaret(start, start)
	s.Close()
	if docs, err := w.Documents(); err != nil || len(docs) != 0 {
		t.Errorf("%d documents, %v; want none", len(docs), err)
	}
}

// TestPeersAndViewsAgree lets two people write at random, passes their changes on
// through the library's face, and follows both documents by patches alone.
func TestPeersAndViewsAgree(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	typeAt(sa, 0, "The first line\nand the second\n")
	share(t, a, b, sa)
	sb, err := b.Open(sa.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer sa.Close()
	defer sb.Close()
	va, vb := newTestView(sa), newTestView(sb)
	for range 300 {
		editAtRandom(rng, sa, va)
		editAtRandom(rng, sb, vb)
		if rng.IntN(4) == 0 {
			pass(t, a, b, sa.ID())
		}
		if rng.IntN(4) == 0 {
			pass(t, b, a, sa.ID())
		}
		va.follow(t)
		vb.follow(t)
	}
	sa.sync()
	sb.sync()
	for range 3 {
		pass(t, a, b, sa.ID())
		pass(t, b, a, sa.ID())
	}
	va.follow(t)
	vb.follow(t)
	if sa.Text() != sb.Text() {
		t.Errorf("the texts differ:\n%q\n%q", sa.Text(), sb.Text())
	}
	if sa.Text() == "" {
		t.Error("nothing was written")
	}
}

func editAtRandom(rng *rand.Rand, s *Session, v *testView) {
	n := len(v.text)
	from := rng.IntN(n + 1)
	to := min(n, from+max(0, rng.IntN(6)-3))
	switch rng.IntN(8) {
	case 0:
		s.Undo()
	case 1:
		s.Redo()
	default:
		s.Replace(v.version, from, to, []string{"", "x", "é\n", "两个 ", "\n\n", "word "}[rng.IntN(6)])
	}
}

// pass hands to one what the other has on disk and it lacks.
func pass(t *testing.T, from, to *Workspace, doc crdt.DocID) {
	t.Helper()
	have, err := peerLibrary{to}.Heads(doc)
	if err != nil {
		t.Fatal(err)
	}
	changes, _, _, err := peerLibrary{from}.Since(doc, have, 1<<20, func(wire.Hash) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	if err := (peerLibrary{to}).Receive(from.device, doc, changes); err != nil {
		t.Fatal(err)
	}
}

// passBlock hands to one the block of the other, if there is one, whatever it lacks.
func passBlock(t *testing.T, from, to *Workspace, doc crdt.DocID) {
	t.Helper()
	base, err := from.lib.Base(doc)
	if err != nil {
		t.Fatal(err)
	}
	if base == nil {
		return
	}
	body, err := peerLibrary{from}.Block(doc, base.Hash)
	if err != nil {
		t.Fatal(err)
	}
	if err := (peerLibrary{to}).Take(from.device, doc, body, base.Heads); err != nil {
		t.Fatal(err)
	}
	if has, err := (peerLibrary{to}).Has(doc, base.Heads); err != nil || !has {
		t.Fatalf("what was taken is there: %v, %v", has, err)
	}
}

// testView follows a session by its patches: the oracle of [Session.View].
type testView struct {
	s       *Session
	version uint64
	text    []rune
}

func newTestView(s *Session) *testView {
	v := &testView{s: s}
	s.View(0, func(t Text) { v.version, v.text = t.Version(), []rune(wholeText(t)) })
	return v
}

func wholeText(t Text) string {
	var lines []string
	for i := range t.Paragraphs() {
		lines = append(lines, t.Paragraph(i))
	}
	return strings.Join(lines, "\n")
}

// follow applies the news. Removals and lengths come from the patch alone; what was
// inserted is read from the text as it is now, which must explain every edit.
func (v *testView) follow(t *testing.T) {
	t.Helper()
	v.s.View(v.version, func(now Text) {
		p, ok := now.Patch()
		if !ok {
			t.Fatal("the patches are forgotten")
		}
		const unknown = '\uFFFF'
		for _, e := range p {
			middle := []rune(strings.Repeat(string(rune(unknown)), e.Inserted))
			v.text = append(v.text[:e.At:e.At], append(middle, v.text[e.At+e.Removed:]...)...)
		}
		want := []rune(wholeText(now))
		if len(want) != len(v.text) || len(want) != now.Len() {
			t.Fatalf("patches lead to %d code points, the text has %d (Len %d)", len(v.text), len(want), now.Len())
		}
		for i, r := range v.text {
			if r != unknown && r != want[i] {
				t.Fatalf("patches lead to %q at %d, the text has %q", r, i, want[i])
			}
		}
		v.text, v.version = want, now.Version()
	})
}

func TestEditMadeAgainstAnOlderVersion(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	defer s.Close()
	typeAt(s, 0, "hello world")
	var seen uint64
	s.View(0, func(t Text) { seen = t.Version() })
	typeAt(s, 0, ">> ")                 // somebody is faster
	s.Replace(seen, 6, 11, "everybody") // "world" was selected
	if got, want := s.Text(), ">> hello everybody"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestCarry(t *testing.T) {
	insert := func(at, n int) crdt.Edit { return crdt.Edit{At: at, Inserted: n} }
	remove := func(at, n int) crdt.Edit { return crdt.Edit{At: at, Removed: n} }
	for _, c := range []struct {
		edit             crdt.Edit
		from, to         int
		wantFrom, wantTo int
	}{
		{insert(0, 3), 5, 9, 8, 12},
		{insert(9, 3), 5, 9, 5, 9},  // at the end of the range: stays outside
		{insert(5, 3), 5, 9, 8, 12}, // at its start: stays outside
		{insert(7, 3), 5, 9, 5, 12}, // inside
		{insert(5, 3), 5, 5, 5, 5},  // a caret stays in front
		{remove(0, 2), 5, 9, 3, 7},  // before
		{remove(6, 2), 5, 9, 5, 7},  // inside
		{remove(3, 4), 5, 9, 3, 5},  // over the start
		{remove(7, 9), 5, 9, 5, 7},  // over the end
		{remove(3, 20), 5, 9, 3, 3}, // all of it
		{remove(9, 2), 5, 9, 5, 9},  // behind
		{insert(20, 1), 5, 9, 5, 9},
	} {
		from, to := carry(crdt.Patch{c.edit}, c.from, c.to)
		if from != c.wantFrom || to != c.wantTo {
			t.Errorf("%+v moves %d…%d to %d…%d, want %d…%d", c.edit, c.from, c.to, from, to, c.wantFrom, c.wantTo)
		}
	}
}

func TestPatchLogForgets(t *testing.T) {
	var l patchLog
	for i := range 3 * patchLogMax {
		l.add(crdt.Patch{{At: i, Inserted: 1}})
	}
	if _, ok := l.since(0); ok {
		t.Error("the log remembers everything")
	}
	p, ok := l.since(l.version() - 5)
	if !ok || len(p) != 5 || p[4].At != 3*patchLogMax-1 {
		t.Errorf("since: %v, %v", p, ok)
	}
	if len(l.patches) > patchLogMax {
		t.Errorf("%d patches are kept, at most %d are allowed", len(l.patches), patchLogMax)
	}
	if _, ok := l.since(l.version() + 1); ok {
		t.Error("a version that never was is known")
	}
}

func TestUndoIsOnlyMine(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "mine")
	share(t, a, b, sa)
	sb, err := b.Open(sa.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	typeAt(sb, 2, "YOURS")
	sb.sync()
	pass(t, b, a, sa.ID())
	if _, ok := sa.Undo(); !ok || sa.Text() != "YOURS" {
		t.Errorf("after undo: %q (%v), want YOURS", sa.Text(), ok)
	}
	if _, ok := sa.Redo(); !ok || sa.Text() != "miYOURSne" {
		t.Errorf("after redo: %q (%v), want miYOURSne", sa.Text(), ok)
	}
}

func ExampleFind() {
	_, err := Find(nil, "tea")
	fmt.Println(err)
	// Output: no document is called "tea": see `inkling list`
}
