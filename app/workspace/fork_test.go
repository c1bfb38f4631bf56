package workspace

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
)

// backUp closes a workspace and returns a copy of its folder, and the workspace opened again. Beside the copy
// lies the file that says which library was there last: a snapshot of the whole computer has both.
func backUp(t *testing.T, w *Workspace) (backup string, again *Workspace) {
	t.Helper()
	closeTest(t, w)
	backup = filepath.Join(t.TempDir(), "library")
	if err := os.CopyFS(backup, os.DirFS(w.Dir())); err != nil {
		t.Fatal(err)
	}
	copyTestFile(t, tokenPathOf(t, w.Dir()), backup+tokenSuffix)
	return backup, openTest(t, w.Dir())
}

// setBack closes a workspace, sets the computer back to a backup, and opens the workspace again.
func setBack(t *testing.T, w *Workspace, backup string) *Workspace {
	t.Helper()
	closeTest(t, w)
	putBack(t, w.Dir(), backup)
	copyTestFile(t, backup+tokenSuffix, tokenPathOf(t, w.Dir()))
	return openTest(t, w.Dir())
}

// putBack puts a copy of a library's folder in its place.
func putBack(t *testing.T, dir, backup string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
}

func tokenPathOf(t *testing.T, dir string) string {
	t.Helper()
	path, err := tokenPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func copyTestFile(t *testing.T, from, to string) {
	t.Helper()
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// open opens a document until the test ends.
func open(t *testing.T, w *Workspace, id crdt.DocID) *Session {
	t.Helper()
	s, err := w.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// meet lets workspaces pass on to each other what they have until all have the same.
func meet(t *testing.T, id crdt.DocID, all ...*Workspace) {
	t.Helper()
	for range 2 * len(all) {
		for _, from := range all {
			for _, to := range all {
				if from != to {
					pass(t, from, to, id)
				}
			}
		}
	}
	want := hashes(t, all[0], id)
	for _, w := range all {
		if got := hashes(t, w, id); !slices.Equal(got, want) {
			t.Fatalf("%d changes are stored, with another %d", len(got), len(want))
		}
		for _, other := range all {
			heads, err := w.lib.Heads(id)
			if err != nil {
				t.Fatal(err)
			}
			if changes, _, err := other.lib.Since(id, heads, 1<<20); err != nil || len(changes) != 0 {
				t.Fatalf("%d more changes, %v", len(changes), err)
			}
			if n, err := other.lib.Lacking(id, heads); n != 0 || err != nil {
				t.Fatalf("%d edits are lacking, %v", n, err)
			}
		}
	}
}

func hashes(t *testing.T, w *Workspace, id crdt.DocID) (list []string) {
	t.Helper()
	for _, c := range journal(t, w, id) {
		list = append(list, string(c.Hash[:]))
	}
	slices.Sort(list)
	return list
}

func checkWhole(t *testing.T, all ...*Workspace) {
	t.Helper()
	for _, w := range all {
		if r, err := w.Check(t.Context()); err != nil || !r.Intact() {
			t.Errorf("%v, %v", r, err)
		}
	}
}

// together makes two workspaces share a document with the text "start".
func together(t *testing.T) (a, b *Workspace, id crdt.DocID) {
	t.Helper()
	a, b = openTest(t, t.TempDir()), openTest(t, t.TempDir())
	s := a.New()
	typeAt(s, 0, "start")
	share(t, a, b, s)
	s.Close()
	return a, b, s.ID()
}

// TestSetBackLibraryKeepsBothVersions: what was written after a backup, and what was written after that was put back,
// are both kept, everywhere, and everybody goes on.
func TestSetBackLibraryKeepsBothVersions(t *testing.T) {
	for _, first := range []string{"one goes to the other", "the other comes to the one"} {
		t.Run(first, func(t *testing.T) {
			a, b, id := together(t)
			backup, a := backUp(t, a)
			sa := open(t, a, id)
			typeAt(sa, 0, "later ")
			sa.Close()
			pass(t, a, b, id)

			a = setBack(t, a, backup)
			sa, sb := open(t, a, id), open(t, b, id)
			defer sb.Close()
			if sa.Text() != "start" || sa.Forked() {
				t.Fatalf("set back, it says %q", sa.Text())
			}
			typeAt(sa, 0, "other ")
			sa.sync()
			old := nonceOf(t, a, id)
			told := false
			defer sa.Watch(func() { told = told || sa.Forked() })()
			if first == "one goes to the other" {
				pass(t, a, b, id)
			} else {
				pass(t, b, a, id)
			}
			meet(t, id, a, b)
			if text := sa.Text(); text != sb.Text() || strings.Count(text, "later ") != 1 || strings.Count(text, "other ") != 1 || len(text) != len("other later start") {
				t.Fatalf("%q and %q", text, sb.Text())
			}
			if now := nonceOf(t, a, id); now == old || !sa.Forked() || !told || sb.Forked() {
				t.Errorf("nonce %x, before %x; told: %v, the other: %v", now, old, told, sb.Forked())
			}
			if _, ok := sa.Undo(); ok {
				t.Error("an edit of the old chain was undone")
			}
			before := sa.Text()
			typeAt(sa, 0, "on ")
			if _, ok := sa.Undo(); !ok || sa.Text() != before {
				t.Errorf("undone: %v, %q", ok, sa.Text())
			}
			sa.Redo()
			typeAt(sb, 0, "and I ")
			sa.sync()
			sb.sync()
			meet(t, id, a, b)
			if sa.Text() != sb.Text() || sa.doc.Pending() != 0 {
				t.Errorf("%q and %q", sa.Text(), sb.Text())
			}
			checkWhole(t, a, b)

			text, now := sa.Text(), nonceOf(t, a, id)
			a, sa = reopen(t, a, sa)
			if sa.Text() != text || nonceOf(t, a, id) != now || !sa.Forked() {
				t.Errorf("after a restart: %q, nonce %x, told: %v", sa.Text(), nonceOf(t, a, id), sa.Forked())
			}
			if _, ok := sa.Undo(); !ok || sa.Text() != strings.Replace(text, "on ", "", 1) {
				t.Errorf("undone after a restart: %v, %q", ok, sa.Text())
			}
			sa.ForkSeen()
			_, sa = reopen(t, a, sa)
			defer sa.Close()
			if sa.Forked() || sa.Standing() != MayWrite {
				t.Errorf("told: %v, standing %d", sa.Forked(), sa.Standing())
			}
		})
	}
}

// TestSetBackLibraryGetsItsOwnEditsBack: who typed nothing after a backup was put back goes on as
// before.
func TestSetBackLibraryGetsItsOwnEditsBack(t *testing.T) {
	a, b, id := together(t)
	backup, a := backUp(t, a)
	sa := open(t, a, id)
	typeAt(sa, 0, "later ")
	sa.Close()
	pass(t, a, b, id)
	a = setBack(t, a, backup)
	nonce := nonceOf(t, a, id)
	meet(t, id, a, b)
	sa = open(t, a, id)
	defer sa.Close()
	typeAt(sa, 0, "even ")
	sa.sync()
	meet(t, id, a, b)
	if sa.Text() != "even later start" || sa.Forked() || nonceOf(t, a, id) != nonce {
		t.Errorf("%q, told: %v, nonce %x, before %x", sa.Text(), sa.Forked(), nonceOf(t, a, id), nonce)
	}
	checkWhole(t, a, b)
}

// TestForkWhileTyping: changes of the own chain that come while a key is not on disk wait for that, and
// nothing is lost.
func TestForkWhileTyping(t *testing.T) {
	a, b, id := together(t)
	backup, a := backUp(t, a)
	sa := open(t, a, id)
	typeAt(sa, 0, "later ")
	sa.Close()
	pass(t, a, b, id)
	a = setBack(t, a, backup)
	sa = open(t, a, id)
	defer sa.Close()
	typeAt(sa, 0, "x") // else its own edits come back first, and nothing forks
	done := make(chan struct{})
	go func() {
		defer close(done)
		for range 199 {
			typeAt(sa, 0, "x")
		}
	}()
	for range 5 {
		pass(t, b, a, id)
	}
	<-done
	sa.sync()
	typeAt(sa, 0, "y")
	sa.sync()
	meet(t, id, a, b)
	sb := open(t, b, id)
	defer sb.Close()
	if text := sa.Text(); text != sb.Text() || strings.Count(text, "x") != 200 || !strings.Contains(text, "later ") || strings.Count(text, "y") != 1 || !sa.Forked() {
		t.Errorf("%q and %q, told: %v", text, sb.Text(), sa.Forked())
	}
	checkWhole(t, a, b)
}

// TestForkedTwice: the same backup is put back again, and a third hears of it from both.
func TestForkedTwice(t *testing.T) {
	a, b, id := together(t)
	c := openTest(t, t.TempDir())
	sa := open(t, a, id)
	share(t, a, c, sa)
	sa.Close()
	backup, a := backUp(t, a)
	for i, text := range []string{"one ", "two ", "three "} {
		sa = open(t, a, id)
		typeAt(sa, 0, text)
		sa.Close()
		pass(t, a, []*Workspace{b, c}[i%2], id)
		if i < 2 {
			a = setBack(t, a, backup)
		}
	}
	meet(t, id, a, b, c)
	sa = open(t, a, id)
	defer sa.Close()
	if text := sa.Text(); len(text) != len("one two three start") || !sa.Forked() {
		t.Errorf("%q, told: %v", text, sa.Forked())
	}
	checkWhole(t, a, b, c)
}

// TestLongChainComesOnceMore: somebody who has a tail of which nobody else knows cannot tell what others have
// of a long chain, and sends all of it to one who knows of other forks. That is no work for each change of it.
func TestLongChainComesOnceMore(t *testing.T) {
	a, b, id := together(t)
	c := openTest(t, t.TempDir())
	sa := open(t, a, id)
	share(t, a, c, sa)
	saved := make(chan error, 1)
	a.lib.Append(id, typed(sa, 2000), "title", a.now(), func(err error) { saved <- err })
	if err := <-saved; err != nil {
		t.Fatal(err)
	}
	sa.Close()
	backup, a := backUp(t, a)
	for i, text := range []string{"one ", "two ", "3"} {
		sa = open(t, a, id)
		typeAt(sa, 0, text)
		sa.Close()
		if i == 2 {
			break
		}
		for range 3 { // a pass brings a part
			pass(t, a, []*Workspace{b, c}[i], id)
		}
		a = setBack(t, a, backup)
	}
	pass(t, b, a, id)
	for range 3 {
		pass(t, c, a, id)
	}
	sa = open(t, a, id)
	defer sa.Close()
	if text := strings.TrimRight(sa.Text(), "xstar"); len(text) != len("3one two ") {
		t.Errorf("%q", text)
	}
	meet(t, id, a, b, c)
	checkWhole(t, a, b, c)
}

// typed types one letter n times, and returns the changes of that, which are not on disk.
func typed(s *Session, n int) (changes []*crdt.Change) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for range n {
		s.doc.Insert(0, "x", s.w.now())
		batch := s.doc.Flush()
		sealed := batch.Seal(s.w.key)
		s.doc.Sealed(sealed)
		changes = append(changes, sealed...)
	}
	return changes
}

// TestForkFoundAtTheStart: a fork that came in just before a kill is followed at the next start, before anything is
// written.
func TestForkFoundAtTheStart(t *testing.T) {
	a, b, id := together(t)
	backup, a := backUp(t, a)
	sa := open(t, a, id)
	typeAt(sa, 0, "later ")
	sa.Close()
	pass(t, a, b, id)
	a = setBack(t, a, backup)
	sa = open(t, a, id)
	typeAt(sa, 0, "other ")
	sa.Close()
	old := nonceOf(t, a, id)
	meet(t, id, a, b)
	closeTest(t, a)

	a = openTest(t, a.Dir())
	if err := a.lib.SetNonce(id, old); err != nil { // as if the new one had not reached the disk
		t.Fatal(err)
	}
	if err := a.lib.SetState(id, forkKey, nil); err != nil {
		t.Fatal(err)
	}
	sa = open(t, a, id)
	defer sa.Close()
	typeAt(sa, 0, "on ")
	sa.sync()
	meet(t, id, a, b)
	if !strings.HasPrefix(sa.Text(), "on ") || !sa.Forked() || nonceOf(t, a, id) == old {
		t.Errorf("%q, told: %v, nonce %x", sa.Text(), sa.Forked(), nonceOf(t, a, id))
	}
	checkWhole(t, a, b)
}
