package discovery

import "time"

// limit is a token bucket: most at once and perSecond on the long run. It is
// not safe for concurrent use. The zero time before the first call fills it.
type limit struct {
	perSecond, most float64
	left            float64
	last            time.Time
}

// allow takes one token at now, which does not go back; false when none is left.
func (l *limit) allow(now time.Time) bool {
	l.left = min(l.most, l.left+now.Sub(l.last).Seconds()*l.perSecond)
	l.last = now
	if l.left < 1 {
		return false
	}
	l.left--
	return true
}
