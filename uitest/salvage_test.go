//go:build linux

package uitest

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// damages alters Ana's library file, which is not in use.
func (p *person) damages(f func(library []byte)) {
	p.t.Helper()
	path := filepath.Join(p.home, "data", "inkling", "library.db")
	b, err := os.ReadFile(path)
	if err != nil {
		p.t.Fatal(err)
	}
	f(b)
	if err := os.WriteFile(path, b, 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// Pages of the library are lost. The window says so and offers to save what can be read; after that all is there that a backup had, and the report
// names the rest.
func TestSalvageFromTheWindow(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.must("import", ana.file("tea.md", []byte("# Tea\n")))
	ana.must("backup")
	ana.must("import", ana.file("cake.md", []byte("# Cake\n")))
	ana.damages(func(b []byte) {
		for page := 4096; page < len(b); page += 4096 { // the text is there twice: as it was typed, and for the search
			if bytes.Contains(b[page:page+4096], []byte("# Tea\n")) {
				clear(b[page : page+4096])
			}
		}
	})
	ana.inkling("check").expect(t, 1, "inkling salvage")
	ana.launch()
	ana.settle()
	ana.seesButtons(callColour, 1, "damaged")
	ana.clicksButton(callColour, 1, 1)
	ana.seesButtons(callColour, 1, "saved")
	kept, err := filepath.Glob(filepath.Join(ana.home, "data", "inkling", "replaced-*", "salvage.txt"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("reports: %v, %v", kept, err)
	}
	report, err := os.ReadFile(kept[0])
	if err != nil || !bytes.Contains(report, []byte("Lost: 1 change")) || !bytes.Contains(report, []byte(`"Tea"`)) {
		t.Errorf("the report: %s, %v", report, err)
	}
	ana.clicksButton(callColour, 1, 1)
	ana.startsAgain()
	ana.waitForTitles("Cake", "Tea")
	keepImage(t, "again", ana.see())
	ana.stop()
	ana.inkling("export", "Tea").expect(t, 0, "# Tea")
	ana.inkling("check").expect(t, 0, "2 documents intact")
}

// Stored bytes rot while the library can be opened all the same: the window says so above the page, and saves what can be read from there.
func TestRotIsSeenInTheWindow(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.must("import", ana.file("tea.md", []byte("# Tea\n")), ana.file("cake.md", []byte("# Cake\nwith a cherry")))
	ana.must("backup")
	ana.damages(func(b []byte) { b[bytes.Index(b, []byte("with a cherry"))] ^= 1 })
	ana.inkling("check").expect(t, 1, "Cake")
	ana.inkling("doctor").expect(t, 1, "1 document of 2 damaged", "inkling salvage")
	ana.launch()
	ana.seesButtons(buttonColour, 1, "rot")
	ana.clicksButton(buttonColour, 1, 1) // Save what can be read…
	ana.seesButtons(dangerColour, 1, "question")
	ana.clicksButton(dangerColour, 1, 1)
	ana.startsAgain()
	ana.seesButtons(callColour, 1, "salvaged") // OK
	ana.inkling("export", "Cake").expect(t, 0, "with a cherry")
	ana.inkling("salvage").expect(t, 0, "nothing to salvage")
	ana.stop()
	ana.inkling("check").expect(t, 0, "2 documents intact")
}
