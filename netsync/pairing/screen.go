package pairing

import (
	"net/netip"
	"time"

	"inkling/netsync/pairing/cpace"
)

// Limits of guessing.
const (
	CodeLife       = 10 * time.Minute // then the code goes by itself
	TriesPerSource = 3                // wrong or broken off, from one address, while a code is on the screen
	TriesPerCode   = 10               // wrong ones; then another code takes its place
	// TryPatience is how long one try may take: while it does, all others wait.
	TryPatience = 2 * time.Second
	// caution is how long after too many wrong tries a new code is a long one from the start.
	caution    = time.Hour
	maxSources = 1_024 // addresses that are counted; those beyond have no try
)

// Screen is the code that the person has on the screen, and the tries of those who type it elsewhere: a state machine.
// The zero Screen shows nothing. It is not safe for concurrent use.
type Screen struct {
	code    string // "": nothing is shown
	until   time.Time
	wrong   int                // tries with this code
	sources map[netip.Addr]int // wrong or broken tries since a code was put on the screen
	try     *try               // the one that is under way
	careful time.Time          // until then new codes are long
}

// TryID names a try: whoever runs the screen numbers them.
type TryID uint64

type try struct {
	id       TryID
	from     netip.Addr
	key      *cpace.Key
	deadline time.Time
}

// Event is what happened to a screen.
type Event interface{ event() }

type (
	// Show puts a new code on the screen, in the place of one that is there.
	Show struct{}
	// Hide takes the code off the screen.
	Hide struct{}
	// Begin is a guest's share, on the connection with this exporter.
	Begin struct {
		Try      TryID
		From     netip.Addr
		Exporter [32]byte
		Share    [cpace.ShareSize]byte
	}
	// Confirm is the tag of the guest.
	Confirm struct {
		Try TryID
		Tag [cpace.TagSize]byte
	}
	// BreakOff says that no more comes of a try.
	BreakOff struct{ Try TryID }
	// Tick says that the time of [Screen.Deadline] has come.
	Tick struct{}
)

func (Show) event()     {}
func (Hide) event()     {}
func (Begin) event()    {}
func (Confirm) event()  {}
func (BreakOff) event() {}
func (Tick) event()     {}

// Effect is what whoever runs the screen has to do.
type Effect interface{ effect() }

type (
	// Shown says what is on the screen now, until when; "": nothing.
	Shown struct {
		Code  string
		Until time.Time
	}
	// Counter is the host's share, for the guest.
	Counter struct {
		Try   TryID
		Share [cpace.ShareSize]byte
	}
	// Believed: the guest has typed the code. It may know who shows it: the tag is for the guest, and both sign Binder.
	Believed struct {
		Try    TryID
		Tag    [cpace.TagSize]byte
		Binder [32]byte
	}
	// Refuse ends a try, or does not let it begin.
	Refuse struct {
		Try    TryID
		Reason Refusal
	}
	// Warned: somebody typed a wrong code. The person is to know.
	Warned struct {
		From  netip.Addr
		Count int // of wrong or broken tries from there, while a code is on the screen
	}
)

func (Shown) effect()    {}
func (Counter) effect()  {}
func (Believed) effect() {}
func (Refuse) effect()   {}
func (Warned) effect()   {}

// Refusal says why a try comes to nothing.
type Refusal int

const (
	NoCode    Refusal = iota // nothing is on the screen
	WrongCode                // that is not the one on the screen, or no more
	Barred                   // too many tries from that address
	Busy                     // another try is under way
)

// Code returns what is on the screen; "": nothing.
func (s *Screen) Code() string { return s.code }

// Deadline says when Step wants a Tick; zero: never.
func (s *Screen) Deadline() time.Time {
	if s.try != nil && s.try.deadline.Before(s.until) {
		return s.try.deadline
	}
	return s.until
}

// Step takes what happened, with 32 random bytes that are used for nothing else, and returns what to do.
func (s *Screen) Step(now time.Time, random [32]byte, e Event) []Effect {
	effects := s.expire(now)
	switch e := e.(type) {
	case Show:
		return append(effects, s.show(now, random)...)
	case Hide:
		return append(effects, s.hide()...)
	case Begin:
		return append(effects, s.begin(now, random, e)...)
	case Confirm:
		return append(effects, s.confirm(now, random, e)...)
	case BreakOff:
		if s.try != nil && s.try.id == e.Try {
			s.breakOff()
		}
	}
	return effects
}

// expire ends what has lasted for too long.
func (s *Screen) expire(now time.Time) []Effect {
	if s.code != "" && !now.Before(s.until) {
		return s.hide()
	}
	if s.try != nil && !now.Before(s.try.deadline) {
		id := s.try.id
		s.breakOff()
		return []Effect{Refuse{Try: id, Reason: Busy}}
	}
	return nil
}

func (s *Screen) show(now time.Time, random [32]byte) []Effect {
	effects := s.drop()
	s.sources = map[netip.Addr]int{}
	s.until = now.Add(CodeLife)
	return append(effects, s.draw(now, random))
}

// draw puts a code on the screen that was not there before.
func (s *Screen) draw(now time.Time, random [32]byte) Effect {
	s.wrong = 0
	if now.Before(s.careful) {
		s.code = drawCode(letters, LongCode, random)
	} else {
		s.code = drawCode(digits, ShortCode, random)
	}
	return Shown{Code: s.code, Until: s.until}
}

func (s *Screen) hide() []Effect {
	if s.code == "" {
		return nil
	}
	effects := s.drop()
	s.code, s.until, s.sources = "", time.Time{}, nil
	return append(effects, Shown{})
}

// drop ends the try that is under way because its code is gone.
func (s *Screen) drop() []Effect {
	if s.try == nil {
		return nil
	}
	id := s.try.id
	s.try = nil
	return []Effect{Refuse{Try: id, Reason: NoCode}}
}

// breakOff counts the try that is under way: it has told its maker nothing, but kept others waiting.
func (s *Screen) breakOff() {
	s.sources[s.try.from]++
	s.try = nil
}

func (s *Screen) begin(now time.Time, random [32]byte, e Begin) []Effect {
	refuse := func(r Refusal) []Effect { return []Effect{Refuse{Try: e.Try, Reason: r}} }
	count, counted := s.sources[e.From]
	switch {
	case s.code == "":
		return refuse(NoCode)
	case count >= TriesPerSource || !counted && len(s.sources) >= maxSources:
		return refuse(Barred)
	case s.try != nil:
		return refuse(Busy)
	}
	s.sources[e.From] = count // it has its place now
	exchange := cpace.Start(cpace.Responder, terms(s.code, e.Exporter), random)
	key, err := exchange.Finish(e.Share)
	if err != nil {
		s.sources[e.From]++
		return refuse(WrongCode)
	}
	s.try = &try{id: e.Try, from: e.From, key: key, deadline: now.Add(TryPatience)}
	return []Effect{Counter{Try: e.Try, Share: exchange.Share()}}
}

// confirm is where a try is evaluated.
func (s *Screen) confirm(now time.Time, random [32]byte, e Confirm) []Effect {
	if s.try == nil || s.try.id != e.Try {
		return []Effect{Refuse{Try: e.Try, Reason: NoCode}} // its code is gone, or it took too long
	}
	t := s.try
	s.try = nil
	if t.key.Proves(e.Tag) {
		return []Effect{Believed{Try: t.id, Tag: t.key.Tag(), Binder: t.key.Derive(binder)}}
	}
	s.sources[t.from]++
	s.wrong++
	effects := []Effect{Refuse{Try: t.id, Reason: WrongCode}, Warned{From: t.from, Count: s.sources[t.from]}}
	if s.wrong < TriesPerCode {
		return effects
	}
	s.careful = now.Add(caution)
	return append(effects, s.draw(now, random))
}
