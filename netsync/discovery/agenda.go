package discovery

import "time"

// The schedule of questions. A newcomer is answered in milliseconds; the
// repetitions of a burst are for lost packets and radios that wake up. In
// peace a minute is enough, as whoever comes asks by itself.
const (
	firstWait  = 250 * time.Millisecond // doubles with each question of a burst
	steadyWait = 60 * time.Second       // ± a quarter, so that programs do not stay in step
	leastWait  = 200 * time.Millisecond // between any two questions
	answerCall = time.Second            // from any question to one because of a call
	callJitter = 250 * time.Millisecond // spreads those who heard one call
	callsEach  = 3                      // questions of a burst that are calls
)

// agenda decides when a station asks. It has no clock and no randomness of
// its own: now does not go back, and jitter is a random number in [0, 1).
type agenda struct {
	due   time.Time // of the next question
	last  time.Time // of the last question; zero before the first
	wait  time.Duration
	calls int // how many of the next questions are calls
}

// burst starts the questions from the beginning; with call, the first three
// of them are calls.
func (a *agenda) burst(now time.Time, call bool) {
	a.wait = firstWait
	a.due = later(now, a.last.Add(leastWait))
	if call {
		a.calls = callsEach
	}
}

// called notes that somebody else's call was heard.
func (a *agenda) called(now time.Time, jitter float64) {
	at := later(now, a.last.Add(answerCall)).Add(scale(callJitter, jitter))
	if at.Before(a.due) {
		a.due = at
	}
}

// asked notes that the due question is sent, and says whether it is a call.
func (a *agenda) asked(now time.Time, jitter float64) (call bool) {
	a.last = now
	wait := a.wait
	if wait < steadyWait {
		a.wait *= 2
	} else {
		wait = scale(steadyWait, 0.75+jitter/2)
	}
	a.due = now.Add(wait)
	if call = a.calls > 0; call {
		a.calls--
	}
	return call
}

func later(t, u time.Time) time.Time {
	if t.After(u) {
		return t
	}
	return u
}

func scale(d time.Duration, by float64) time.Duration {
	return time.Duration(float64(d) * by)
}

// woke says whether the computer slept, or its clock was set, between two
// looks that should be interval apart: more than 10 s are missing or too many.
// Networks may have changed meanwhile without another sign.
func woke(before, now time.Time, interval time.Duration) bool {
	return (now.Round(0).Sub(before.Round(0)) - interval).Abs() > 10*time.Second
}
