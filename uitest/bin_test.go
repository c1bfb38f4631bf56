//go:build linux

package uitest

import (
	"fmt"
	"image"
	"image/color"
	"slices"
	"strings"
	"testing"
)

// Places in the menu More, counted from 1.
const (
	menuDelete  = 6
	menuBin     = 7
	menuBackups = 8
)

// chooses opens the menu More and chooses its n-th entry by the keyboard.
func (p *person) chooses(n int) {
	p.t.Helper()
	r := p.window.bounds()
	p.screen.click(image.Pt(r.Max.X-moreLeft, r.Min.Y+togetherDown))
	p.settle()
	for range n {
		p.presses("Down")
	}
	p.presses("Return")
	p.settle()
}

// clicksButton clicks the n-th of so many buttons of a colour, from top to bottom and left to right.
func (p *person) clicksButton(c color.RGBA, n, of int) {
	p.t.Helper()
	p.moveAside()
	var found []image.Rectangle
	eventually(p.t, lookPatience, fmt.Sprintf("%s sees %d buttons", p.name, of), func() (bool, string) {
		found = patches(p.see(), c)
		return len(found) == of, fmt.Sprint(found)
	})
	p.screen.click(middle(found[n-1]))
	p.settle()
}

// seesButtons waits until there are so many buttons of a colour, and keeps a picture.
func (p *person) seesButtons(c color.RGBA, of int, name string) {
	p.t.Helper()
	p.moveAside()
	eventually(p.t, lookPatience, fmt.Sprintf("%s sees %d buttons", p.name, of), func() (bool, string) {
		found := patches(p.see(), c)
		return len(found) == of, fmt.Sprint(found)
	})
	p.settle()
	keepImage(p.t, name, p.see())
}

// startsAgain waits until the program has put a new start in its place: another window of the same process.
func (p *person) startsAgain() {
	p.t.Helper()
	eventually(p.t, windowPatience, p.name+"'s program starts again", func() (bool, string) {
		now := p.sockets()
		return !slices.ContainsFunc(p.open, func(s string) bool { return slices.Contains(now, s) }), fmt.Sprint(now)
	})
	p.awaitWindow()
}

// A document goes to the bin from the list and from the menu, comes back by Undo and from the bin, and is deleted for
// ever; the others keep it.
func TestBin(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	ana.must("import", ana.file("tea.md", []byte("# Tea\n")))
	ana.start()
	bruno.start()
	ana.types("Plans\n\n")
	ana.waitForTitles("Plans", "Tea")
	link := strings.TrimSpace(ana.must("invite", "--accept", "Plans"))
	bruno.inklingOn(bruno.screen.name, "join", link).expect(t, 0)
	bruno.waitForText("Plans\n\n")
	ana.settle()

	row := ana.window.bounds().Min.Add(image.Pt(listWidth/2, 171)) // the second one
	ana.screen.clickRight(row)
	ana.settle()
	keepImage(t, "menu", ana.see())
	ana.presses("Down", "Return")
	ana.waitForTitles("Plans")
	ana.settle()
	keepImage(t, "deleted-from-list", ana.see())
	ana.clicksButton(buttonColour, 1, 1) // Undo
	ana.waitForTitles("Plans", "Tea")
	ana.waitUntilShown("Tea")
	ana.settle()
	ana.screen.click(ana.window.bounds().Min.Add(image.Pt(listWidth/2, 111))) // the first row
	ana.waitUntilShown("Plans")
	ana.chooses(menuDelete)
	ana.waitForTitles("Tea")
	ana.waitUntilShown("")
	ana.settle()
	keepImage(t, "left", ana.see())
	bruno.presses("Ctrl+End")
	bruno.types("without Ana")
	bruno.waitForText("Plans\n\nwithout Ana")

	ana.chooses(menuBin)
	ana.seesButtons(buttonColour, 3, "bin")
	ana.clicksButton(buttonColour, 1, 3) // Take out
	ana.waitUntilShown("Plans")
	eventually(t, textPatience, "Ana has what Bruno wrote meanwhile", func() (bool, string) {
		r := ana.inkling("export", "plans")
		return r.stdout == "Plans\n\nwithout Ana", r.String()
	})

	ana.must("backup")
	ana.must("delete", "plans")
	ana.waitUntilShown("")
	ana.chooses(menuBin)
	ana.clicksButton(buttonColour, 2, 3) // Delete for ever…
	ana.seesButtons(dangerColour, 1, "for-ever")
	ana.clicksButton(dangerColour, 1, 1)
	eventually(t, textPatience, "the bin is empty", func() (bool, string) {
		r := ana.inkling("bin")
		return r.stdout == "The bin is empty.\n", r.String()
	})
	ana.seesButtons(buttonColour, 1, "empty")
	bruno.types(", still")
	bruno.waitForText("Plans\n\nwithout Ana, still")
	for _, p := range []*person{ana, bruno} {
		p.close()
		if report := p.inkling("doctor"); !strings.Contains(report.stdout, "is intact. Documents: 1") {
			t.Errorf("%s's library: %v", p.name, report)
		}
	}
}

// waitForTitles waits until these documents are listed, in this order.
func (p *person) waitForTitles(want ...string) {
	p.t.Helper()
	eventually(p.t, textPatience, fmt.Sprintf("%s's documents are %q", p.name, want), func() (bool, string) {
		var got []string
		for _, d := range p.documents() {
			got = append(got, d.title)
		}
		return fmt.Sprint(got) == fmt.Sprint(want), fmt.Sprint(got)
	})
}

// A backup is restored from the window, which starts again and says so; what was there is kept and comes back from the
// command line, while the window runs.
func TestRestoreFromTheWindow(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.start()
	ana.types("Recipes\n\nFlour.")
	ana.waitForText("Recipes\n\nFlour.")
	ana.chooses(menuBackups)
	ana.seesButtons(buttonColour, 2, "none")
	ana.clicksButton(buttonColour, 1, 2) // Back up now
	ana.seesButtons(buttonColour, 3, "one")
	if out := ana.must("backups"); strings.Count(out, "\n") != 1 {
		t.Errorf("backups: %q", out)
	}
	ana.clicksButton(buttonColour, 3, 3) // Close
	ana.types(" Water.")
	ana.waitForText("Recipes\n\nFlour. Water.")

	ana.chooses(menuBackups)
	ana.clicksButton(buttonColour, 2, 3) // Restore…
	ana.seesButtons(dangerColour, 1, "question")
	ana.clicksButton(dangerColour, 1, 1)
	ana.startsAgain()
	ana.waitUntilShown("Recipes")
	ana.settle()
	keepImage(t, "restored", ana.see())
	ana.waitForText("Recipes\n\nFlour.")
	ana.clicksButton(callColour, 1, 1) // OK
	ana.presses("Ctrl+End")
	ana.types(" Salt.")
	ana.waitForText("Recipes\n\nFlour. Salt.")

	var replaced string
	for line := range strings.Lines(ana.must("backups")) {
		if name, _, _ := strings.Cut(line, " "); strings.HasPrefix(name, "replaced-") {
			replaced = name
		}
	}
	ana.must("restore", replaced)
	ana.startsAgain()
	ana.waitForText("Recipes\n\nFlour. Water.")
	ana.settle()
	keepImage(t, "back-again", ana.see())
	ana.close()
	if report := ana.inkling("doctor"); !strings.Contains(report.stdout, "is intact. Documents: 1") {
		t.Errorf("the library: %v", report)
	}
}
