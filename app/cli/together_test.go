package cli

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"inkling/app/workspace"
	"inkling/netsync/discovery"
)

// TestInviteAndJoinByCode: `inkling invite` prints link and code and goes on telling who tried and who is in; `inkling join`
// takes the code, with a space or without.
func TestInviteAndJoinByCode(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ana, ben := online(t, "Ana"), online(t, "Ben")
	if _, err := ana.Import("tea", []byte("Tea with Ben")); err != nil {
		t.Fatal(err)
	}
	ctx, end := context.WithCancel(context.Background())
	defer end()
	out, in := io.Pipe()
	exit := make(chan int, 1)
	go func() {
		exit <- Run(ctx, Call{Workspace: ana, Args: []string{"invite", "Tea"}, Stdout: in, Stderr: in})
		in.Close()
	}()
	lines := bufio.NewScanner(out)
	next := func(pattern string) string {
		t.Helper()
		if !lines.Scan() {
			t.Fatalf("invite has ended, %q was expected", pattern)
		}
		if !regexp.MustCompile(pattern).MatchString(lines.Text()) {
			t.Errorf("invite prints %q, want %q", lines.Text(), pattern)
		}
		return lines.Text()
	}
	next("^inkling://join#")
	code := regexp.MustCompile(`\d{3} \d{3}`).FindString(next(`the code \d{3} \d{3}, until \d\d:\d\d`))
	at := fmt.Sprintf("127.0.0.1:%d", ana.Port())

	wrong := "000 000"
	if code == wrong {
		wrong = "000 001"
	}
	if got, said := runOn(ben, "join", wrong, "--at", at); got != ExitError || !strings.Contains(said, "not the code") {
		t.Errorf("a wrong code: exit %d, %q", got, said)
	}
	next(`127\.0\.0\.1 typed a wrong code`)
	args := append([]string{"join"}, append(strings.Fields(code), "--at", at)...)
	if got, said := runOn(ben, args...); got != ExitOK || !strings.HasSuffix(said, "Tea with Ben  (with Ana)\n") {
		t.Errorf("the right code: exit %d, %q", got, said)
	}
	next("^Ben is in")
	end()
	select {
	case got := <-exit:
		if got != ExitOK {
			t.Errorf("invite ended with %d", got)
		}
	case <-time.After(time.Minute):
		t.Fatal("invite does not end")
	}
	if got, said := runOn(ben, "join", code, "--at", at); got != ExitError || !strings.Contains(said, "no code any more") {
		t.Errorf("after the end: exit %d, %q", got, said)
	}
}

// nobody finds nobody: these tests name addresses.
type nobody struct{}

func (nobody) Run(ctx context.Context, _ func(discovery.Sighting)) error { <-ctx.Done(); return nil }
func (nobody) SetAdvert(discovery.Advert)                                {}
func (nobody) Refresh()                                                  {}
func (nobody) Trouble() []string                                         { return nil }

func online(t *testing.T, name string) *workspace.Workspace {
	t.Helper()
	w, err := workspace.Open(workspace.Config{Dir: t.TempDir(), Name: name, Finder: nobody{}})
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

// runOn runs a command and returns what it said on either stream.
func runOn(w *workspace.Workspace, args ...string) (exit int, said string) {
	var b bytes.Buffer
	exit = Run(context.Background(), Call{Workspace: w, Args: args, Stdout: &b, Stderr: &b})
	return exit, b.String()
}
