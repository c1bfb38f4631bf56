package workspace

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/discovery"
)

// noFinder finds nobody: these tests meet by invite links, over loopback.
type noFinder struct{}

func (noFinder) Run(ctx context.Context, _ func(discovery.Sighting)) error {
	<-ctx.Done()
	return nil
}
func (noFinder) SetAdvert(discovery.Advert) {}
func (noFinder) Refresh()                   {}
func (noFinder) Trouble() []string          { return nil }

func openOnline(t *testing.T, dir, name string) *Workspace {
	t.Helper()
	w, err := Open(Config{Dir: dir, Name: name, Finder: noFinder{}})
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

// patience bounds a wait for something that has to happen.
const patience = 30 * time.Second

// waitFor waits until cond holds, asked again after every event of w.
func waitFor(t *testing.T, w *Workspace, what string, cond func() bool) {
	t.Helper()
	news := make(chan struct{}, 1)
	note := func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	defer w.Observe(func(Event) { note() })()
	w.mu.Lock()
	for _, s := range w.sessions {
		defer s.Watch(note)()
	}
	w.mu.Unlock()
	timeout := time.After(patience)
	for !cond() {
		select {
		case <-news:
		case <-timeout:
			t.Fatalf("%s did not happen within %v", what, patience)
		}
	}
}

func TestTwoWriteTogether(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dirB := t.TempDir()
	ana, ben := openOnline(t, t.TempDir(), "Ana"), openOnline(t, dirB, "Ben")
	sa := ana.New()
	defer sa.Close()
	typeAt(sa, 0, "Notes\n")
	link, err := ana.InviteTo(sa)
	if err != nil {
		t.Fatal(err)
	}
	asked := make(chan JoinRequested, 1)
	defer ana.Observe(func(e Event) {
		if r, ok := e.(JoinRequested); ok {
			asked <- r
		}
	})()
	go func() {
		r := <-asked
		if r.Name != "Ben" || r.Title != "Notes" {
			t.Errorf("%q wants to join %q", r.Name, r.Title)
		}
		r.Answer(true)
	}()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	entry, err := ben.Join(ctx, link)
	id := entry.Doc
	if err != nil || id != sa.ID() {
		t.Fatalf("joined %v, %v", id, err)
	}
	sb, err := ben.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	waitFor(t, ben, "Ana's text, and leave to write", func() bool { return sb.Text() == "Notes\n" && sb.Standing() == MayWrite })
	typeAt(sb, 6, "from Ben\n")
	typeAt(sa, 6, "from Ana\n")
	both := func(s *Session) func() bool {
		return func() bool {
			return strings.Contains(s.Text(), "from Ben\n") && strings.Contains(s.Text(), "from Ana\n")
		}
	}
	waitFor(t, ana, "Ben's line", both(sa))
	waitFor(t, ben, "Ana's line", both(sb))
	if sa.Text() != sb.Text() {
		t.Errorf("%q and %q", sa.Text(), sb.Text())
	}
	var place crdt.Anchor
	sb.View(0, func(t Text) { place = t.Anchor(3, crdt.After) })
	sb.SetCaret(place, place)
	waitFor(t, ana, "Ben's caret", func() bool {
		c := sa.Carets()
		return len(c) == 1 && c[0].Name == "Ben" && c[0].Head == place
	})
	waitFor(t, ana, "Ben having everything", func() bool {
		p, err := ana.People(id)
		return err == nil && len(p) == 1 && p[0].Here && p[0].Behind == 0 && p[0].Name == "Ben"
	})

	// Ben goes away, both write on, Ben comes back.
	typeAt(sb, 0, "B1 ")
	sb.Close()
	closeTest(t, ben)
	typeAt(sa, 0, "A1 ")
	waitFor(t, ana, "Ben going", func() bool {
		p, err := ana.People(id)
		return err == nil && len(p) == 1 && !p[0].Here && p[0].Behind > 0 && len(sa.Carets()) == 0
	})
	ben = openOnline(t, dirB, "Ben")
	waitFor(t, ana, "Ben's last words", func() bool { return strings.Contains(sa.Text(), "B1 ") })
	waitFor(t, ben, "Ana's last words", func() bool {
		text, err := ben.Export(id)
		return err == nil && strings.Contains(text, "A1 ") && text == sa.Text()
	})
}

// TestSetBackLibraryMeetsOthers: a library is set back to a backup and written in before its
// owner is connected again. Both versions are kept, everybody has everything and hears of it, and they write on.
func TestSetBackLibraryMeetsOthers(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	ana, ben := openOnline(t, t.TempDir(), "Ana"), openOnline(t, dir, "Ben")
	sa := ana.New()
	defer sa.Close()
	typeAt(sa, 0, "Notes\n")
	sa.sync()
	link, err := ana.Invite(sa.ID(), true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	entry, err := ben.Join(ctx, link)
	id := entry.Doc
	if err != nil {
		t.Fatal(err)
	}
	sb := open(t, ben, id)
	waitFor(t, ben, "leave to write", func() bool { return sb.Standing() == MayWrite })
	typeAt(sb, 6, "early ")
	sb.Close()
	closeTest(t, ben)
	backup := filepath.Join(t.TempDir(), "library")
	if err := os.CopyFS(backup, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	copyTestFile(t, tokenPathOf(t, dir), backup+tokenSuffix)
	ben = openOnline(t, dir, "Ben")
	sb = open(t, ben, id)
	typeAt(sb, 6, "later ")
	waitFor(t, ana, "Ben's later words", func() bool { return strings.Contains(sa.Text(), "later ") })
	sb.Close()

	ben = setBack(t, ben, backup) // without network
	sb = open(t, ben, id)
	typeAt(sb, 6, "other ")
	sb.Close()
	closeTest(t, ben)
	ben = openOnline(t, dir, "Ben")
	sb = open(t, ben, id)
	defer sb.Close()
	all := func(words ...string) func() bool {
		return func() bool {
			for _, s := range []*Session{sa, sb} {
				for _, word := range words {
					if strings.Count(s.Text(), word) != 1 {
						return false
					}
				}
			}
			return sa.Text() == sb.Text()
		}
	}
	waitFor(t, ben, "both versions at Ben's", func() bool { return strings.Contains(sb.Text(), "later ") && sb.Forked() })
	waitFor(t, ana, "both versions at Ana's", all("early ", "later ", "other "))
	typeAt(sb, 0, "new ")
	typeAt(sa, 0, "and on ")
	waitFor(t, ana, "Ben's new words", func() bool { return strings.Contains(sa.Text(), "new ") })
	waitFor(t, ben, "Ana's new words", all("early ", "later ", "other ", "new ", "and on "))
	for w, other := range map[*Workspace]*Workspace{ana: ben, ben: ana} {
		waitFor(t, w, "the other having everything", func() bool {
			p, err := w.People(id)
			return err == nil && len(p) == 1 && p[0].ID == other.device && p[0].Confirmed && p[0].Behind == 0
		})
	}
	checkWhole(t, ana, ben)
}

func TestInvitesThatDoNotWork(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ana, ben, eve := openOnline(t, t.TempDir(), "Ana"), openOnline(t, t.TempDir(), "Ben"), openOnline(t, t.TempDir(), "Eve")
	sa := ana.New()
	defer sa.Close()
	typeAt(sa, 0, "Secret plans")
	sa.sync()
	link, err := ana.Invite(sa.ID(), true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	for _, bad := range []string{"", "hello", "inkling://join#", link[:len(link)-9], strings.Replace(link, "#", "#A", 1)} {
		if _, err := eve.Join(ctx, bad); err == nil {
			t.Errorf("joined by %q", bad)
		} else {
			t.Logf("%.30q…: %v", bad, err)
		}
	}
	if _, err := ben.Join(ctx, link); err != nil {
		t.Fatal(err)
	}
	if _, err := eve.Join(ctx, link); err == nil {
		t.Error("the invite was good twice")
	} else {
		t.Logf("used invite: %v", err)
	}
	if docs, err := eve.Documents(); err != nil || len(docs) != 0 {
		t.Errorf("Eve has %d documents, %v", len(docs), err)
	}
}
