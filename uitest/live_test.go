//go:build linux

package uitest

import (
	"fmt"
	"image/color"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// pair brings two people into one document with the text given, by commands: that the
// mouse can do it too is TestTwoPeopleComeTogether's story.
func pair(t *testing.T, ana, bruno *person, text string) {
	t.Helper()
	ana.start()
	bruno.start()
	ana.types(text)
	ana.waitForText(text)
	share(t, ana, bruno)
	bruno.waitForText(text)
}

// share lets Bruno into Ana's only document.
func share(t *testing.T, ana, bruno *person) {
	t.Helper()
	doc := ana.documents()[0]
	link := strings.TrimSpace(ana.must("invite", "--accept", doc.id))
	bruno.must("join", link)
	bruno.waitUntilShown(doc.title)
	ana.settle()
	bruno.settle()
}

// both lets two people do something at the same time.
func both(a, b func()) {
	var hands sync.WaitGroup
	hands.Go(a)
	hands.Go(b)
	hands.Wait()
}

// Two people write in one document, each in a line of their own, through everything
// that a network does to them.
func TestWritingTogether(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	pair(t, ana, bruno, "Duet\n\n")
	ana.presses("Ctrl+Home", "Down")
	bruno.presses("Ctrl+End")

	measureTyping(t, ana, bruno)
	written := &markers{}
	typeThroughCut(t, ana, bruno, written)
	typeThroughNewAddress(t, ana, bruno, written)
	undoTakesOwnWordsOnly(t, ana, bruno)
}

// Rounds of typing whose drawing is measured, more than 20 s in all. Two people do not
// type in step, so one is a little slower.
const (
	rounds     = 4
	roundKeys  = 40
	anasPace   = time.Second / 8
	brunosPace = time.Second / 7
)

// measureTyping lets both type at once and prints how long after a key its letter is
// drawn on the other's screen.
func measureTyping(t *testing.T, ana, bruno *person) {
	t.Helper()
	var toBruno, toAna []time.Duration
	for round := range rounds {
		if round > 0 {
			ana.presses("Return")
			bruno.presses("Return")
		}
		onBruno, onAna := watchLine(t, ana, bruno), watchLine(t, bruno, ana)
		if round == 0 {
			waitForForeignCaret(t, ana)
			waitForForeignCaret(t, bruno)
		}
		var a, b []time.Time
		both(func() { a = ana.drums(roundKeys, anasPace) }, func() { b = bruno.drums(roundKeys, brunosPace) })
		toBruno = append(toBruno, onBruno.delays(a)...)
		toAna = append(toAna, onAna.delays(b)...)
		if round == rounds/2 {
			keepImage(t, "writing-together", sideBySide(ana.see(), bruno.see()))
		}
	}
	t.Logf("typed by Ana, drawn at Bruno's: %s", quantiles(toBruno))
	t.Logf("typed by Bruno, drawn at Ana's: %s", quantiles(toAna))
	same(t, ana, bruno, textPatience)
	text, err := ana.text()
	if n := strings.Count(text, drum); err != nil || n != 2*rounds*(roundKeys+1) {
		t.Errorf("%d letters arrived of %d, %v", n, 2*rounds*(roundKeys+1), err)
	}
}

// waitForForeignCaret waits until a caret in the colour of some other person is on
// the page.
func waitForForeignCaret(t *testing.T, p *person) {
	t.Helper()
	eventually(t, textPatience, p.name+" sees the other's caret", func() (bool, string) {
		img := p.screen.capture(p.page())
		n := 0
		for y := img.Rect.Min.Y; y < img.Rect.Max.Y; y++ {
			for x := img.Rect.Min.X; x < img.Rect.Max.X; x++ {
				if slices.ContainsFunc(personColours, func(c color.RGBA) bool { return near(c, at(img, x, y)) }) {
					n++
				}
			}
		}
		return n >= 20, fmt.Sprintf("%d pixels in the colour of a person", n)
	})
}

// markers notes what was written, so that each marker is a word of its own: the
// writer's name and a number.
type markers struct {
	mu   sync.Mutex
	list []string
}

// next returns a new marker of a person.
func (m *markers) next(p *person) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	word := fmt.Sprintf("%s%d", strings.ToLower(p.name), len(m.list))
	m.list = append(m.list, word)
	return word
}

// last returns the last marker of a person.
func (m *markers) last(p *person) (word string) {
	for _, w := range m.of(p) {
		word = w
	}
	return word
}

// letters counts the letters that a person wrote, with the space before each marker.
func (m *markers) letters(p *person) (n int) {
	for _, w := range m.of(p) {
		n += len(w) + 1
	}
	return n
}

// of returns the markers of a person.
func (m *markers) of(p *person) (list []string) {
	for _, w := range m.list {
		if strings.HasPrefix(w, strings.ToLower(p.name)) {
			list = append(list, w)
		}
	}
	return list
}

// check looks for each marker in a text: once, no more and no less.
func (m *markers) check(t *testing.T, text string) {
	t.Helper()
	times := map[string]int{}
	for _, word := range strings.Fields(text) {
		times[word]++
	}
	for _, word := range m.list {
		if times[word] != 1 {
			t.Errorf("%s is %d times in the text %q", word, times[word], text)
		}
	}
}

// writes lets a person write markers until the end.
func (p *person) writes(m *markers, until time.Time) {
	for time.Now().Before(until) {
		p.types(" " + m.next(p))
	}
}

// cutLength is how long the cable is out while both go on.
const cutLength = 11 * time.Second

// typeThroughCut pulls Bruno's cable while both write.
func typeThroughCut(t *testing.T, ana, bruno *person, written *markers) {
	t.Helper()
	both(func() { ana.presses("End") }, func() { bruno.presses("Ctrl+End") })
	waitUntilHere(t, ana, bruno, true, textPatience)
	ana.settle()
	line := ana.screen.capture(ana.statusLine())
	var hands sync.WaitGroup
	until := time.Now().Add(cutLength + time.Second)
	hands.Go(func() { ana.writes(written, until) })
	hands.Go(func() { bruno.writes(written, until) })
	bruno.machine.unplug()
	cut := time.Now()
	waitUntilHere(t, ana, bruno, false, awayPromise)
	eventually(t, awayPromise-time.Since(cut), "Ana's window says that Bruno is away", func() (bool, string) {
		return !difference(line, ana.screen.capture(ana.statusLine())).Empty(), "the line under the page is as before"
	})
	t.Logf("said to be away after %v", time.Since(cut))
	hands.Wait()
	keepImage(t, "away", sideBySide(ana.see(), bruno.see()))
	if a, _ := ana.text(); strings.Contains(a, written.last(bruno)) {
		t.Errorf("the cable is out, yet Ana has Bruno's words: %q", a)
	}
	checkBehind(t, ana, bruno, written)
	checkBehind(t, bruno, ana, written)
	bruno.machine.plugIn()
	t.Logf("equal again %v after the cable was back", same(t, ana, bruno, mergePromise))
	check(t, ana, written)
	waitUntilHere(t, ana, bruno, true, textPatience)
}

// checkBehind checks that one is told honestly how much the other lacks: what was
// written since shortly before the cut.
func checkBehind(t *testing.T, p, other *person, written *markers) {
	t.Helper()
	wrote := written.letters(p)
	for _, d := range p.status().Documents {
		for _, o := range d.People {
			t.Logf("%s has written %d letters since the cut and is told that %s lacks %d edits", p.name, wrote, o.Name, o.Behind)
			if o.Behind == 0 || o.Behind > wrote {
				t.Errorf("%s is told that %s lacks %d edits, %d were made", p.name, other.name, o.Behind, wrote)
			}
		}
	}
}

// waitUntilHere waits until each side says that the other is here, or is away.
func waitUntilHere(t *testing.T, ana, bruno *person, here bool, within time.Duration) {
	t.Helper()
	eventually(t, within, fmt.Sprintf("each says that the other is here: %v", here), func() (bool, string) {
		b, err1 := ana.sees("Bruno")
		a, err2 := bruno.sees("Ana")
		return a == here && b == here && err1 == nil && err2 == nil,
			fmt.Sprintf("Bruno sees Ana: %v %v, Ana sees Bruno: %v %v", a, err2, b, err1)
	})
}

// typeThroughNewAddress swallows Bruno's packets for a moment and gives him another
// address, as a change of Wi-Fi does, while both write.
func typeThroughNewAddress(t *testing.T, ana, bruno *person, written *markers) {
	t.Helper()
	var hands sync.WaitGroup
	until := time.Now().Add(2 * time.Second)
	hands.Go(func() { ana.writes(written, until) })
	hands.Go(func() { bruno.writes(written, until) })
	bruno.machine.swallow()
	bruno.machine.setAddress(100 + rand.IntN(100))
	bruno.machine.pass()
	changed := time.Now()
	hands.Wait()
	same(t, ana, bruno, mergePromise)
	t.Logf("equal %v after the address had changed", time.Since(changed))
	check(t, ana, written)
}

// check looks for all markers in a person's text.
func check(t *testing.T, p *person, written *markers) {
	t.Helper()
	text, err := p.text()
	if err != nil {
		t.Fatal(err)
	}
	written.check(t, text)
}

// same waits until both have one text.
func same(t *testing.T, ana, bruno *person, within time.Duration) (took time.Duration) {
	t.Helper()
	return eventually(t, within, "both texts are equal", func() (bool, string) {
		a, err1 := ana.text()
		b, err2 := bruno.text()
		return a == b && err1 == nil && err2 == nil, fmt.Sprintf("Ana: %q %v\nBruno: %q %v", a, err1, b, err2)
	})
}

// undoTakesOwnWordsOnly lets Ana undo a lot: nothing of Bruno's goes.
func undoTakesOwnWordsOnly(t *testing.T, ana, bruno *person) {
	t.Helper()
	both(func() { ana.types(" ana-regrets") }, func() { bruno.types(" bruno-stays") })
	same(t, ana, bruno, textPatience)
	before, err := ana.text()
	if err != nil {
		t.Fatal(err)
	}
	ana.presses("Ctrl+Z", "Ctrl+Z", "Ctrl+Z")
	eventually(t, textPatience, "Ana's undo takes back her last words", func() (bool, string) {
		text, err := ana.text()
		return err == nil && !strings.Contains(text, "ana-regrets"), text
	})
	same(t, ana, bruno, textPatience)
	after, err := ana.text()
	if err != nil {
		t.Fatal(err)
	}
	if words(before, "bruno") != words(after, "bruno") {
		t.Errorf("Ana's undo took words of Bruno's\nbefore %s\nafter  %s", words(before, "bruno"), words(after, "bruno"))
	}
}

// words returns the words of a text that begin with prefix.
func words(text, prefix string) string {
	var list []string
	for _, w := range strings.Fields(text) {
		if strings.HasPrefix(w, prefix) {
			list = append(list, w)
		}
	}
	return strings.Join(list, " ")
}
