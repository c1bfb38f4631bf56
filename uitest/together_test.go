//go:build linux

package uitest

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// What the program promises to people (README).
const (
	nearbyPromise = 2 * time.Second // from the second opening of Together to the names
	awayPromise   = 5 * time.Second // from the cut to "is away"
	mergePromise  = 5 * time.Second // from the healing to equal texts
)

// Two people who have never met on a network, and a third whom nobody invited.
func TestTwoPeopleComeTogether(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	used := comeTogether(t, ana, bruno)
	writeAScene(t, ana, bruno)
	fresh := ana.invites()
	if fresh == used {
		t.Error("the second invite is the first one")
	}

	cleo := newPerson(t, "Cleo", lan.machine())
	cleo.start()
	cleo.types("Own notes")
	cleo.waitForText("Own notes")
	for what, link := range map[string]string{
		"nonsense":                "inkling:nonsense",
		"a used invite":           used,
		"an altered invite":       altered(fresh),
		"an invite that was cut":  fresh[:len(fresh)/2],
		"something else entirely": "https://example.org/",
	} {
		r := cleo.inkling("join", link)
		if r.exit != 1 || len(strings.Fields(r.stderr)) < 5 || strings.Count(r.stderr, "\n") != 1 {
			t.Errorf("%s: one sentence is expected: %v", what, r)
		}
		t.Logf("%s: %s", what, r.stderr)
		if ana.isAsked() {
			t.Errorf("%s: Ana is asked whether Cleo may come in", what)
		}
	}
	cleo.opensTogether()
	cleo.asksToJoin(used)
	cleo.settle()
	keepImage(t, "used-invite", cleo.see())
	if docs := cleo.documents(); len(docs) != 1 || docs[0].title != "Own notes" {
		t.Errorf("the stranger has %v", docs)
	}
	if _, err := ana.sees("Cleo"); err == nil {
		t.Error("the stranger is in a document")
	}
}

// writeAScene lets both write what a person might, and keeps the picture of it.
func writeAScene(t *testing.T, ana, bruno *person) {
	t.Helper()
	ana.presses("Ctrl+End")
	ana.types("\nWe take the night train on the third, then the coast on foot.\n")
	same(t, ana, bruno, textPatience)
	ana.presses("Up", "End")
	bruno.presses("Ctrl+End")
	both(func() { ana.types(" Who books?") }, func() { bruno.types("I do, and I bring the tent.") })
	for _, p := range []*person{ana, bruno} {
		p.waitForText("Plans\nfor the summer\nWe take the night train on the third, then the coast on foot. Who books?\nI do, and I bring the tent.")
	}
	keepImage(t, "two-windows", sideBySide(ana.see(), bruno.see()))
}

// The same on one computer without any network: two libraries, over the loopback.
func TestTwoLibrariesOnOneComputer(t *testing.T) {
	computer := lonelyMachine(t)
	ana, bruno := newPerson(t, "Ana", computer), newPerson(t, "Bruno", computer)
	comeTogether(t, ana, bruno)
	ana.presses("Ctrl+End")
	ana.types(" and me")
	bruno.waitForText("Plans\nfor the summer and me")
}

// On a network that carries no multicast nobody appears by themselves; an invite leads
// there all the same.
func TestInviteWithoutMulticast(t *testing.T) {
	lan := newNetwork(t)
	ana, bruno := newPerson(t, "Ana", lan.machine()), newPerson(t, "Bruno", lan.machine())
	lan.dropMulticast()
	ana.start()
	ana.types("By link alone")
	bruno.start()
	ana.opensTogether()
	bruno.opensTogether()
	time.Sleep(nearbyPromise) // names would be there by then
	if a, b := ana.status().Nearby, bruno.status().Nearby; len(a)+len(b) > 0 {
		t.Errorf("Ana sees %q and Bruno %q nearby: the network is not as this test wants it", a, b)
	}
	share(t, ana, bruno)
	bruno.waitForText("By link alone")
	bruno.presses("Ctrl+End")
	bruno.types(", and back")
	ana.waitForText("By link alone, and back")
	t.Logf("Ana is told %q", ana.status().Trouble)
}

// comeTogether lets two people who start Inkling for the first time find each other,
// and lets Ana invite Bruno, all by the mouse. It returns the invite that was used.
func comeTogether(t *testing.T, ana, bruno *person) (link string) {
	t.Helper()
	ana.start()
	ana.types("Plans\nfor the summer")
	bruno.start()
	ana.opensTogether()
	bruno.opensTogether()
	took := eventually(t, nearbyPromise, "each sees the other's name nearby", func() (bool, string) {
		a, b := ana.status(), bruno.status()
		return slices.Contains(a.Nearby, "Bruno") && slices.Contains(b.Nearby, "Ana"),
			fmt.Sprintf("Ana sees %q %q, Bruno sees %q %q", a.Nearby, a.Trouble, b.Nearby, b.Trouble)
	})
	t.Logf("nearby after %v", took)
	ana.settle()
	bruno.settle()
	keepImage(t, "nearby", sideBySide(ana.see(), bruno.see()))

	start := time.Now()
	link = ana.invites()
	bruno.asksToJoin(link)
	ana.waitUntilAsked()
	bruno.settle()
	keepImage(t, "asked", sideBySide(ana.see(), bruno.see()))
	ana.letsIn()
	bruno.waitForText("Plans\nfor the summer")
	bruno.waitUntilShown("Plans")
	t.Logf("from the click on Invite to the text on the other side: %v", time.Since(start))
	bruno.settle()
	keepImage(t, "joined", sideBySide(ana.see(), bruno.see()))
	checkCompany(t, ana, "Bruno")
	checkCompany(t, bruno, "Ana")
	return link
}

// checkCompany checks what a window shows of the other one when two have come together.
func checkCompany(t *testing.T, p *person, other string) {
	t.Helper()
	waitForForeignCaret(t, p)
	if nearby := p.status().Nearby; len(nearby) > 1 || len(nearby) == 1 && nearby[0] != other {
		t.Errorf("%s is told that %q are nearby: it is %s alone", p.name, nearby, other)
	}
	p.moveAside()
	p.settle()
	if parts := p.panel(); len(parts.calls) != 1 || parts.calls[0].Dy() < buttonHeight {
		t.Errorf("%s's panel has the button Invite in %v: another part lies over it", p.name, parts.calls)
	}
}

// altered returns a link with one character of its secret changed: the characters 45
// to 65 after # (netsync/pairing/invite.go).
func altered(link string) string {
	b := []byte(link)
	i := strings.Index(link, "#") + 50
	if b[i] == 'a' {
		b[i] = 'b'
	} else {
		b[i] = 'a'
	}
	return string(b)
}
