package discovery

import (
	"math/rand/v2"
	"testing"
	"time"
)

var epoch = time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC)

// questions plays n questions in peace and returns when they were asked.
func questions(a *agenda, n int, jitter func() float64) []time.Duration {
	var at []time.Duration
	for range n {
		at = append(at, a.due.Sub(epoch))
		a.asked(a.due, jitter())
	}
	return at
}

func TestBurstThenPeace(t *testing.T) {
	var a agenda
	a.burst(epoch, false)
	got := questions(&a, 12, func() float64 { return 0.5 })
	const ms = time.Millisecond
	want := []time.Duration{0, 250 * ms, 750 * ms, 1750 * ms, 3750 * ms, 7750 * ms, 15750 * ms, 31750 * ms, 63750 * ms,
		123750 * ms, 183750 * ms, 243750 * ms}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("question %d after %v, want %v", i, got[i], want[i])
		}
	}
}

// Whatever happens, questions keep their distance, calls are heeded within
// 1.25 s, nobody is silent for longer than 75 s, and a burst with calls makes
// three of them.
func TestAgendaLaws(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 1))
		var a agenda
		now, calls, wanted := epoch, 0, 0
		a.burst(now, false)
		for range 500 {
			switch event := r.IntN(10); {
			case event == 0:
				a.burst(now, true)
				calls, wanted = 0, callsEach
			case event < 4:
				a.called(now, r.Float64())
				if wait := a.due.Sub(now); wait > answerCall+callJitter {
					t.Fatalf("seed %d: a call is heeded after %v", seed, wait)
				}
			}
			if wait := a.due.Sub(now); wait > 75*time.Second {
				t.Fatalf("seed %d: silent for %v", seed, wait)
			}
			if r.IntN(2) == 0 { // something else happens before the question is due
				now = now.Add(time.Duration(r.Int64N(int64(max(1, a.due.Sub(now))))))
				continue
			}
			now = later(now, a.due)
			if since := now.Sub(a.last); !a.last.IsZero() && since < leastWait {
				t.Fatalf("seed %d: two questions within %v", seed, since)
			}
			if a.asked(now, r.Float64()) {
				calls++
			}
			if calls > wanted {
				t.Fatalf("seed %d: %d calls, want at most %d", seed, calls, wanted)
			}
			if calls < wanted && a.calls != wanted-calls {
				t.Fatalf("seed %d: %d calls made and %d to come, want %d", seed, calls, a.calls, wanted)
			}
		}
	}
}

func TestWoke(t *testing.T) {
	for _, c := range []struct {
		passed time.Duration
		want   bool
	}{
		{5 * time.Second, false}, {14 * time.Second, false}, {16 * time.Second, true},
		{8 * time.Hour, true}, {-4 * time.Second, false}, {-6 * time.Second, true},
	} {
		if got := woke(epoch, epoch.Add(c.passed), 5*time.Second); got != c.want {
			t.Errorf("after %v: woke = %v, want %v", c.passed, got, c.want)
		}
	}
}

// In any stretch of time a limit allows at most its burst and its rate.
func TestLimit(t *testing.T) {
	for seed := range uint64(100) {
		r := rand.New(rand.NewPCG(seed, 2))
		l := limit{perSecond: 50, most: 100}
		var allowed []time.Time
		now := epoch
		for range 5000 {
			if r.IntN(50) == 0 {
				now = now.Add(time.Duration(r.Int64N(int64(time.Second))))
			}
			if l.allow(now) {
				allowed = append(allowed, now)
			}
		}
		if len(allowed) < 100 {
			t.Fatalf("seed %d: %d allowed, want at least the burst", seed, len(allowed))
		}
		for from := range allowed {
			for _, to := range []int{from + 100, from + 150, len(allowed) - 1} {
				if to <= from || to >= len(allowed) {
					continue
				}
				span := allowed[to].Sub(allowed[from]).Seconds()
				if n := to - from + 1; float64(n) > 100+50*span+1e-6 {
					t.Fatalf("seed %d: %d allowed within %.3f s", seed, n, span)
				}
			}
		}
	}
}
