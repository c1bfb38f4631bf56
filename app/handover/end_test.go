package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
)

// A caller that goes away, in whatever way, ends the command's context.
func TestCallerGoneCancels(t *testing.T) {
	dir := library(t)
	running, cancelled := make(chan struct{}), make(chan error, 1)
	listen(t, dir, func(ctx context.Context, _ Request, stdout, _ io.Writer) int {
		fmt.Fprint(stdout, "running")
		running <- struct{}{}
		<-ctx.Done()
		_, err := stdout.Write(make([]byte, 8<<20))
		cancelled <- err
		return 0
	})
	check := func(how string) {
		t.Helper()
		if receive(t, cancelled, "the end of the command") == nil {
			t.Errorf("%s: the command could still write", how)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Call(ctx, dir, Request{}, io.Discard, io.Discard)
		ended <- err
	}()
	receive(t, running, "the command")
	cancel()
	if err := receive(t, ended, "Call"); err != context.Canceled {
		t.Errorf("Call after cancel: %v, want context.Canceled", err)
	}
	check("cancelled")

	conn := raw(t, dir)
	conn.Write(encode(request{Version: version}))
	receive(t, running, "the command")
	conn.Close()
	check("closed")

	go func() {
		_, err := Call(t.Context(), dir, Request{}, fullDisk{}, io.Discard)
		ended <- err
	}()
	receive(t, running, "the command")
	if err := receive(t, ended, "Call"); !errors.Is(err, errFull) {
		t.Errorf("Call whose output cannot be written: %v, want %v", err, errFull)
	}
	check("output full")
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Close ends the commands that run, waits for them, and their callers still get
// the exit code.
func TestCloseCancelsAndWaits(t *testing.T) {
	dir := library(t)
	running, returned := make(chan struct{}), false
	l := listen(t, dir, func(ctx context.Context, _ Request, _, _ io.Writer) int {
		close(running)
		<-ctx.Done()
		returned = true
		return 5
	})
	type result struct {
		exit int
		err  error
	}
	ended := make(chan result, 1)
	go func() {
		exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard)
		ended <- result{exit, err}
	}()
	receive(t, running, "the command")
	if err := l.Close(); err != nil || !returned {
		t.Errorf("Close: %v, the command returned before: %v", err, returned)
	}
	if got := receive(t, ended, "Call"); got != (result{5, nil}) {
		t.Errorf("Call: %v, want exit 5", got)
	}
}

// Close is not held up by a caller that takes no output, nor by one that sends
// no command.
func TestCloseEndsStuckCallers(t *testing.T) {
	dir := library(t)
	running, wrote := make(chan struct{}), make(chan error, 1)
	l := listen(t, dir, func(_ context.Context, _ Request, stdout, _ io.Writer) int {
		close(running)
		_, err := stdout.Write(make([]byte, 8<<20))
		wrote <- err
		return 0
	})
	raw(t, dir) // sends nothing
	conn := raw(t, dir)
	conn.Write(encode(request{Version: version})) // reads nothing
	receive(t, running, "the command")
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	if err := receive(t, closed, "Close"); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := receive(t, wrote, "the command's Write"); err == nil {
		t.Error("8 MiB were written to a caller that takes nothing")
	}
}
