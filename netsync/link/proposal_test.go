package link

import (
	"testing"

	"pgregory.net/rapid"

	"inkling/crdt"
	"inkling/netsync/wire"
)

// TestProposals: whatever both ends propose and reply, in any order, each proposal comes out once at the other end, each
// reply once at the one who proposed, and nobody is closed.
func TestProposals(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d, l := pair(true, true)
		talk(d, l)
		sides := []*side{d, l}
		var made, due [2]int // proposals made; proposals that came in and are not replied to
		for range rapid.IntRange(1, 80).Draw(t, "steps") {
			i := rapid.IntRange(0, 1).Draw(t, "side")
			me, you := sides[i], sides[1-i]
			replied := len(told[Replied](me))
			due[i] = len(told[Proposed](me)) - countReplies(me)
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				if made[i]-replied < wire.MaxProposals {
					made[i]++
					me.give(epoch, Proposes{wire.Propose{Title: "Tea"}}, you)
				}
			case 1:
				if due[i] > 0 {
					me.give(epoch, Replies{wire.Reply{Doc: crdt.DocID{1}, Verdict: wire.Taken}}, you)
				}
			case 2:
				settle(d, l)
			}
		}
		settle(d, l)
		for i, me := range sides {
			you := sides[1-i]
			if got := len(told[Proposed](you)); got != made[i] {
				t.Fatalf("%d proposals came of %d", got, made[i])
			}
			if got, want := len(told[Replied](me)), countReplies(you); got != want {
				t.Fatalf("%d replies came of %d", got, want)
			}
			if len(told[Close](me)) != 0 {
				t.Fatalf("closed: %v", told[Close](me))
			}
		}
	})
}

func countReplies(s *side) (n int) {
	for _, m := range told[Send](s) {
		if _, reply := m.Message.(wire.Reply); reply {
			n++
		}
	}
	return n
}

// TestTooManyProposals: one more than may wait, and a reply to nothing, are the end of the link.
func TestTooManyProposals(t *testing.T) {
	d, l := pair(true, true)
	talk(d, l)
	for range wire.MaxProposals + 1 {
		l.give(epoch, Received{wire.Propose{}}, d)
	}
	if c := told[Close](l); len(c) != 1 || c[0].Code != wire.Unexpected || len(told[Proposed](l)) != wire.MaxProposals {
		t.Errorf("too many: closes %v after %d", c, len(told[Proposed](l)))
	}
	d.give(epoch, Received{wire.Reply{Verdict: wire.Taken}}, l)
	if c := told[Close](d); len(c) != 1 || c[0].Code != wire.Unexpected {
		t.Errorf("a reply to nothing: closes %v", c)
	}
}

// TestEarlyWords: what a host proposes and says of itself before the guest has stored who it is comes out afterwards.
func TestEarlyWords(t *testing.T) {
	d, l := strangers(Exporter{})
	p := newScreen()
	p.seen, p.grant = len(l.effects), wire.Paired{Name: "L"}
	meet(d, l, p, p.Code(), Exporter{})
	l.give(epoch, Proposes{wire.Propose{Title: "Tea"}}, d)
	l.give(epoch, Condition{wire.Condition{Unattended: true}}, d)
	settle(d, l)
	if len(told[Proposed](d))+len(told[Conditioned](d)) != 0 {
		t.Errorf("told before the host is known: %v", d.effects)
	}
	d.give(epoch, Adopted{}, l)
	settle(d, l)
	if p := told[Proposed](d); len(p) != 1 || p[0].Propose.Title != "Tea" {
		t.Errorf("proposed %v", p)
	}
	if c := told[Conditioned](d); len(c) != 1 || !c[0].Condition.Unattended {
		t.Errorf("conditioned %v", c)
	}
	d.give(epoch, Replies{wire.Reply{Verdict: wire.Waits}}, l)
	settle(d, l)
	if r := told[Replied](l); len(r) != 1 || len(told[Close](l))+len(told[Close](d)) != 0 {
		t.Errorf("replied %v, closed %v %v", r, told[Close](l), told[Close](d))
	}
}

// TestConditionIsNews: it is told once, and again when it is another.
func TestConditionIsNews(t *testing.T) {
	d, l := pair(true, true)
	talk(d, l)
	for _, full := range []bool{false, true, true, false, false} {
		l.give(epoch, Condition{wire.Condition{Full: full}}, d)
	}
	settle(d, l)
	if c := told[Conditioned](d); len(c) != 2 || !c[0].Condition.Full || c[1].Condition.Full {
		t.Errorf("told %v", c)
	}
}
