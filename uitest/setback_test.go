//go:build linux

package uitest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Ana's library is set back to a backup after she has written more, and she writes something else. When she
// meets Bruno again, both versions are there, in both windows, the window says what happened, and both go on.
func TestSetBackLibrary(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	pair(t, ana, bruno, "Log\n\n")
	ana.close()
	library := filepath.Join(ana.home, "data", "inkling")
	backup := filepath.Join(t.TempDir(), "backup")
	if err := os.CopyFS(backup, os.DirFS(library)); err != nil {
		t.Fatal(err)
	}

	ana.launch()
	ana.waitUntilShown("Log")
	waitUntilHere(t, ana, bruno, true, textPatience)
	ana.presses("Ctrl+End")
	ana.types("before the crash")
	bruno.waitForText("Log\n\nbefore the crash")
	ana.close()
	bruno.close()

	if err := os.RemoveAll(library); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(library, os.DirFS(backup)); err != nil {
		t.Fatal(err)
	}
	ana.launch()
	ana.waitUntilShown("Log")
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
