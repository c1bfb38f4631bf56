//go:build linux

package uitest

import "testing"

// Somebody searches while typing: the list shows what fits, Return opens the first, Escape gives the list and the page
// back.
func TestSearch(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.must("import", ana.file("sea.md", []byte("# Sea\nBlue, and far from every garden. Ships go there, and nobody knows what for, and they come back.\n")),
		ana.file("tea.md", []byte("# Tea\nGreen leaves\n")),
		ana.file("garden.md", []byte("# Garden\nWhat grows there: beans, peas, thyme.\n")),
		ana.file("paris.txt", []byte("Paris, 東京都, Zürich\nWhere to go in spring.\n")))
	ana.start()
	ana.types("Plans\n\n")
	ana.waitForTitles("Plans", "Paris, 東京都, Zürich", "Garden", "Tea", "Sea")
	ana.settle()
	keepImage(t, "list", ana.see())
	ana.presses("Ctrl+f")
	ana.types("gard")
	ana.settle()
	keepImage(t, "found", ana.see())
	ana.presses("Return") // Garden has it in its title
	ana.waitUntilShown("Garden")
	ana.presses("Ctrl+f")
	ana.types("en xyz")
	ana.settle()
	keepImage(t, "nothing", ana.see())
	ana.presses("Escape", "Ctrl+End")
	ana.types("and sage")
	eventually(t, textPatience, "what is typed goes to the page", func() (bool, string) {
		r := ana.inkling("export", "garden")
		return r.stdout == "# Garden\nWhat grows there: beans, peas, thyme.\nand sage", r.String()
	})
	ana.settle()
	keepImage(t, "back", ana.see())
	ana.inkling("search", "sage", "bean").expect(t, 0, "Garden", "and sage")
	ana.inkling("search", "zurich").expect(t, 0, "Paris")
	ana.inkling("rebuild").expect(t, 0, "Documents: 5")
	ana.inkling("search", "京都").expect(t, 0, "Paris")
	ana.stop()
	ana.inkling("search", "sage").expect(t, 0, "Garden")
}
