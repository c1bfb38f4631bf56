package link

import "time"

// Times of the heartbeat.
const (
	Heartbeat = time.Second     // between two Pings while watched
	Silence   = 4 * time.Second // without a sign of life: the link is dead
	// probePatience is how long a Probe waits for a sign of life, and probeAgain the time between its Pings, for one may be lost. A link that takes
	// longer is made anew, which does no harm.
	probePatience = 400 * time.Millisecond
	probeAgain    = 100 * time.Millisecond
)

// pulse notices silence. It is unwatched at first: then nothing is sent and only
// the connection's own idle timeout speaks.
type pulse struct {
	watched   bool
	heard     time.Time // last sign of life
	nextPing  time.Time
	suspectAt time.Time // a probe runs out; zero: none
	nextProbe time.Time // its next Ping
}

func (p *pulse) watch(on bool, now time.Time) {
	if on && !p.watched {
		p.heard, p.nextPing = now, now
	}
	p.watched = on
}

func (p *pulse) probe(now time.Time) []Effect {
	p.suspectAt, p.nextProbe = now.Add(probePatience), now.Add(probeAgain)
	return []Effect{Ping{}}
}

func (p *pulse) hear(now time.Time) {
	p.heard = now
	p.suspectAt = time.Time{}
}

// tick sends the Ping that is due. silent says that nothing was heard for too long:
// the link is dead. It could come to life again, but what it carries then waits for
// timers that have grown long in the silence, where a new link says at once what
// both ends have.
func (p *pulse) tick(now time.Time) (effects []Effect, silent bool) {
	silent = p.watched && now.Sub(p.heard) >= Silence || !p.suspectAt.IsZero() && !now.Before(p.suspectAt)
	if p.watched && !now.Before(p.nextPing) {
		p.nextPing = now.Add(Heartbeat)
		effects = append(effects, Ping{})
	}
	if !p.suspectAt.IsZero() && !now.Before(p.nextProbe) {
		p.nextProbe = now.Add(probeAgain)
		effects = append(effects, Ping{})
	}
	return effects, silent
}

// deadline is when tick wants to be called; zero: never.
func (p *pulse) deadline() time.Time {
	at := p.suspectAt
	if !at.IsZero() {
		at = earlier(at, p.nextProbe)
	}
	if p.watched {
		at = earlier(at, p.nextPing)
		at = earlier(at, p.heard.Add(Silence))
	}
	return at
}

// earlier returns the earlier of two times, where zero is never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}
