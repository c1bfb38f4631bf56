package pairing

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"strconv"
	"testing"
	"time"

	"inkling/netsync/pairing/cpace"
)

var epoch = time.Unix(1_800_000_000, 0)

func address(n int) netip.Addr {
	var b [4]byte
	binary.BigEndian.PutUint32(b[:], uint32(n))
	return netip.AddrFrom4(b)
}

// seen returns the first effect of a kind.
func seen[E Effect](effects []Effect) (found E, ok bool) {
	for _, e := range effects {
		if e, is := e.(E); is {
			return e, true
		}
	}
	return found, false
}

// desk runs a Screen by hand.
type desk struct {
	Screen
	now    time.Time
	random *rand.ChaCha8
	next   TryID
}

func newDesk(seed uint64) *desk {
	var key [32]byte
	binary.BigEndian.PutUint64(key[:], seed)
	return &desk{now: epoch, random: rand.NewChaCha8(key)}
}

func (d *desk) dice() (b [32]byte) {
	d.random.Read(b[:])
	return b
}

func (d *desk) step(e Event) []Effect { return d.Step(d.now, d.dice(), e) }

// guess makes a whole try of a code and returns what the screen says at the end.
func (d *desk) guess(code string, from netip.Addr) []Effect {
	exporter := d.dice()
	guest := NewGuest(code, exporter, d.dice())
	d.next++
	effects := d.step(Begin{Try: d.next, From: from, Exporter: exporter, Share: guest.Share()})
	counter, ok := seen[Counter](effects)
	if !ok {
		return effects
	}
	tag, err := guest.Answer(counter.Share)
	if err != nil {
		panic(err)
	}
	return d.step(Confirm{Try: d.next, Tag: tag})
}

// TestThousandTries: whoever guesses, from however many addresses, has at most ten codes looked at per code, three from an
// address; the code that comes then is long; and whoever has not guessed gets in with it.
func TestThousandTries(t *testing.T) {
	for _, addresses := range []int{1, 4, 2_000} {
		d := newDesk(uint64(addresses))
		d.step(Show{})
		perCode, perSource, warned, barred := map[string]int{}, map[netip.Addr]int{}, 0, 0
		for i := range 1_000 {
			from, code := address(i%addresses), d.Code()
			effects := d.guess("nothing", from)
			if _, ok := seen[Believed](effects); ok {
				t.Fatal("a wrong code was believed")
			}
			if _, ok := seen[Warned](effects); ok {
				perCode[code]++
				perSource[from]++
				warned++
			}
			if r, ok := seen[Refuse](effects); ok && r.Reason == Barred {
				barred++
			}
		}
		if warned+barred != 1_000 || warned != min(1_000, addresses*TriesPerSource) {
			t.Errorf("%d addresses: %d tries looked at, %d barred", addresses, warned, barred)
		}
		for code, n := range perCode {
			if n > TriesPerCode {
				t.Errorf("%d addresses: %d tries of %q", addresses, n, code)
			}
		}
		for from, n := range perSource {
			if n > TriesPerSource {
				t.Errorf("%d tries from %v", n, from)
			}
		}
		if long := len(d.Code()) == LongCode; long != (warned >= TriesPerCode) {
			t.Errorf("%d addresses: after %d tries the code is %q", addresses, warned, d.Code())
		}
		if addresses < maxSources {
			if _, ok := seen[Believed](d.guess(d.Code(), address(9_999))); !ok {
				t.Errorf("%d addresses: the right code was not believed", addresses)
			}
		}
	}
}

// TestCaution: after too many wrong tries new codes are long for an hour.
func TestCaution(t *testing.T) {
	d := newDesk(1)
	d.step(Show{})
	for i := range TriesPerCode {
		d.guess("nothing", address(i))
	}
	d.step(Hide{})
	d.step(Show{})
	if len(d.Code()) != LongCode {
		t.Errorf("the next code is %q", d.Code())
	}
	d.now = d.now.Add(caution + time.Second)
	d.step(Tick{})
	d.step(Show{})
	if len(d.Code()) != ShortCode {
		t.Errorf("an hour later the code is %q", d.Code())
	}
}

// TestScreenLife: a code goes by itself, a try that hangs gives way, and neither is answered later.
func TestScreenLife(t *testing.T) {
	d := newDesk(1)
	if _, ok := seen[Refuse](d.guess("482913", address(1))); !ok {
		t.Error("a try without a code on the screen was not refused")
	}
	d.step(Show{})
	code := d.Code()
	guest := NewGuest(code, [32]byte{}, d.dice())
	counter, _ := seen[Counter](d.step(Begin{Try: 100, From: address(1), Share: guest.Share()}))
	tag, err := guest.Answer(counter.Share)
	if err != nil {
		t.Fatal(err)
	}
	if r, ok := seen[Refuse](d.guess(code, address(2))); !ok || r.Reason != Busy {
		t.Error("two tries at a time")
	}
	if at := d.Deadline(); !at.Equal(d.now.Add(TryPatience)) {
		t.Errorf("deadline %v", at.Sub(d.now))
	}
	d.now = d.Deadline()
	if r, ok := seen[Refuse](d.step(Tick{})); !ok || r.Try != 100 {
		t.Error("a try that hangs was not ended")
	}
	if r, ok := seen[Refuse](d.step(Confirm{Try: 100, Tag: tag})); !ok || r.Reason != NoCode {
		t.Error("a try that was ended goes on")
	}
	if _, ok := seen[Believed](d.guess(code, address(1))); !ok {
		t.Error("the right code is not believed")
	}
	d.now = d.Deadline()
	if s, ok := seen[Shown](d.step(Tick{})); !ok || s.Code != "" || !d.now.Equal(epoch.Add(CodeLife)) || !d.Deadline().IsZero() {
		t.Errorf("after %v the screen shows %q", d.now.Sub(epoch), d.Code())
	}
	if r, ok := seen[Refuse](d.guess(code, address(3))); !ok || r.Reason != NoCode {
		t.Error("a code that is gone is looked at")
	}
}

// mail is a message that is under way; mail is lost, doubled, late and out of order.
type mail struct {
	toScreen Event       // or:
	toGuest  *randomPeer // with
	effect   Effect
}

// randomPeer is a guest in a random run.
type randomPeer struct {
	try      TryID
	from     netip.Addr
	code     string // that it types
	exporter [32]byte
	relayed  bool // somebody stands between: the screen's end of the connection has another exporter
	guest    *Guest
	believed bool // by the screen
	believes bool
}

// TestRandomMeetings lets guests with right, old and wrong codes, some of them through a middleman, meet a screen over bad
// mail, and checks after each step: only who typed the very code that was on the screen, over one connection, is believed
// and believes; per code ten wrong tries are evaluated at most, from an address three; and one try at a time.
func TestRandomMeetings(t *testing.T) {
	runs := 50
	if n, err := strconv.Atoi(os.Getenv("INKLING_SEEDS")); err == nil {
		runs *= n
	}
	first, met := rand.Uint64(), 0
	for i := range runs {
		met += randomMeeting(t, first+uint64(i))
	}
	if met < runs/4 {
		t.Errorf("only %d meetings in %d runs: the runs try nothing", met, runs)
	}
}

func randomMeeting(t *testing.T, seed uint64) (met int) {
	d := newDesk(seed)
	r := rand.New(rand.NewPCG(seed, 1))
	fail := func(format string, args ...any) { t.Fatalf("seed %d: %s", seed, fmt.Sprintf(format, args...)) }
	var (
		post     []mail
		peers    = map[TryID]*randomPeer{}
		open     = map[TryID]string{} // tries with a counter and without an end → the code then
		ended    = map[TryID]bool{}
		codes    = []string{"nothing"}
		perCode  = map[string]int{}
		perShow  = map[netip.Addr]int{}
		showing  string
		evaluate = func(e Event, effects []Effect) {
			for _, effect := range effects {
				switch effect := effect.(type) {
				case Shown:
					if showing = effect.Code; showing != "" {
						codes = append(codes, showing)
					}
				case Counter:
					if open[effect.Try] = showing; len(open) > 1 {
						fail("%d tries at a time", len(open))
					}
					post = append(post, mail{toGuest: peers[effect.Try], effect: effect})
				case Refuse:
					delete(open, effect.Try)
					ended[effect.Try] = true
					post = append(post, mail{toGuest: peers[effect.Try], effect: effect})
				case Believed:
					p := peers[effect.Try]
					if p.code != open[effect.Try] || p.code != showing || p.relayed || p.believed || ended[effect.Try] {
						fail("believed %+v with %q on the screen", p, showing)
					}
					delete(open, effect.Try)
					p.believed = true
					met++
					post = append(post, mail{toGuest: p, effect: effect})
				case Warned:
					code := codes[len(codes)-1]
					if last := effects[len(effects)-1]; len(codes) > 1 {
						if s, ok := last.(Shown); ok && s.Code == code {
							code = codes[len(codes)-2] // replaced in this very step
						}
					}
					if perCode[code]++; perCode[code] > TriesPerCode {
						fail("%d tries of %q", perCode[code], code)
					}
					if perShow[effect.From]++; perShow[effect.From] > TriesPerSource || effect.Count > TriesPerSource {
						fail("%d tries from %v", perShow[effect.From], effect.From)
					}
				}
			}
			if _, is := e.(Show); is {
				clear(perShow)
			}
			if b, is := e.(BreakOff); is {
				delete(open, b.Try)
			}
		}
		step = func(e Event) { evaluate(e, d.step(e)) }
	)
	for range 60 + r.IntN(100) {
		d.now = d.now.Add(time.Duration(r.IntN(400)) * time.Millisecond)
		switch n := r.IntN(100); {
		case n < 3:
			step(Show{})
		case n < 4:
			step(Hide{})
		case n < 6:
			d.now = d.now.Add(time.Duration(r.IntN(120)) * time.Second)
			step(Tick{})
		case n < 30: // another guest
			d.next++
			p := &randomPeer{try: d.next, from: address(r.IntN(6)), code: codes[r.IntN(len(codes))], exporter: d.dice(), relayed: r.IntN(4) == 0}
			if r.IntN(2) == 0 {
				p.code = codes[len(codes)-1]
			}
			p.guest = NewGuest(p.code, p.exporter, d.dice())
			peers[p.try] = p
			e := p.exporter
			if p.relayed {
				e = d.dice()
			}
			post = append(post, mail{toScreen: Begin{Try: p.try, From: p.from, Exporter: e, Share: p.guest.Share()}})
		case n < 33 && d.next > 0:
			step(BreakOff{Try: 1 + TryID(r.IntN(int(d.next)))})
		case len(post) > 0:
			i := r.IntN(len(post))
			if r.IntN(2) == 0 {
				i = 0 // in order
			}
			m := post[i]
			if fate := r.IntN(12); fate != 0 || m.toScreen != nil && isBegin(m.toScreen) { // else doubled; a try begins once
				post = append(post[:i], post[i+1:]...)
				if fate == 1 {
					continue // lost
				}
			}
			if m.toScreen != nil {
				if c, is := m.toScreen.(Confirm); is && ended[c.Try] {
					step(c)
					continue
				}
				step(m.toScreen)
				continue
			}
			post = append(post, hears(m.toGuest, m.effect, fail)...)
		}
	}
	return met
}

func isBegin(e Event) bool { _, is := e.(Begin); return is }

// hears gives a guest what the screen sent it.
func hears(p *randomPeer, e Effect, fail func(string, ...any)) []mail {
	switch e := e.(type) {
	case Counter:
		tag, err := p.guest.Answer(e.Share)
		if err != nil {
			fail("%v", err)
		}
		return []mail{{toScreen: Confirm{Try: p.try, Tag: tag}}}
	case Believed:
		if !p.guest.Believes(e.Tag) || p.guest.Binder() != e.Binder {
			fail("a guest with the code does not believe the screen")
		}
		p.believes = true
	}
	return nil
}

// TestHostWithoutTheCode: one who answers a guest and has another code, or stands between, is not believed.
func TestHostWithoutTheCode(t *testing.T) {
	d := newDesk(1)
	exporter := d.dice()
	for name, host := range map[string]cpace.Terms{
		"another code":       terms("000000", exporter),
		"another connection": terms("482913", d.dice()),
	} {
		guest := NewGuest("482913", exporter, d.dice())
		x := cpace.Start(cpace.Responder, host, d.dice())
		if _, err := guest.Answer(x.Share()); err != nil {
			t.Fatal(err)
		}
		key, err := x.Finish(guest.Share())
		if err != nil {
			t.Fatal(err)
		}
		if guest.Believes(key.Tag()) {
			t.Errorf("a host with %s is believed", name)
		}
	}
	guest := NewGuest("482913", exporter, d.dice())
	tag, err := guest.Answer(guest.Share())
	if err == nil && guest.Believes(tag) {
		t.Error("a guest believes its own words")
	}
}
