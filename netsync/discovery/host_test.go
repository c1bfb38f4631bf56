package discovery

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"
)

// hostVariable makes the test program a host: it runs a service with the
// variable's value as its name until its input ends.
const hostVariable = "INKLING_TEST_HOST"

// runHost prints "seen NAME ADDRESS" for each sighting and "trouble SENTENCE"
// for each trouble when asked by a line "trouble".
func runHost(name string) int {
	ctx, stop := context.WithCancel(context.Background())
	s := New(slog.New(slog.DiscardHandler))
	s.SetAdvert(Advert{Port: 7447, TXT: []string{"name=" + name}})
	var mu sync.Mutex
	say := func(format string, args ...any) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	var done sync.WaitGroup
	done.Go(func() {
		s.Run(ctx, func(seen Sighting) {
			for _, addr := range seen.Addrs {
				say("seen %s %s", strings.TrimPrefix(strings.Join(seen.TXT, " "), "name="), addr.Addr())
			}
		})
	})
	in := bufio.NewScanner(os.Stdin)
	for in.Scan() {
		for _, sentence := range s.Trouble() {
			say("trouble %s", sentence)
		}
		say("end of trouble")
	}
	stop()
	done.Wait()
	return 0
}

// host is such a program as the test sees it.
type host struct {
	t     *testing.T
	name  string
	in    io.WriteCloser
	mu    sync.Mutex
	lines map[string]bool
	news  chan struct{}
}

// startHost runs a host by way of the command wrap, which may enter a namespace.
func startHost(t *testing.T, name string, wrap ...string) *host {
	t.Helper()
	args := append(wrap, os.Args[0])
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = append(os.Environ(), hostVariable+"="+name)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	h := &host{t: t, name: name, in: in, lines: make(map[string]bool), news: make(chan struct{}, 1)}
	var read sync.WaitGroup
	read.Go(func() { h.read(out) })
	t.Cleanup(func() {
		in.Close()
		read.Wait()
		if err := cmd.Wait(); err != nil {
			t.Errorf("host %s: %v", name, err)
		}
	})
	return h
}

func (h *host) read(out io.Reader) {
	for lines := bufio.NewScanner(out); lines.Scan(); {
		h.mu.Lock()
		h.lines[lines.Text()] = true
		h.mu.Unlock()
		select {
		case h.news <- struct{}{}:
		default:
		}
	}
}

// said returns the lines so far that begin with prefix.
func (h *host) said(prefix string) []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []string
	for line := range h.lines {
		if strings.HasPrefix(line, prefix) {
			out = append(out, line)
		}
	}
	return out
}

// wait waits for a line that begins with prefix.
func (h *host) wait(prefix string) {
	h.t.Helper()
	timeout := time.After(patience)
	for len(h.said(prefix)) == 0 {
		select {
		case <-h.news:
		case <-timeout:
			h.t.Fatalf("host %s never said %q; it said %q", h.name, prefix, h.said(""))
		}
	}
}

// Two programs on one computer meet, with whatever networks it has.
func TestTwoProcessesMeet(t *testing.T) {
	anaName, benName := unique("ana"), unique("ben")
	ana, ben := startHost(t, anaName), startHost(t, benName)
	ana.wait("seen " + benName)
	ben.wait("seen " + anaName)
	if own := ana.said("seen " + anaName); own != nil {
		t.Errorf("Ana saw herself: %q", own)
	}
}
