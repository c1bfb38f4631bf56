package link

import (
	"bytes"
	"time"
)

// settled is how long a link must have been up before a peer that says it has
// none is believed to have restarted or moved.
const settled = 2 * time.Second

// Standing is a link to a peer, seen from one end.
type Standing struct {
	Dialled bool      // by this end
	Since   time.Time // when it was admitted
}

// Replaces says whether a new link takes the place of the old one to the same
// peer; the loser is closed. Both ends ask this and, but for races that one more
// dial heals, find the same:
//
//   - of two dialled by the same end the newer wins, for nobody dials on purpose
//     while a link works,
//   - a dialler without a working link (haveLive false) wins over one that was up
//     for longer than 2 s: the dialler restarted or moved, and the old link is dead,
//   - else both dialled at once, and the one dialled by the lower PeerID wins.
//
// Without the third rule a restarted peer is kept out until its dead link idles
// out: measured 20 s in the mean.
func Replaces(self, peer PeerID, old Standing, dialled, haveLive bool, now time.Time) bool {
	switch {
	case old.Dialled == dialled:
		return true
	case !haveLive && now.Sub(old.Since) > settled:
		return true
	}
	lower := bytes.Compare(self[:], peer[:]) < 0
	return dialled == lower
}
