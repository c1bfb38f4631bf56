package app_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Real programs on computers with a switch between them. How long something took is
// printed; nothing asserts it.

// pair makes two devices that share the document Notes, by a link.
func pair(t *testing.T) (ana, ben *device) {
	t.Helper()
	net := newLAN(t)
	ana, ben = net.device("Ana"), net.device("Ben")
	ana.serve()
	ben.serve()
	ana.writes("Notes")
	link := ana.invites("Notes")
	began := time.Now()
	ben.must("join", link)
	t.Logf("%7.2f s: Ben joined by a link", time.Since(began).Seconds())
	waitEqual(t, "Notes", nil, ana, ben)
	return ana, ben
}

// bothWrite has two people write at once, and returns the lines.
func bothWrite(ana, ben *device, about string) []string {
	lines := []string{"Ana on " + about, "Ben on " + about}
	ana.must("append", "Notes", lines[0])
	ben.must("append", "Notes", lines[1])
	return lines
}

func TestProgramsMeet(t *testing.T) {
	if !inside(t) {
		return
	}
	net := newLAN(t)
	ana, ben, cleo := net.device("Ana"), net.device("Ben"), net.device("Cleo")
	for _, d := range []*device{ana, ben, cleo} {
		d.serve()
	}
	ana.writes("Notes")
	began := time.Now()
	ben.must("join", ana.invites("Notes"))
	t.Logf("%7.2f s: Ben joined by a link", time.Since(began).Seconds())
	waitEqual(t, "Notes", nil, ana, ben)
	lines := bothWrite(ana, ben, "the first day")
	waitEqual(t, "Notes", lines, ana, ben)

	code := ana.showsCode("Notes")
	began = time.Now()
	cleo.must("join", code)
	t.Logf("%7.2f s: Cleo joined by the code, which she sent to nobody's address", time.Since(began).Seconds())
	cleo.must("append", "Notes", "Cleo too")
	waitEqual(t, "Notes", append(lines, "Cleo too"), ana, ben, cleo)
	if !ana.sees(cleo) || !ana.sees(ben) {
		t.Errorf("Ana does not see both: %s", ana.must("status"))
	}
}

// One of two hears no multicast, and both come back with new addresses, so that only a
// question to all finds anybody: one of them asks, and dials. The deaf one is running when
// the other comes.
func TestMulticastOneWay(t *testing.T) {
	for _, deaf := range []string{"Ana", "Ben"} {
		t.Run(deaf, func(t *testing.T) {
			if !inside(t) {
				return
			}
			ana, ben := pair(t)
			first, second := ana, ben
			if deaf == ben.name {
				first, second = ben, ana
			}
			for i, d := range []*device{ana, ben} {
				d.end()
				d.setAddress(fmt.Sprintf("10.77.0.%d", 21+i))
			}
			first.deafen()
			first.serve()
			second.serve()
			waitEqual(t, "Notes", bothWrite(ana, ben, "another day"), ana, ben)
		})
	}
}

// Somebody behind a port without multicast joins by a code.
func TestCodeBehindDeafPort(t *testing.T) {
	if !inside(t) {
		return
	}
	net := newLAN(t)
	ana, ben := net.device("Ana"), net.device("Ben")
	ben.deafen()
	ana.serve()
	ben.serve()
	ana.writes("Notes")
	code := ana.showsCode("Notes")
	began := time.Now()
	ben.must("join", code)
	t.Logf("%7.2f s: Ben joined by the code", time.Since(began).Seconds())
	waitEqual(t, "Notes", bothWrite(ana, ben, "that day"), ana, ben)
}

// The cable is out for a while, in which both write.
func TestCableOut(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	var lines []string
	for _, out := range []time.Duration{2 * time.Second, 10 * time.Second} {
		ben.unplug()
		lines = append(lines, bothWrite(ana, ben, fmt.Sprintf("the %v without a cable", out))...)
		time.Sleep(out) // what the test tries
		if text := ana.must("export", "Notes"); strings.Contains(text, lines[len(lines)-1]) {
			t.Fatal("the cable is out and the text came: the test tests nothing")
		}
		ben.plugIn()
		waitEqual(t, "Notes", lines, ana, ben)
	}
	ben.unplug()
	wait(t, "both are away to each other", func() bool { return !ana.sees(ben) && !ben.sees(ana) })
	lines = append(lines, bothWrite(ana, ben, "a long time without a cable")...)
	ben.plugIn()
	waitEqual(t, "Notes", lines, ana, ben)
	wait(t, "both are here again", func() bool { return ana.sees(ben) && ben.sees(ana) })
}

// A computer gets another address, while the cable is in and while it is out; first the
// one that dialled, then the one that was dialled.
func TestNewAddress(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	var lines []string
	for i, d := range []*device{ben, ana} {
		d.setAddress(fmt.Sprintf("10.77.0.%d", 30+i))
		lines = append(lines, bothWrite(ana, ben, d.name+"'s new address")...)
		waitEqual(t, "Notes", lines, ana, ben)
	}
	for i, d := range []*device{ben, ana} {
		d.unplug()
		lines = append(lines, bothWrite(ana, ben, d.name+"'s other place")...)
		d.setAddress(fmt.Sprintf("10.77.0.%d", 40+i))
		d.plugIn()
		waitEqual(t, "Notes", lines, ana, ben)
	}
	ana.setAddress("10.77.0.50")
	ben.setAddress("10.77.0.51")
	lines = append(lines, bothWrite(ana, ben, "both new addresses")...)
	waitEqual(t, "Notes", lines, ana, ben)
}
