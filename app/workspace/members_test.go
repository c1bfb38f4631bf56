package workspace

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"inkling/crdt"
)

// joins has w join a document of host, whose person has said yes beforehand, and returns when its text is there.
func joins(t *testing.T, w, host *Workspace, doc crdt.DocID) {
	t.Helper()
	link, err := host.Invite(doc, true)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := w.Join(ctx, link); err != nil {
		t.Fatal(err)
	}
	waitFor(t, w, "the text", func() bool {
		text, err := w.Export(doc)
		return err == nil && text != ""
	})
}

// TestMembersMeet: Ana lets Ben and Cleo in, who never paired. Ana writes when Ben is away, and goes; Cleo passes it on to
// Ben, and what Cleo writes herself, though Ana and Ben are never here together again.
func TestMembersMeet(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dirA, dirB := t.TempDir(), t.TempDir()
	ana, ben, cleo := openOnline(t, dirA, "Ana"), openOnline(t, dirB, "Ben"), openOnline(t, t.TempDir(), "Cleo")
	sa := ana.New()
	typeAt(sa, 0, "Notes\n")
	sa.sync()
	doc := sa.ID()
	joins(t, ben, ana, doc)
	joins(t, cleo, ana, doc)
	knows := func(w *Workspace, name string) func() bool {
		return func() bool {
			people, err := w.People(doc)
			if err != nil {
				t.Fatal(err)
			}
			for _, p := range people {
				if p.Name == name {
					return true
				}
			}
			return false
		}
	}
	waitFor(t, ben, "Ben knowing of Cleo", knows(ben, "Cleo"))
	waitFor(t, cleo, "Cleo knowing of Ben", knows(cleo, "Ben"))

	closeTest(t, ben)
	typeAt(sa, 6, "from Ana\n")
	sa.Close()
	waitFor(t, cleo, "Ana's line", func() bool {
		text, err := cleo.Export(doc)
		return err == nil && strings.Contains(text, "from Ana\n")
	})
	closeTest(t, ana)
	sc, err := cleo.Open(doc)
	if err != nil {
		t.Fatal(err)
	}
	defer sc.Close()
	typeAt(sc, 0, "Cleo's ")

	ben = openOnline(t, dirB, "Ben")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := ben.Dial(ctx, fmt.Sprintf("127.0.0.1:%d", cleo.Port())); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ben, "Ana's line and Cleo's word", func() bool {
		text, err := ben.Export(doc)
		return err == nil && text == "Cleo's Notes\nfrom Ana\n"
	})
}
