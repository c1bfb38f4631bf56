package workspace

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/storage"
)

// addInvite opens an invite to a document.
func addInvite(t *testing.T, w *Workspace, id crdt.DocID) {
	t.Helper()
	if err := w.lib.AddInvite(storage.Invite{ID: [8]byte{1}, Doc: id, Created: w.now(), Expires: w.now().AddDate(0, 0, 1)}); err != nil {
		t.Fatal(err)
	}
}

func hasInvite(t *testing.T, w *Workspace) bool {
	t.Helper()
	_, err := w.lib.Invite([8]byte{1})
	if err != nil && !errors.Is(err, storage.ErrNotFound) {
		t.Fatal(err)
	}
	return err == nil
}

// rawNonce is nonceOf for a document that may have none.
func rawNonce(t *testing.T, w *Workspace, id crdt.DocID) storage.Nonce {
	t.Helper()
	nonce, err := w.lib.Nonce(id)
	if err != nil {
		t.Fatal(err)
	}
	return nonce
}

// TestOlderFolderIsNoticed: an old copy of the folder is put back by hand. Who writes on does so as a new replica, so
// nothing forks, whatever the others have; the newer edits come back from them.
func TestOlderFolderIsNoticed(t *testing.T) {
	for _, how := range []string{"copied while closed", "copied while open, then killed"} {
		t.Run(how, func(t *testing.T) {
			a, b, id := together(t)
			sa := open(t, a, id)
			typeAt(sa, 0, "early ")
			sa.Close()
			pass(t, a, b, id)
			addInvite(t, a, id)
			var backup string
			if how == "copied while closed" {
				backup, a = backUp(t, a)
			} else {
				if err := a.renewToken(); err != nil { // as upkeep does
					t.Fatal(err)
				}
				backup = copyRunning(t, a)
				if err := errors.Join(a.renewToken(), a.renewToken()); err != nil {
					t.Fatal(err)
				}
			}
			old := nonceOf(t, a, id)
			sa = open(t, a, id)
			typeAt(sa, 0, "later ")
			sa.Close()
			pass(t, a, b, id)
			closeTest(t, a)

			putBack(t, a.Dir(), backup)
			a = openTest(t, a.Dir())
			if rawNonce(t, a, id) != (storage.Nonce{}) || hasInvite(t, a) || !a.Past().SetBack || a.Past().Sentences() == "" {
				t.Errorf("nonce %x, invite %v, %+v", rawNonce(t, a, id), hasInvite(t, a), a.Past())
			}
			sa = open(t, a, id)
			if sa.Text() != "early start" {
				t.Errorf("set back, it says %q", sa.Text())
			}
			typeAt(sa, 0, "other ")
			sa.sync()
			meet(t, id, a, b)
			text := sa.Text()
			if strings.Count(text, "later ") != 1 || strings.Count(text, "other ") != 1 || len(text) != len("other later early start") || sa.Forked() || nonceOf(t, a, id) == old {
				t.Errorf("%q, forked: %v, nonce %x, before %x", text, sa.Forked(), nonceOf(t, a, id), old)
			}
			sa.Close()
			now := nonceOf(t, a, id)
			closeTest(t, a)
			a = openTest(t, a.Dir())
			if a.Past().SetBack || nonceOf(t, a, id) != now {
				t.Errorf("told again: %v, nonce %x, before %x", a.Past().SetBack, nonceOf(t, a, id), now)
			}
			checkWhole(t, a, b)
		})
	}
}

// copyRunning copies a library that is open, by another program.
func copyRunning(t *testing.T, w *Workspace) (backup string) {
	t.Helper()
	backup = filepath.Join(t.TempDir(), "library")
	if out, err := exec.Command("cp", "-r", w.Dir(), backup).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return backup
}

// TestReplicasGoOn: over starts, with and without writing, after a kill too, the device goes on as the same replica, and
// the token changes only when something was written.
func TestReplicasGoOn(t *testing.T) {
	w := openTest(t, t.TempDir())
	id, err := w.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	addInvite(t, w, id)
	nonce := nonceOf(t, w, id)
	dir := w.Dir()
	check := func(when string) {
		t.Helper()
		if nonceOf(t, w, id) != nonce || !hasInvite(t, w) || w.Past() != (Past{}) {
			t.Errorf("%s: nonce %x, before %x, invite %v, %+v", when, nonceOf(t, w, id), nonce, hasInvite(t, w), w.Past())
		}
	}
	var tokens []storage.Token
	for range 3 {
		closeTest(t, w)
		w = openTest(t, dir)
		check("after a restart")
		token, err := w.lib.Token()
		if err != nil {
			t.Fatal(err)
		}
		tokens = append(tokens, token)
	}
	if tokens[0] != tokens[2] {
		t.Errorf("tokens %x, although nothing was written", tokens)
	}
	s := open(t, w, id)
	typeAt(s, 0, "more ")
	s.sync()
	for w.lib.Written() { // until upkeep has drawn a token; the next one it draws in renewDelay
		runtime.Gosched()
	}
	before, err := w.lib.Token()
	if err != nil {
		t.Fatal(err)
	}
	typeAt(s, 0, "yet more ")
	s.Close()
	killed := copyRunning(t, w) // what a kill leaves
	token := filepath.Join(t.TempDir(), "token")
	copyTestFile(t, tokenPathOf(t, dir), token)
	closeTest(t, w)
	putBack(t, dir, killed)
	copyTestFile(t, token, tokenPathOf(t, dir))
	w = openTest(t, dir)
	check("after a kill")
	if now, err := w.lib.Token(); now == before || err != nil {
		t.Errorf("after a kill the token is still %x, %v", now, err)
	}
}

// TestCrashWhileTheTokenIsRenewed: after each step of it, nothing is lost, and nobody writes on as a replica that a
// copy with the old token might write as.
func TestCrashWhileTheTokenIsRenewed(t *testing.T) {
	w := openTest(t, t.TempDir())
	id, err := w.Import("file", []byte("text"))
	if err != nil {
		t.Fatal(err)
	}
	addInvite(t, w, id)
	closeTest(t, w)
	l, known, err := readLineage(w.Dir())
	if err != nil || !known {
		t.Fatal(known, err)
	}
	for _, libraryFirst := range []bool{false, true} {
		crashed := lineage{now: storage.Token{1}, before: l.now}
		if libraryFirst {
			crashed = lineage{now: l.now, before: storage.Token{1}}
		}
		if err := crashed.write(w.Dir()); err != nil {
			t.Fatal(err)
		}
		w = openTest(t, w.Dir())
		if (rawNonce(t, w, id) == storage.Nonce{}) == libraryFirst || !hasInvite(t, w) || w.Past().SetBack {
			t.Errorf("nonce %x, invite %v, %+v", rawNonce(t, w, id), hasInvite(t, w), w.Past())
		}
		s := open(t, w, id)
		typeAt(s, 0, "x")
		s.Close()
		closeTest(t, w)
		if l, known, err = readLineage(w.Dir()); err != nil || !known || l.before != (storage.Token{}) {
			t.Fatal(l, known, err)
		}
	}
	w = openTest(t, w.Dir())
	if text, err := w.Export(id); text != "xxtext" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	for _, junk := range []string{"", "junk", "00\n11\n", strings.Repeat("z", 32) + "\n" + strings.Repeat("0", 32)} {
		closeTest(t, w)
		if err := os.WriteFile(tokenPathOf(t, w.Dir()), []byte(junk), 0o600); err != nil {
			t.Fatal(err)
		}
		w = openTest(t, w.Dir())
		if got, known, err := readLineage(w.Dir()); err != nil || !known || got.now == (storage.Token{}) {
			t.Errorf("after %q: %v, %v, %v", junk, got, known, err)
		}
	}
}

// TestRestoredLibraryIsANewReplica: a backup of ours, restored through us or copied into its place by hand.
func TestRestoredLibraryIsANewReplica(t *testing.T) {
	for _, byHand := range []bool{false, true} {
		a, b, id := together(t)
		addInvite(t, a, id)
		sa := open(t, a, id)
		typeAt(sa, 0, "early ")
		sa.sync()
		backup, err := a.BackUp(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		typeAt(sa, 0, "later ")
		sa.Close()
		pass(t, a, b, id)
		old := nonceOf(t, a, id)
		if byHand {
			closeTest(t, a)
			copyTestFile(t, backup.Path, filepath.Join(a.Dir(), "library.db"))
		} else {
			words, err := a.Restoring(backup.Path)
			if err != nil || !strings.Contains(words, "1 document becomes as it was then") {
				t.Errorf("%q, %v", words, err)
			}
			if err := a.Restore(t.Context(), backup.Path); err != nil {
				t.Fatal(err)
			}
			closeTest(t, a)
		}
		a = openTest(t, a.Dir())
		sa = open(t, a, id)
		if sa.Text() != "early start" || rawNonce(t, a, id) != (storage.Nonce{}) || hasInvite(t, a) {
			t.Errorf("%q, nonce %x, invite %v", sa.Text(), rawNonce(t, a, id), hasInvite(t, a))
		}
		if p := a.Past(); !byHand && (!p.Restored.Equal(backup.At) || p.Replaced == "") {
			t.Errorf("%+v", p)
		}
		typeAt(sa, 0, "other ")
		sa.sync()
		meet(t, id, a, b)
		if text := sa.Text(); len(text) != len("other later early start") || sa.Forked() || nonceOf(t, a, id) == old {
			t.Errorf("%q, forked: %v", text, sa.Forked())
		}
		sa.Close()
		if err := a.PastTold(); err != nil {
			t.Fatal(err)
		}
		closeTest(t, a)
		if a = openTest(t, a.Dir()); a.Past() != (Past{}) {
			t.Errorf("told again: %+v", a.Past())
		}
		checkWhole(t, a, b)
	}
}

// FuzzLineage: what is accepted is what would be written, and anything else is refused.
func FuzzLineage(f *testing.F) {
	f.Add(lineage{now: storage.Token{1, 2}, before: storage.Token{3}}.text())
	f.Add("")
	f.Add("00\n11\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, ok := parseLineage(text)
		if ok && l.text() != strings.ToLower(text) {
			t.Errorf("%q is read as %q", text, l.text())
		}
		if again, ok := parseLineage(l.text()); !ok || again != l {
			t.Errorf("%q is read as %v, %v", l.text(), again, ok)
		}
	})
}
