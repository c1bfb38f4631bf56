//go:build linux

package uitest

import (
	"fmt"
	"image"
	"os"
	"path/filepath"
	"testing"
)

// Where the button of the menu is, in pixels from the window's top right corner.
const (
	menuLeft = 22
	menuDown = 20
)

// Ana saves a document with its history from the window's menu. Bruno, whom nobody let in, opens the file in his window.
func TestParcelBetweenWindows(t *testing.T) {
	const letter = "Letter\nDear Bruno, this is all I ever wrote."
	ana, bruno := newPerson(t, "Ana", lonelyMachine(t)), newPerson(t, "Bruno", lonelyMachine(t))
	ana.start()
	ana.types(letter)
	ana.waitForText(letter)
	r := ana.window.bounds()
	ana.screen.click(image.Pt(r.Max.X-menuLeft, r.Min.Y+menuDown))
	ana.settle()
	keepImage(t, "menu", ana.see())
	ana.screen.click(image.Pt(r.Max.X-menuLeft-80, r.Min.Y+164))
	var save []image.Rectangle
	eventually(t, lookPatience, "Ana sees the button Save", func() (bool, string) {
		save = patches(ana.see(), callColour)
		return len(save) > 0, "no button that calls"
	})
	ana.settle()
	keepImage(t, "dialog", ana.see())
	ana.screen.click(middle(save[0]))
	path := filepath.Join(ana.home, "Letter.inkling")
	eventually(t, textPatience, "the file is there", func() (bool, string) {
		_, err := os.Stat(path)
		return err == nil, fmt.Sprint(err)
	})
	ana.settle()
	keepImage(t, "saved", ana.see())

	bruno.launch(path)
	bruno.puts(usual)
	bruno.waitUntilShown("Letter")
	bruno.waitForText(letter)
	bruno.types("Not let in")
	bruno.settle()
	keepImage(t, "opened", bruno.see())
	bruno.waitForText(letter)
	bruno.copies()
	eventually(t, textPatience, "Bruno has a copy, too", func() (bool, string) {
		docs := bruno.documents()
		return len(docs) == 2, fmt.Sprint(docs)
	})
	bruno.settle()
	keepImage(t, "copied", bruno.see())
	damaged, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	damaged[len(damaged)/2] ^= 1
	bruno.inklingOn(bruno.screen.name, bruno.file("damaged.inkling", damaged)).expect(t, 1, "damaged.inkling is damaged", "Nothing was imported")
	bruno.must("export", ana.documents()[0].id, "-o", "again.inkling")
	ana.must("import", filepath.Join(bruno.home, "again.inkling"))
	ana.waitForText(letter)
}
