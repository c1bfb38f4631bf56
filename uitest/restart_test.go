//go:build linux

package uitest

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Two people write in one document. Their programs end, in order and by a kill, and
// each goes on where it was: with all words, with its place among the members, and with
// undo of what was written before.
func TestWritingOverRestarts(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	pair(t, ana, bruno, "Log\n\n")
	ana.presses("Ctrl+Home", "Down")
	bruno.presses("Ctrl+End")
	both(func() { ana.types("ana-one") }, func() { bruno.types("bruno-one") })
	same(t, ana, bruno, textPatience)
	time.Sleep(2 * time.Second) // a pause, so that the next word is a step of its own
	both(func() { ana.types(" ana-two") }, func() { bruno.types(" bruno-two") })
	same(t, ana, bruno, textPatience)
	ana.close()
	bruno.close()

	ana.launch()
	bruno.launch()
	bruno.waitUntilShown("Log")
	ana.waitUntilShown("Log")
	waitUntilHere(t, ana, bruno, true, textPatience)
	bruno.presses("Ctrl+Z")
	ana.waitForText("Log\nana-one ana-two\nbruno-one")
	ana.presses("Ctrl+Z")
	bruno.waitForText("Log\nana-one\nbruno-one")
	bruno.presses("Ctrl+Y")
	ana.waitForText("Log\nana-one\nbruno-one bruno-two")
	ana.settle()
	bruno.settle()
	keepImage(t, "undone", sideBySide(ana.see(), bruno.see()))

	killedWhileTyping(t, ana, bruno)
	for _, p := range []*person{ana, bruno} {
		if report := p.inkling("doctor"); !strings.Contains(report.stdout, "is intact. Documents: 1") {
			t.Errorf("%s's library: %v", p.name, report)
		}
	}
}

// killedWhileTyping kills Ana's program while both write, and lets them go on.
func killedWhileTyping(t *testing.T, ana, bruno *person) {
	t.Helper()
	ana.presses("Ctrl+Home", "Down", "End")
	const early, late = " this was typed early enough", " and this is typed while the power goes"
	both(func() {
		ana.types(early)
		time.Sleep(time.Second)
		time.AfterFunc(700*time.Millisecond, func() { ana.cmd.Process.Kill() })
		ana.types(late)
	}, func() { bruno.types(" bruno-three") })
	ana.kill()
	ana.launch()
	ana.waitUntilShown("Log")
	same(t, ana, bruno, mergePromise)
	text, err := ana.text()
	line := strings.Split(text+"\n\n", "\n")[1]
	kept, whole := strings.CutPrefix(line, "ana-one"+early)
	if err != nil || !whole || !strings.HasPrefix(late, kept) || !strings.HasSuffix(text, "bruno-two bruno-three") {
		t.Errorf("after the kill: %q %v", text, err)
	}
	t.Logf("of %q the kill left %q", late, kept)
	ana.presses("Ctrl+Home", "Down", "End")
	ana.types("; on again")
	bruno.waitForText(strings.Replace(text, line, line+"; on again", 1))
}

// A library that was copied to another folder is that of another device: its documents
// are read there, and written on in a copy.
func TestCopiedLibrary(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.start()
	ana.types("Recipes\n\nFlour, water, salt.")
	ana.waitForText("Recipes\n\nFlour, water, salt.")
	ana.stop()
	moved := filepath.Join(ana.home, "moved")
	if err := os.CopyFS(moved, os.DirFS(filepath.Join(ana.home, "data", "inkling"))); err != nil {
		t.Fatal(err)
	}
	ana.library = []string{"--data", moved}
	ana.start()
	ana.waitUntilShown("Recipes")
	ana.types("Not here")
	ana.settle()
	keepImage(t, "to-read", ana.see())
	ana.waitForText("Recipes\n\nFlour, water, salt.")
	ana.copies()
	eventually(t, textPatience, "there is a copy", func() (bool, string) {
		docs := ana.documents()
		return len(docs) == 2, fmt.Sprint(docs)
	})
	ana.settle()
	keepImage(t, "copy", ana.see())
}
