package handover

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func TestNobody(t *testing.T) {
	dir := library(t)
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != ErrNobody {
		t.Errorf("no socket: %v, want ErrNobody", err)
	}
	l := listen(t, dir, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != ErrNobody {
		t.Errorf("after Close: %v, want ErrNobody", err)
	}
	if _, err := os.Lstat(SocketPath(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close the socket is left: %v", err)
	}
}

// A socket that a killed program has left is nobody's, and is replaced.
func TestStaleSocket(t *testing.T) {
	dir := library(t)
	path := SocketPath(dir)
	if err := makeFolder(path); err != nil {
		t.Fatal(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != ErrNobody {
		t.Errorf("stale socket: %v, want ErrNobody", err)
	}
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int { return 3 })
	if exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); exit != 3 || err != nil {
		t.Errorf("after it was replaced: exit %d, %v; want 3", exit, err)
	}
}

func TestListenRefuses(t *testing.T) {
	dir := library(t)
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int { return 3 })
	if l, err := Listen(dir, nil); err == nil {
		l.Close()
		t.Error("two programs listen for one library")
	}
	if exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); exit != 3 || err != nil {
		t.Errorf("the first does not answer any more: %d, %v", exit, err)
	}

	other := filepath.Join(dir, "other")
	if err := os.WriteFile(SocketPath(other), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(other, nil); err == nil {
		l.Close()
		t.Error("a file that is no socket was replaced")
	}
	if kept, _ := os.ReadFile(SocketPath(other)); string(kept) != "mine" {
		t.Errorf("the file is %q now", kept)
	}
}
