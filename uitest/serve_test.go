//go:build linux

package uitest

import (
	"image"
	"os"
	"regexp"
	"strings"
	"testing"
)

// wideTools is more than what the buttons Together and More take, with a number of offers.
const wideTools = 180

// TestServerOfOnesOwn: a server shows a code on its terminal. Ana types it in her window, once, and puts her document there by a
// click; her window says what the server is. Another is offered it from there: the offer is in the panel and on its button,
// asks nothing, and a click takes it.
func TestServerOfOnesOwn(t *testing.T) {
	lan := newNetwork(t)
	nas, ana, bruno := newPerson(t, "NAS", lan.machine()), newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	nas.begin("serve", "--pair")
	var code string
	eventually(t, lookPatience, "the server shows a code", func() (bool, string) {
		log, err := os.ReadFile(nas.log)
		if err != nil {
			t.Fatal(err)
		}
		code = string(regexp.MustCompile(`\d{3} \d{3}`).Find(log))
		return code != "", string(log)
	})
	ana.start()
	ana.types("Plans\nfor the summer")
	ana.opensTogether()
	before := ana.panel()
	ana.typesCode(code)
	parts := ana.waitForPanel("whom she can put in", func(s panel) bool { return len(s.others) > len(before.others) })
	ana.settle()
	keepImage(t, "server-known", ana.see())
	ana.screen.click(middle(parts.others[0])) // above Join
	eventually(t, lookPatience, "the document is on the server", func() (bool, string) {
		r := nas.inkling("export", "Plans")
		return strings.Contains(r.stdout, "for the summer"), r.stdout + r.stderr
	})
	ana.waitForPanel("that nobody is left to be put in", func(s panel) bool { return len(s.others) == len(before.others) })
	ana.settle()
	keepImage(t, "server-keeps", ana.see())
	if s := ana.status(); len(s.Documents) != 1 || len(s.Documents[0].People) != 1 || !s.Documents[0].People[0].Unattended {
		t.Errorf("Ana is told %+v", s.Documents)
	}

	bruno.start()
	if r := bruno.inkling("join", code); r.exit != 0 {
		t.Fatalf("Bruno types the code: %v", r)
	}
	bruno.settle()
	r := bruno.window.bounds()
	tools := image.Rect(r.Max.X-wideTools, r.Min.Y, r.Max.X, r.Min.Y+2*togetherDown)
	calm := bruno.screen.capture(tools)
	if r := nas.inkling("put", "Plans", "Bruno"); r.exit != 0 {
		t.Fatalf("put Bruno in: %v", r)
	}
	eventually(t, lookPatience, "Bruno is offered the document", func() (bool, string) {
		offers := bruno.status().Offers
		return len(offers) == 1 && offers[0].Title == "Plans", bruno.inkling("status").stdout
	})
	eventually(t, lookPatience, "the button Together tells of the offer", func() (bool, string) {
		moved := difference(calm, bruno.screen.capture(tools))
		return !moved.Empty(), moved.String()
	})
	if bruno.isAsked() {
		t.Error("an offer is asked about above the page")
	}
	bruno.settle()
	keepImage(t, "offered-closed", bruno.see())
	bruno.opensTogether()
	parts = bruno.waitForPanel("the offer", func(s panel) bool { return len(s.others) > len(before.others)+1 })
	bruno.settle()
	keepImage(t, "offered", bruno.see())
	bruno.screen.click(middle(parts.others[1])) // Accept, below Put in; Not now has no ground of its own
	bruno.waitForText("Plans\nfor the summer")
	bruno.waitUntilShown("Plans")
	bruno.waitForPanel("that the server is in it, and nothing is offered", func(s panel) bool { return len(s.others) == len(before.others) })
	bruno.settle()
	keepImage(t, "offer-accepted", bruno.see())
}
