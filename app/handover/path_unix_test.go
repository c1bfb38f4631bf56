//go:build unix

package handover

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// A folder that others may enter is used by neither side.
func TestOpenFolderIsRefused(t *testing.T) {
	dir := library(t)
	l := listen(t, dir, nil)
	folder := filepath.Dir(SocketPath(dir))
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder has mode %v, %v; want 0700", info.Mode(), err)
	}
	if err := os.Chmod(folder, 0o750); err != nil {
		t.Fatal(err)
	}
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err == nil || err == ErrNobody {
		t.Errorf("Call through an open folder: %v", err)
	}
	l.Close()
	if l, err := Listen(dir, nil); err == nil {
		l.Close()
		t.Error("Listen in an open folder")
	}
}

// Without a runtime folder of the user's own, one among the temporary files is used.
func TestWithoutRuntimeFolder(t *testing.T) {
	dir := library(t)
	t.Setenv("TMPDIR", dir)
	link := filepath.Join(dir, "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Fatal(err)
	}
	for _, variable := range []string{"", "relative", filepath.Join(dir, "missing"), link} {
		t.Setenv("XDG_RUNTIME_DIR", variable)
		if path := SocketPath(dir); !strings.HasPrefix(path, filepath.Join(dir, "inkling-")) {
			t.Errorf("XDG_RUNTIME_DIR=%q: %s, want it in %s/inkling-UID", variable, path, dir)
		}
	}
	listen(t, dir, func(_ context.Context, _ Request, _, _ io.Writer) int { return 4 })
	if exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); exit != 4 || err != nil {
		t.Errorf("exit %d, %v; want 4", exit, err)
	}
}

// To the process of another user neither side says a word.
func TestOtherUser(t *testing.T) {
	dir := library(t)
	real := thisUser
	thisUser = func() int { return real() + 1 }
	t.Cleanup(func() { thisUser = real }) // after the listener is closed
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int {
		t.Error("the command of another user ran")
		return 0
	})
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "user") {
		t.Errorf("Call to another user: %v", err)
	}
	conn := raw(t, dir)
	conn.Write(encode(request{Version: version}))
	if answer, err := io.ReadAll(conn); len(answer) != 0 {
		t.Errorf("another user is answered %q, %v", answer, err)
	}
}
