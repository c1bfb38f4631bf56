package handover

import (
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Every way to write the path of one folder gives one socket, two folders two.
func TestSocketPath(t *testing.T) {
	dir := library(t)
	real := filepath.Join(dir, "real")
	if err := os.Mkdir(real, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(real, filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	want := SocketPath(real)
	t.Chdir(dir)
	for _, same := range []string{real + "/", real + "/../real", filepath.Join(dir, "link"), "real", "./link"} {
		if got := SocketPath(same); got != want {
			t.Errorf("SocketPath(%q) = %s, want %s", same, got, want)
		}
	}
	// What is not there yet keeps its name when it comes.
	before := SocketPath("link/new")
	if err := os.Mkdir(filepath.Join(real, "new"), 0o700); err != nil {
		t.Fatal(err)
	}
	if after := SocketPath(filepath.Join(real, "new")); before != after || before == want {
		t.Errorf("before the folder was made %s, after %s, of its parent %s", before, after, want)
	}
}

func TestLongPathIsRefused(t *testing.T) {
	dir := library(t)
	long := filepath.Join(dir, strings.Repeat("x", 90))
	if err := os.Mkdir(long, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("XDG_RUNTIME_DIR", long)
	t.Setenv("LocalAppData", long)
	if l, err := Listen(dir, nil); err == nil {
		l.Close()
		t.Error("Listen took a path that is too long")
	} else if !strings.Contains(err.Error(), runtimeVariable) {
		t.Errorf("%v does not say what to change", err)
	}
	if _, err := Call(context.Background(), dir, Request{}, io.Discard, io.Discard); err == nil || err == ErrNobody {
		t.Errorf("Call: %v", err)
	}
}

func TestSameUser(t *testing.T) {
	dir := library(t)
	l, err := net.Listen("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	a, err := net.Dial("unix", filepath.Join(dir, "s"))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for _, conn := range []net.Conn{a, b} {
		if err := sameUser(conn.(*net.UnixConn)); err != nil {
			t.Errorf("this process is not of its own user: %v", err)
		}
	}
}
