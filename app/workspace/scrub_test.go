package workspace

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Bytes that rot on the disk are found while nobody edits, and the person is told of which document; while somebody edits nothing is read.
func TestScrubWhileNobodyEdits(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	open := func() *Workspace {
		w, err := Open(Config{Dir: dir, Name: "Ana", Offline: true})
		if err != nil {
			t.Fatal(err)
		}
		return w
	}
	w := open()
	if _, err := w.Import("cake.md", []byte("Cake with a cherry")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "library.db")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	b[bytes.Index(b, []byte("with a cherry"))] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	w = open()
	defer w.Close()
	told := make(chan struct{}, 1)
	w.Observe(func(e Event) {
		if _, is := e.(DamageChanged); is {
			select {
			case told <- struct{}{}:
			default:
			}
		}
	})
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan struct{})
	w.keeper.mu.Lock()
	w.keeper.edited = time.Now().Add(time.Hour)
	w.keeper.mu.Unlock()
	if w.keeper.rested(time.Now()) {
		t.Error("somebody edits, and the keeper rests")
	}
	w.keeper.mu.Lock()
	w.keeper.edited = time.Time{}
	w.keeper.mu.Unlock()
	go func() { w.scrub(ctx, scrubEvery, time.Millisecond); close(ended) }()
	<-told
	stop()
	<-ended
	words, err := w.Damage()
	if err != nil || !strings.Contains(words, "“Cake with a cherry”") || !strings.Contains(words, "another disk") {
		t.Errorf("the person is told %q, %v", words, err)
	}
	if due, err := w.scrubDue(scrubEvery); err != nil || due {
		t.Errorf("after a pass the next is due at once: %v, %v", due, err)
	}
}
