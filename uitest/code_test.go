//go:build linux

package uitest

import (
	"image"
	"slices"
	"strings"
	"testing"
	"time"
)

// codePromise is how long it takes at most from the digits to the text (README).
const codePromise = 15 * time.Second

// TestSixDigits: Ana has six digits shown, Bruno types them into a blank window: three clicks, and he is in. Before that he
// mistypes them, and both are told.
func TestSixDigits(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	ana.start()
	ana.types("Plans\nfor the summer")
	bruno.start()
	ana.opensTogether()
	code := ana.showsCode()
	ana.settle()
	keepImage(t, "code", ana.see())

	bruno.opensTogether() // the first click of three
	calm := ana.panel()
	bruno.typesCode(other(code))
	ana.waitForPanel("that somebody typed a wrong code", func(s panel) bool {
		return len(s.fields) == len(calm.fields) && s.fields[1].Min.Y > calm.fields[1].Min.Y // it stands above
	})
	ana.settle()
	bruno.settle()
	keepImage(t, "code-wrong", sideBySide(ana.see(), bruno.see()))
	if docs := bruno.documents(); len(docs) != 0 {
		t.Errorf("after a wrong code Bruno has %v", docs)
	}

	start := time.Now()
	bruno.presses("Ctrl+A")
	bruno.types(code)
	bruno.presses("Return")
	bruno.waitForText("Plans\nfor the summer")
	if took := time.Since(start); took > codePromise {
		t.Errorf("from the digits to the text: %v", took)
	} else {
		t.Logf("from the digits to the text: %v", took)
	}
	bruno.waitUntilShown("Plans")
	ana.settle()
	bruno.settle()
	keepImage(t, "code-joined", sideBySide(ana.see(), bruno.see()))
	if ana.isAsked() {
		t.Error("Ana is asked, although Bruno had the code")
	}
	bruno.presses("Ctrl+End")
	bruno.types(", by the sea")
	ana.waitForText("Plans\nfor the summer, by the sea")
	for p, name := range map[*person]string{ana: "Bruno", bruno: "Ana"} {
		if _, err := p.sees(name); err != nil {
			t.Error(err)
		}
	}

	ana.opensTogetherAgain() // closes the panel, and takes the code off the screen
	eventually(t, lookPatience, "no code is on Ana's screen", func() (bool, string) {
		left := ana.status().Code
		return left == "", left
	})
	cleo := newPerson(t, "Cleo", lan.machine())
	if r := cleo.inkling("join", code); r.exit != 1 || !strings.Contains(r.stderr, "code") {
		t.Errorf("a code that is gone: %v", r)
	}
}

// TestTwoScreens: where two show codes, the one who types is asked whose it is.
func TestTwoScreens(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno, cleo := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine()), newPerson(t, "Cleo", lan.machine())
	for _, p := range []*person{ana, bruno} {
		p.start()
		p.types("Notes of " + p.name)
		p.opensTogether()
	}
	ana.showsCode()
	code := bruno.showsCode()
	cleo.start()
	cleo.opensTogether()
	before := cleo.panel()
	cleo.typesCode(code)
	parts := cleo.waitForPanel("whose code it may be", func(s panel) bool { return len(s.others) >= len(before.others)+2 })
	cleo.settle()
	keepImage(t, "code-whose", cleo.see())
	cleo.screen.click(middle(parts.others[2])) // behind Join: Ana, Bruno
	cleo.waitForText("Notes of Bruno")
}

// showsCode clicks Invite and returns the code that is on the screen then.
func (p *person) showsCode() (code string) {
	p.t.Helper()
	p.screen.click(middle(p.waitForPanel("the button Invite", func(s panel) bool { return len(s.calls) > 0 }).calls[0]))
	eventually(p.t, lookPatience, "a code is on "+p.name+"'s screen", func() (bool, string) {
		code = p.status().Code
		return len(code) == len("000 000"), code
	})
	return code
}

// typesCode types a code into the panel's field and presses Return: the second click of three is into the field.
func (p *person) typesCode(code string) {
	p.t.Helper()
	parts := p.waitForPanel("the field for a code", func(s panel) bool { return len(s.fields) > 0 })
	p.screen.click(middle(parts.fields[0]))
	p.types(code)
	p.presses("Return")
}

// opensTogetherAgain clicks the button once more, which closes the panel.
func (p *person) opensTogetherAgain() {
	p.t.Helper()
	r := p.window.bounds()
	p.screen.click(image.Pt(r.Max.X-panelWidth-togetherLeft, r.Min.Y+togetherDown))
}

// other returns a code that differs in one digit.
func other(code string) string {
	b := []byte(code)
	i := slices.IndexFunc(b, func(c byte) bool { return c >= '0' && c <= '8' })
	if i < 0 {
		return "000 000"
	}
	b[i]++
	return string(b)
}
