//go:build linux

package uitest

import (
	"fmt"
	"strings"
	"testing"
)

// The list in the window and that of the command line say how documents begin and who else wrote in them.
func TestListShowsLeads(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	ana.must("import", ana.file("tea.md", []byte("# Tea\n\nGreen leaves, and water that does not boil any more.\n")),
		ana.file("paris.txt", []byte("Paris, 東京都, Zürich\n春にどこへ行こうか。\n")), ana.file("title.txt", []byte("Only a title\n")))
	ana.start()
	bruno.start()
	ana.types("Plans\n\n")
	ana.waitForTitles("Plans", "Only a title", "Paris, 東京都, Zürich", "Tea")
	link := strings.TrimSpace(ana.must("invite", "--accept", "Plans"))
	bruno.inklingOn(bruno.screen.name, "join", link).expect(t, 0)
	bruno.waitForText("Plans\n\n")
	bruno.presses("Ctrl+End")
	bruno.types("Sail to the islands in May")
	eventually(t, textPatience, "the list names Bruno", func() (bool, string) {
		r := ana.inkling("list")
		return strings.Contains(r.stdout, "Plans\n    Bruno, you: Sail to the islands in May\n"), r.String()
	})
	ana.settle()
	eventually(t, textPatience, "Tea is listed with how it begins", func() (bool, string) {
		r := ana.inkling("list")
		return strings.Contains(r.stdout, "  Tea\n    Green leaves, and"), fmt.Sprint(r)
	})
	ana.moveAside()
	ana.settle()
	keepImage(t, "list", ana.see())
	ana.close()
	bruno.close()
}
