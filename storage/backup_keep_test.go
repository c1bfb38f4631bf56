package storage

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// TestKept compares with what the rule says, word by word: a backup is kept when it is the newest of its hour and fewer
// than 24 later hours have one, and so on; one that was made before the library got another format when fewer than four
// later weeks have one.
func TestKept(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	newestOf := func(list []Backup, at time.Time, span func(time.Time) string, most int, newest bool) bool {
		later := map[string]bool{}
		for _, other := range list {
			if newest && other.At.After(at) && span(other.At) == span(at) {
				return false
			}
			if other.At.After(at) && span(other.At) != span(at) {
				later[span(other.At)] = true
			}
		}
		return len(later) < most
	}
	for range 200 {
		at := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
		var list []Backup
		for range 1 + rng.IntN(60) {
			at = at.Add(time.Duration(1+rng.IntN(1+int([]time.Duration{time.Hour, 12 * time.Hour, 10 * 24 * time.Hour}[rng.IntN(3)]/time.Second))) * time.Second)
			list = append(list, Backup{At: at, Before: max(0, rng.IntN(10)-8)})
		}
		slices.Reverse(list)
		var want []Backup
		for _, b := range list {
			keep := b.Before > 0 && newestOf(list, b.At, plans[0].ages()[2].span, plans[0].ages()[2].keep, false)
			for _, age := range plans[0].ages() {
				keep = keep || newestOf(list, b.At, age.span, age.keep, true)
			}
			if keep {
				want = append(want, b)
			}
		}
		if got := plans[0].kept(list); !slices.Equal(got, want) {
			t.Fatalf("kept %v\nwant %v\nof %v", got, want, list)
		}
	}
}

// TestKeptOverTime: with a backup each hour for a year there are never more than 35, and the oldest is from
// the week three weeks ago.
func TestKeptOverTime(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
	var list []Backup
	for hour := range 365 * 24 {
		now := start.Add(time.Duration(hour) * time.Hour)
		list = plans[0].kept(slices.Insert(list, 0, Backup{At: now}))
		if len(list) > 35 || list[0].At != now {
			t.Fatalf("%d backups at %v", len(list), now)
		}
		oldest := now.Sub(list[len(list)-1].At)
		if hour > 28*24 && (oldest < 14*24*time.Hour || oldest > 22*24*time.Hour) {
			t.Fatalf("the oldest at %v is %v old", now, oldest)
		}
	}
}

// TestKeptInLittleRoom: whatever the sizes and the disk, what is kept is within the room for it, or is the least that is
// ever kept; and all plans but the one that fits would keep more than there is room for.
func TestKeptInLittleRoom(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	rng := rand.New(rand.NewPCG(seed, 1))
	t.Logf("seed %d", seed)
	fewest, most := 1000, 0
	for range 2000 {
		at := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
		size := int64(1) << rng.IntN(34)
		var list []Backup
		for range 1 + rng.IntN(800) {
			at = at.Add(time.Hour)
			list = append(list, Backup{At: at, Bytes: 1 + rng.Int64N(size)})
		}
		slices.Reverse(list)
		list = list[:min(len(list), 1+rng.IntN(60))]
		free := rng.Int64N(1 << (20 + rng.IntN(20)))
		var all, bytes int64
		for _, b := range list {
			all += b.Bytes
		}
		room := min(max(4<<30, 4*list[0].Bytes), (free+all)/4)
		keep := keptOf(list, free)
		for _, b := range keep {
			bytes += b.Bytes
		}
		if bytes > room && len(keep) > 3 {
			t.Fatalf("%d of %d backups with %d bytes are kept in room for %d", len(keep), len(list), bytes, room)
		}
		if !slices.Contains(keep, list[0]) {
			t.Fatal("the newest is not kept")
		}
		if full := plans[0].kept(list); all <= room && !slices.Equal(keep, full) {
			t.Fatalf("%d are kept, and there is room for all %d", len(keep), len(full))
		}
		fewest, most = min(fewest, len(keep)), max(most, len(keep))
	}
	if fewest > 3 || most < 20 {
		t.Errorf("from %d to %d were kept: the test tries too little", fewest, most)
	}
}

// TestForgotten: a document that goes out of the library now is in no backup any more at the time that is told, and
// in one up to then, if a backup is made each hour.
func TestForgotten(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 30, 0, 0, time.UTC)
	var list []Backup
	for hour := range 50 * 24 {
		b := Backup{At: start.Add(time.Duration(hour) * time.Hour)}
		if hour == 45*24 {
			b.Before = 2
		}
		list = plans[0].kept(slices.Insert(list, 0, b))
	}
	now := list[0].At.Add(time.Minute)
	before := list[slices.IndexFunc(list, func(b Backup) bool { return b.Before > 0 }):][:1]
	for _, holding := range [][]Backup{list, list[:1], list[20:], list[len(list)-1:], before} {
		told := Forgotten(list, holding, now)
		state := slices.Clone(list)
		var last time.Time
		for at := list[0].At.Add(time.Hour); at.Before(now.AddDate(0, 3, 0)); at = at.Add(time.Hour) {
			if slices.ContainsFunc(holding, func(b Backup) bool { return slices.Contains(state, b) }) {
				last = at
			}
			state = plans[0].kept(slices.Insert(state, 0, Backup{At: at}))
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
