package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"inkling/netsync"
)

// TestCodeLetsIn: a code read off one library's screen, typed at another: both write at once, and nobody was asked. It
// goes over a real network of this machine and to a real disk.
func TestCodeLetsIn(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ana, ben, eve := openOnline(t, t.TempDir(), "Ana"), openOnline(t, t.TempDir(), "Ben"), openOnline(t, t.TempDir(), "Eve")
	sa := ana.New()
	defer sa.Close()
	typeAt(sa, 0, "Notes\n")
	sa.sync()
	events := make(chan Event, 64)
	defer ana.Observe(func(e Event) {
		switch e.(type) {
		case CodeUsed, CodeTried, JoinRequested:
			events <- e
		}
	})()
	if err := ana.ShowCode(sa.ID()); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ana, "a code on the screen", func() bool { return ana.Code().Text != "" })
	code, at := ana.Code(), fmt.Sprintf("127.0.0.1:%d", ana.Port())
	if code.Doc != sa.ID() || len(code.Text) != len("000 000") || code.Until.Before(time.Now()) {
		t.Errorf("the screen shows %+v", code)
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	wrong := "000 000"
	if code.Text == wrong {
		wrong = "000 001"
	}
	var refused *netsync.JoinError
	if _, err := eve.JoinAt(ctx, wrong, at); !errors.As(err, &refused) || refused.Failure != netsync.WrongCode {
		t.Errorf("a wrong code: %v", err)
	}
	entry, err := ben.JoinAt(ctx, code.Text, at)
	id := entry.Doc
	if err != nil || id != sa.ID() {
		t.Fatalf("joined %v, %v", id, err)
	}
	sb, err := ben.Open(id)
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	waitFor(t, ben, "Ana's text, and leave to write", func() bool { return sb.Text() == "Notes\n" && sb.Standing() == MayWrite })
	typeAt(sb, 6, "from Ben\n")
	waitFor(t, ana, "Ben's line", func() bool { return strings.Contains(sa.Text(), "from Ben\n") })
	if p, err := ben.People(id); err != nil || len(p) != 1 || p[0].Name != "Ana" {
		t.Errorf("Ben is told of %v, %v", p, err)
	}
	if p, err := ana.People(id); err != nil || len(p) != 1 || p[0].Name != "Ben" {
		t.Errorf("Ana is told of %v, %v", p, err)
	}
	if tried, ok := (<-events).(CodeTried); !ok || tried.Count != 1 || tried.From != "127.0.0.1" {
		t.Errorf("Ana was told first: %v", tried)
	}
	if used, ok := (<-events).(CodeUsed); !ok || used.Name != "Ben" || used.Doc != id {
		t.Errorf("Ana was told then: %v", used)
	}
	ana.HideCode(id)
	waitFor(t, ana, "no code", func() bool { return ana.Code().Text == "" })
	if docs, err := eve.Documents(); err != nil || len(docs) != 0 {
		t.Errorf("Eve has %v, %v", docs, err)
	}
}

// TestNoCodeWithoutLeave: whoever may not let others in shows no code.
func TestNoCodeWithoutLeave(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	w := openOnline(t, t.TempDir(), "Ana")
	s := w.New()
	defer s.Close()
	other := s.ID()
	other[0] ^= 1
	if err := w.ShowCode(other); err == nil || w.Code().Text != "" {
		t.Errorf("a code for a document that is not there: %v", err)
	}
}
