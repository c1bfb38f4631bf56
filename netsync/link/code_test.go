package link

import (
	"testing"

	"pgregory.net/rapid"

	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// screen answers what the machine of s asks about tries, with the code; nil when it asks nothing.
type screen struct {
	pairing.Screen
	seen  int          // effects
	grant wire.Message // to who was believed: Joined or Paired
}

func newScreen() *screen {
	s := &screen{grant: wire.Joined{Name: "L"}}
	s.Step(epoch, [32]byte{1}, pairing.Show{})
	return s
}

// judge returns the answer to what s has asked since the last time.
func (p *screen) judge(s *side, e Exporter) Event {
	for ; p.seen < len(s.effects); p.seen++ {
		var effects []pairing.Effect
		switch effect := s.effects[p.seen].(type) {
		case Tried:
			effects = p.Step(epoch, [32]byte{2}, pairing.Begin{Try: 1, Exporter: e, Share: effect.Share})
		case Confirmed:
			effects = p.Step(epoch, [32]byte{3}, pairing.Confirm{Try: 1, Tag: effect.Tag})
		case Presented:
			p.seen++
			return Decided{p.grant}
		}
		for _, effect := range effects {
			p.seen++
			switch effect := effect.(type) {
			case pairing.Counter:
				return Judged{Answer: wire.Share{Share: effect.Share}}
			case pairing.Believed:
				return Judged{Answer: wire.Reveal{Tag: effect.Tag}, Binder: effect.Binder}
			case pairing.Refuse:
				return Judged{Answer: wire.Refused{Reason: wire.WrongCode}}
			}
		}
	}
	return nil
}

// meet has d type a code that l shows, on links with these exporters.
func meet(d, l *side, p *screen, code string, le Exporter) {
	d.give(epoch, Typed{Code: code, Random: [32]byte{4}, Name: "D"}, l)
	for range 10 {
		settle(d, l)
		if answer := p.judge(l, le); answer != nil {
			l.give(epoch, answer, d)
		}
	}
}

// strangers returns a dialler that looks for nobody known, and a listener.
func strangers(le Exporter) (d, l *side) {
	d = &side{m: NewDialler(Self{Key: key(1), Name: "D"}, Exporter{}, nil, [32]byte{9}, false, epoch)}
	l = &side{m: NewListener(Self{Key: key(2), Name: "L"}, le, epoch)}
	talk(d, l)
	return d, l
}

// TestCodeOverHandshake: a code, for a document and for the device alone, is typed by one who knows nobody, one who knows
// the host, one who is known.
func TestCodeOverHandshake(t *testing.T) {
	for _, grant := range []wire.Message{wire.Joined{Name: "L"}, wire.Paired{Name: "L"}} {
		codeOverHandshake(t, grant)
	}
}

func codeOverHandshake(t *testing.T, grant wire.Message) {
	for name, start := range map[string]func() (d, l *side){
		"strangers": func() (d, l *side) { return strangers(Exporter{}) },
		"unknown":   func() (d, l *side) { d, l = pair(true, false); talk(d, l); return d, l },
		"admitted":  func() (d, l *side) { d, l = pair(true, true); talk(d, l); return d, l },
	} {
		d, l := start()
		p := newScreen()
		p.seen, p.grant = len(l.effects), grant
		meet(d, l, p, p.Code(), Exporter{})
		if met := told[Met](d); len(met) != 1 || met[0].Peer != ID(key(2)) {
			t.Errorf("%s: the guest met %v; effects %v", name, met, d.effects)
		}
		if p := told[Presented](l); len(p) != 1 || p[0].Peer != ID(key(1)) || p[0].Name != "D" {
			t.Errorf("%s: the host was presented %v", name, p)
		}
		if a := told[JoinAnswered](d); len(a) != 1 || a[0].Answer != grant {
			t.Errorf("%s: the guest was answered %v", name, a)
		}
		d.give(epoch, Adopted{}, l)
		settle(d, l)
		if a, b := told[Admitted](d), told[Admitted](l); len(a) != 1 || len(b) != 1 || a[0].Peer != ID(key(2)) || b[0].Peer != ID(key(1)) {
			t.Errorf("%s: admitted %v, %v", name, a, b)
		}
		if len(told[Close](d))+len(told[Close](l)) != 0 {
			t.Errorf("%s: closed %v %v", name, told[Close](d), told[Close](l))
		}
	}
}

// TestNothingIsTold: with a wrong code, or somebody between, neither end tells a key or a name.
func TestNothingIsTold(t *testing.T) {
	for name, c := range map[string]struct {
		code string
		e    Exporter
	}{"a wrong code": {"abcdefghjkmn", Exporter{}}, "a middleman": {"", Exporter{7}}} {
		d, l := strangers(c.e)
		p := newScreen()
		p.seen = len(l.effects)
		if c.code == "" {
			c.code = p.Code()
		}
		meet(d, l, p, c.code, c.e)
		if len(told[Met](d))+len(told[Presented](l))+len(told[Admitted](d))+len(told[Admitted](l)) != 0 {
			t.Errorf("%s: effects %v %v", name, d.effects, l.effects)
		}
		for _, s := range append(told[Send](d), told[Send](l)...) {
			switch s.Message.(type) {
			case wire.Reveal, wire.Present, wire.Hello, wire.Prove, wire.Call:
				t.Errorf("%s: told %#v", name, s.Message)
			}
		}
		if a := told[JoinAnswered](d); len(a) != 1 || a[0].Answer != (wire.Refused{Reason: wire.WrongCode}) || !a[0].Spent {
			t.Errorf("%s: answered %v", name, a)
		}
	}
}

// TestSelfPairing: a program that reaches itself, with the right code even, does not pair with itself.
func TestSelfPairing(t *testing.T) {
	d := &side{m: NewDialler(Self{Key: key(2), Name: "L"}, Exporter{}, nil, [32]byte{9}, false, epoch)}
	l := &side{m: NewListener(Self{Key: key(2), Name: "L"}, Exporter{}, epoch)}
	talk(d, l)
	p := newScreen()
	p.seen = len(l.effects)
	meet(d, l, p, p.Code(), Exporter{})
	if c := told[Close](d); len(c) != 1 || c[0].Code != wire.WrongPeer || len(told[Met](d))+len(told[Presented](l)) != 0 {
		t.Errorf("effects %v %v", d.effects, l.effects)
	}
}

// TestRefusedLate: the code goes while the guest's proof is on its way: both stay, and another try is possible.
func TestRefusedLate(t *testing.T) {
	d, l := pair(true, true)
	talk(d, l)
	p := newScreen()
	p.seen = len(l.effects)
	d.give(epoch, Typed{Code: p.Code(), Random: [32]byte{4}}, l)
	l.give(epoch, Received{l.inbox[0]}, d)
	l.inbox = nil
	l.give(epoch, p.judge(l, Exporter{}), d)
	l.give(epoch, Judged{Answer: wire.Refused{Reason: wire.NoCode}}, d)
	settle(d, l)
	if a := told[JoinAnswered](d); len(a) != 1 || !a[0].Spent || len(told[Close](d))+len(told[Close](l)) != 0 {
		t.Fatalf("effects %v %v", d.effects, l.effects)
	}
	p = newScreen()
	p.seen = len(l.effects)
	meet(d, l, p, p.Code(), Exporter{})
	if len(told[Presented](l)) != 1 {
		t.Errorf("the next try: %v %v", d.effects, l.effects)
	}
}

// TestHostileGuest sends any messages in any order to a host that has a code on the screen, as a stranger and as a peer: it
// never panics, and never reveals itself or lets anybody in, for the code is not known.
func TestHostileGuest(t *testing.T) {
	share := pairing.NewGuest("nothing", Exporter{}, [32]byte{8}).Share()
	messages := []wire.Message{
		wire.Try{Share: share}, wire.Try{}, wire.Share{Share: share}, wire.Confirm{}, wire.Reveal{Key: ID(key(3))},
		wire.Present{Key: ID(key(3))}, wire.Join{}, wire.Joined{}, wire.Paired{}, wire.Refused{Reason: wire.NoCode}, wire.Call{Name: "E"}, wire.Hello{Name: "E"},
	}
	rapid.Check(t, func(t *rapid.T) {
		d, l := pair(true, rapid.Bool().Draw(t, "a peer"))
		talk(d, l)
		p := newScreen()
		p.seen = len(l.effects)
		for range rapid.IntRange(1, 12).Draw(t, "count") {
			l.give(epoch, Received{rapid.SampledFrom(messages).Draw(t, "message")}, d)
			answer := p.judge(l, Exporter{})
			if rapid.IntRange(0, 3).Draw(t, "hidden") == 0 {
				l.give(epoch, Judged{Answer: wire.Refused{Reason: wire.NoCode}}, d)
				answer = nil
			}
			if answer != nil {
				l.give(epoch, answer, d)
			}
		}
		if len(told[Presented](l)) != 0 {
			t.Fatalf("effects %v", l.effects)
		}
		for _, s := range told[Send](l) {
			if _, reveal := s.Message.(wire.Reveal); reveal {
				t.Fatal("the host has revealed itself")
			}
		}
	})
}

// TestFalseHosts: a host that knows the code or does not, and alters what it reveals, is left, and is told nothing.
func TestFalseHosts(t *testing.T) {
	for name, alter := range map[string]func(r wire.Reveal, binder [32]byte) wire.Reveal{
		"no tag":      func(r wire.Reveal, _ [32]byte) wire.Reveal { r.Tag = [64]byte{}; return r },
		"another key": func(r wire.Reveal, _ [32]byte) wire.Reveal { r.Key = ID(key(3)); return r },
		"a guest's signature": func(r wire.Reveal, b [32]byte) wire.Reveal {
			r.Signature = sign(key(2), roleGuest, Exporter{}, b[:])
			return r
		},
		"a signature without the binder": func(r wire.Reveal, _ [32]byte) wire.Reveal {
			r.Signature = sign(key(2), roleHost, Exporter{})
			return r
		},
		"the guest's own key": func(r wire.Reveal, b [32]byte) wire.Reveal {
			return wire.Reveal{Tag: r.Tag, Key: ID(key(1)), Signature: sign(key(1), roleHost, Exporter{}, b[:])}
		},
		"another device than before": func(r wire.Reveal, b [32]byte) wire.Reveal {
			return wire.Reveal{Tag: r.Tag, Key: ID(key(3)), Signature: sign(key(3), roleHost, Exporter{}, b[:])}
		},
	} {
		d, l := pair(true, false) // the guest knows that this is key 2
		talk(d, l)
		host := handHost(d, l)
		sent := len(told[Send](d))
		d.give(epoch, Received{alter(host.reveal, host.binder)}, l)
		if c := told[Close](d); len(c) != 1 || c[0].Code != wire.WrongPeer || len(told[Met](d)) != 0 || len(told[Send](d)) != sent {
			t.Errorf("%s: effects %v", name, d.effects[len(d.effects)-2:])
		}
	}
	d, l := pair(true, false)
	talk(d, l)
	d.give(epoch, Received{handHost(d, l).reveal}, l)
	if len(told[Met](d)) != 1 {
		t.Errorf("an unaltered one: effects %v", d.effects)
	}
}

// TestFalseGuests: a guest that knows the code and presents another's key, the host's own, or another than before.
func TestFalseGuests(t *testing.T) {
	for name, present := range map[string]func(binder [32]byte) wire.Present{
		"no signature": func([32]byte) wire.Present { return wire.Present{Key: ID(key(1))} },
		"a host's signature": func(b [32]byte) wire.Present {
			return wire.Present{Key: ID(key(1)), Signature: sign(key(1), roleHost, Exporter{}, b[:])}
		},
		"no binder": func([32]byte) wire.Present {
			return wire.Present{Key: ID(key(1)), Signature: sign(key(1), roleGuest, Exporter{})}
		},
		"the host's own key": func(b [32]byte) wire.Present {
			return wire.Present{Key: ID(key(2)), Signature: sign(key(2), roleGuest, Exporter{}, b[:])}
		},
		"another than before": func(b [32]byte) wire.Present {
			return wire.Present{Key: ID(key(3)), Signature: sign(key(3), roleGuest, Exporter{}, b[:])}
		},
	} {
		for _, anonymous := range []bool{false, true} {
			if anonymous && name == "another than before" {
				continue // nothing was proved before
			}
			d, l := pair(true, false)
			if anonymous {
				d, l = strangers(Exporter{})
			} else {
				talk(d, l)
			}
			binder := handHost(d, l).binder
			l.give(epoch, Received{present(binder)}, d)
			if c := told[Close](l); len(c) != 1 || c[0].Code != wire.WrongPeer || len(told[Presented](l)) != 0 {
				t.Errorf("%s (anonymous %v): effects %v", name, anonymous, l.effects)
			}
		}
	}
}

type revealed struct {
	reveal wire.Reveal
	binder [32]byte
}

// handHost lets d type the code that l shows, as far as what l reveals, which d has not got yet.
func handHost(d, l *side) revealed {
	p := newScreen()
	p.seen = len(l.effects)
	d.give(epoch, Typed{Code: p.Code(), Random: [32]byte{4}, Name: "D"}, l)
	for {
		settle(d, l)
		answer := p.judge(l, Exporter{}).(Judged)
		l.give(epoch, answer, d)
		if _, reveal := answer.Answer.(wire.Reveal); reveal {
			sent := d.inbox[len(d.inbox)-1].(wire.Reveal)
			d.inbox = nil
			return revealed{sent, answer.Binder}
		}
	}
}

// TestPairedAnswersACode: Paired is no answer to an invite, nor to a code that the guest has not proved yet.
func TestPairedAnswersACode(t *testing.T) {
	d, l := pair(true, false)
	talk(d, l)
	d.give(epoch, Asked{wire.Join{Name: "D"}}, l)
	d.give(epoch, Received{wire.Paired{Name: "L"}}, l)
	if c := told[Close](d); len(c) != 1 || c[0].Code != wire.Unexpected || len(told[JoinAnswered](d)) != 0 {
		t.Errorf("to an invite: effects %v", d.effects)
	}
	d, l = strangers(Exporter{})
	d.give(epoch, Typed{Code: "482913", Name: "D"}, l)
	d.give(epoch, Received{wire.Paired{Name: "L"}}, l)
	if c := told[Close](d); len(c) != 1 || c[0].Code != wire.Unexpected || len(told[JoinAnswered](d)) != 0 {
		t.Errorf("to a share: effects %v", d.effects)
	}
}
