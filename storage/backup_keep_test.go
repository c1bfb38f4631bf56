package storage

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestKept compares with what the rule says, word by word: a backup is kept when it is the newest of its hour and fewer
// than 24 later hours have one, and so on.
func TestKept(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	newestOf := func(times []time.Time, at time.Time, span func(time.Time) string, most int) bool {
		later := map[string]bool{}
		for _, other := range times {
			if other.After(at) && span(other) == span(at) {
				return false
			}
			if other.After(at) {
				later[span(other)] = true
			}
		}
		return len(later) < most
	}
	for range 200 {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var times []time.Time
		for range 1 + rng.IntN(60) {
			at = at.Add(time.Duration(1+rng.IntN(1+int([]time.Duration{time.Hour, 12 * time.Hour, 10 * 24 * time.Hour}[rng.IntN(3)]/time.Second))) * time.Second)
			times = append(times, at)
		}
		slices.Reverse(times)
		var want []time.Time
		for _, at := range times {
			for _, age := range ages {
				if newestOf(times, at, age.span, age.keep) {
					want = append(want, at)
					break
				}
			}
		}
		if got := kept(times); !slices.Equal(got, want) {
			t.Fatalf("kept %v\nwant %v\nof %v", got, want, times)
		}
	}
}

// TestKeptOverTime: with a backup each hour for a year there are never more than 35, and the oldest is from
// the week three weeks ago.
func TestKeptOverTime(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
	var times []time.Time
	for hour := range 365 * 24 {
		now := start.Add(time.Duration(hour) * time.Hour)
		times = kept(slices.Insert(times, 0, now))
		if len(times) > 35 || times[0] != now {
			t.Fatalf("%d backups at %v", len(times), now)
		}
		oldest := now.Sub(times[len(times)-1])
		if hour > 28*24 && (oldest < 14*24*time.Hour || oldest > 22*24*time.Hour) {
			t.Fatalf("the oldest at %v is %v old", now, oldest)
		}
	}
}

// TestForgotten: a document that goes out of the library now is in no backup any more at the time that is told, and
// in one up to then, if a backup is made each hour.
func TestForgotten(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
	var list []Backup
	times := []time.Time{}
	for hour := range 50 * 24 {
		times = kept(slices.Insert(times, 0, start.Add(time.Duration(hour)*time.Hour)))
	}
	for _, at := range times {
		list = append(list, Backup{At: at})
	}
	now := times[0].Add(time.Minute)
	for _, holding := range [][]Backup{list, list[:1], list[20:], list[len(list)-1:]} {
		told := Forgotten(list, holding, now)
		state := slices.Clone(times)
		var last time.Time
		for at := times[0].Add(time.Hour); at.Before(now.AddDate(0, 3, 0)); at = at.Add(time.Hour) {
			if slices.ContainsFunc(holding, func(b Backup) bool { return slices.Contains(state, b.At) }) {
				last = at
			}
			state = kept(slices.Insert(state, 0, at))
		}
		if !told.Equal(last) {
			t.Errorf("told %v, it was %v", told, last)
		}
		t.Logf("%d backups that hold it: gone in %v", len(holding), told.Sub(now))
	}
	if at := Forgotten(list, nil, now); !at.IsZero() {
		t.Errorf("%v for none", at)
	}
	if at := Forgotten(list, []Backup{{Replaced: true}}, now); !at.IsZero() {
		t.Errorf("%v for a library that was replaced", at)
	}
}
