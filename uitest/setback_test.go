//go:build linux

package uitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ana's computer is set back to a snapshot after she has written more, and she writes something else. When she
// meets Bruno again, both versions are there, in both windows, the window says what happened, and both go on.
func TestSetBackComputer(t *testing.T) { setBack(t, "data", "config") }

// Only the folder of her library is set back: that is noticed and said at once, and nothing forks.
func TestSetBackLibrary(t *testing.T) { setBack(t, "data") }

// setBack sets folders of Ana's home back while she is away.
func setBack(t *testing.T, folders ...string) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	pair(t, ana, bruno, "Log\n\n")
	ana.close()
	backup := t.TempDir()
	for _, folder := range folders {
		if err := os.CopyFS(filepath.Join(backup, folder), os.DirFS(filepath.Join(ana.home, folder))); err != nil {
			t.Fatal(err)
		}
	}

	ana.launch()
	ana.waitUntilShown("Log")
	waitUntilHere(t, ana, bruno, true, textPatience)
	ana.presses("Ctrl+End")
	ana.types("before the crash")
	bruno.waitForText("Log\n\nbefore the crash")
	ana.close()
	bruno.close()

	for _, folder := range folders {
		if err := os.RemoveAll(filepath.Join(ana.home, folder)); err != nil {
			t.Fatal(err)
		}
		if err := os.CopyFS(filepath.Join(ana.home, folder), os.DirFS(filepath.Join(backup, folder))); err != nil {
			t.Fatal(err)
		}
	}
	ana.launch()
	ana.waitUntilShown("Log")
	ana.settle()
	keepImage(t, "set-back", ana.see())
	if told := ana.isAsked(); told != (len(folders) == 1) {
		t.Errorf("Ana is told that her library was set back: %v", told)
	}
	ana.presses("Ctrl+Home", "Down")
	ana.types("after it, alone")
	ana.waitForText("Log\nafter it, alone\n")

	bruno.launch()
	bruno.waitUntilShown("Log")
	waitUntilHere(t, ana, bruno, true, textPatience)
	ana.waitForText("Log\nafter it, alone\nbefore the crash")
	bruno.waitForText("Log\nafter it, alone\nbefore the crash")
	ana.settle()
	bruno.settle()
	keepImage(t, "forked", sideBySide(ana.see(), bruno.see()))

	ana.presses("Ctrl+End")
	ana.types(", and on")
	bruno.waitForText("Log\nafter it, alone\nbefore the crash, and on")
	for _, p := range []*person{ana, bruno} {
		p.close()
		if report := p.inkling("doctor"); !strings.Contains(report.stdout, "is intact. Documents: 1") {
			t.Errorf("%s's library: %v", p.name, report)
		}
	}
}
