//go:build linux

package uitest

import (
	"image"
	"testing"
	"time"
)

// A person starts Inkling for the first time, writes without a click, and the power
// goes. At the next start all is where it was left.
func TestFirstStartThenPowerCut(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	t.Logf("first window up after %v", ana.launch())
	ana.types("Hello")
	time.Sleep(time.Second) // the story: the power goes a second later
	ana.kill()
	t.Logf("window up again after %v", ana.launch())
	ana.waitForText("Hello")
	ana.waitUntilShown("Hello")
	ana.types("!")
	ana.waitForText("Hello!")
}

// The window comes back in the size and on the document in which it was left; blank
// documents leave nothing behind.
func TestWindowComesBackAsItWasLeft(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	ana.start()
	if docs := ana.documents(); len(docs) != 0 {
		t.Errorf("a blank page is in the list: %v", docs)
	}
	ana.types("Shopping")
	ana.waitForText("Shopping")
	ana.presses("Ctrl+N")
	ana.waitUntilShown("")
	ana.types("Letter")
	ana.waitUntilShown("Letter")
	ana.presses("Ctrl+N")
	ana.waitUntilShown("")
	if docs := ana.documents(); len(docs) != 2 {
		t.Errorf("two documents have text, the list has %v", docs)
	}
	ana.stop()

	ana.launch()
	ana.waitUntilShown("")
	size := image.Rect(40, 30, 40+860, 30+640)
	ana.puts(size)
	ana.close()

	ana.launch()
	ana.settle()
	if got := ana.window.bounds(); got.Size() != size.Size() {
		t.Errorf("the window was closed at %v, it opens at %v", size.Size(), got.Size())
	}
	if docs := ana.documents(); len(docs) != 2 {
		t.Errorf("blank pages were stored: %v", docs)
	}
}
