//go:build linux

package uitest

import (
	"image"
	"math"
	"testing"
	"time"
)

// stopwatch tells when letters are drawn on one screen that were typed on another. It
// looks at the strip of the screen in which a line grows, again and again, and notes
// how far the ink reaches. All letters are equal, so the reach counts them.
type stopwatch struct {
	t     testing.TB
	d     *display
	strip image.Rectangle
	start int // where the ink ends before the first letter
	seen  []sight
	quit  chan struct{}
	ended chan struct{}
}

// sight is one look: the ink reached so far at that time.
type sight struct {
	when time.Time
	edge int
}

// drum is the letter that is typed for the stopwatch.
const drum = "n"

// stopwatchPause is the time between two looks, in which others may use the machine.
const stopwatchPause = 2 * time.Millisecond

// watchLine lets writer type a letter, finds on the reader's screen where it comes,
// and watches that line from then on.
func watchLine(t testing.TB, writer, reader *person) *stopwatch {
	t.Helper()
	reader.settle()
	before := reader.screen.capture(reader.page())
	writer.types(drum)
	fresh := func() image.Rectangle { return newInk(before, reader.screen.capture(reader.page())) }
	eventually(t, textPatience, reader.name+" sees what "+writer.name+" types", func() (bool, string) {
		return !fresh().Empty(), "nothing new"
	})
	reader.settle() // the caret may come before the letter
	s := &stopwatch{t: t, d: reader.screen, quit: make(chan struct{}), ended: make(chan struct{})}
	page := reader.page()
	// The lower half of the letter: not the name over the caret behind it, nor the line above.
	bottom := fresh().Max.Y
	s.strip = image.Rect(page.Min.X, bottom-12, page.Max.X, bottom-4)
	s.start = inkEdge(s.d.capture(s.strip))
	go s.watch()
	return s
}

func (s *stopwatch) watch() {
	defer close(s.ended)
	for {
		now := time.Now()
		edge := inkEdge(s.d.capture(s.strip))
		if n := len(s.seen); n == 0 || s.seen[n-1].edge != edge {
			s.seen = append(s.seen, sight{now, edge})
		}
		select {
		case <-s.quit:
			return
		case <-time.After(stopwatchPause):
		}
	}
}

// drums types n letters for a stopwatch, with a pause after each, and returns when
// each was typed.
func (p *person) drums(n int, pause time.Duration) (typed []time.Time) {
	for range n {
		typed = append(typed, time.Now())
		p.screen.types(drum, pause)
	}
	return typed
}

// delays ends the watching when all letters are drawn, and returns how long after
// being typed each was.
func (s *stopwatch) delays(typed []time.Time) (delays []time.Duration) {
	s.t.Helper()
	s.waitForRest()
	close(s.quit)
	<-s.ended
	width := float64(s.seen[len(s.seen)-1].edge-s.start) / float64(len(typed))
	if width < 3 {
		s.t.Errorf("%d letters were typed, the line in %v grew from %d only to %d", len(typed), s.strip, s.start, s.seen[len(s.seen)-1].edge)
		return nil
	}
	for i, when := range typed {
		for _, look := range s.seen {
			if drawn := int(math.Round(float64(look.edge-s.start) / width)); drawn > i {
				delays = append(delays, look.when.Sub(when))
				break
			}
		}
	}
	return delays
}

// waitForRest waits until the line has not grown for a while.
func (s *stopwatch) waitForRest() {
	s.t.Helper()
	const rest = 500 * time.Millisecond
	last, since := -1, time.Now()
	eventually(s.t, textPatience, "the line comes to rest", func() (bool, string) {
		if edge := inkEdge(s.d.capture(s.strip)); edge != last {
			last, since = edge, time.Now()
		}
		return time.Since(since) > rest, "it grows"
	})
}
