package link

import "time"

// Times of the heartbeat.
const (
	Heartbeat = time.Second     // between two Pings while watched
	Silence   = 4 * time.Second // without a sign of life: away
	// probePatience is how long a Probe waits for a sign of life.
	probePatience = time.Second
)

// pulse notices silence. It is unwatched at first: then nothing is sent and only
// the connection's own idle timeout speaks.
type pulse struct {
	watched   bool
	away      bool
	heard     time.Time // last sign of life
	nextPing  time.Time
	suspectAt time.Time // a probe runs out; zero: none
}

func (p *pulse) watch(on bool, now time.Time) {
	if on && !p.watched {
		p.heard, p.nextPing = now, now
	}
	p.watched = on
}

func (p *pulse) probe(now time.Time) []Effect {
	p.suspectAt = now.Add(probePatience)
	return []Effect{Ping{}}
}

func (p *pulse) hear(now time.Time) []Effect {
	p.heard = now
	p.suspectAt = time.Time{}
	if !p.away {
		return nil
	}
	p.away = false
	return []Effect{Back{}}
}

func (p *pulse) tick(now time.Time) (effects []Effect) {
	silent := p.watched && now.Sub(p.heard) >= Silence
	suspect := !p.suspectAt.IsZero() && !now.Before(p.suspectAt)
	if suspect {
		p.suspectAt = time.Time{}
	}
	if (silent || suspect) && !p.away {
		p.away = true
		effects = append(effects, Away{})
	}
	if p.watched && !now.Before(p.nextPing) {
		p.nextPing = now.Add(Heartbeat)
		effects = append(effects, Ping{})
	}
	return effects
}

// deadline is when tick wants to be called; zero: never.
func (p *pulse) deadline() time.Time {
	at := p.suspectAt
	if p.watched {
		at = earlier(at, p.nextPing)
		if !p.away {
			at = earlier(at, p.heard.Add(Silence))
		}
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
