package bulk

import "inkling/netsync/wire"

// Window is how many bytes may be on the way at most, and so how many are sent again after a cut. It is also what bounds the
// speed: to Window in the time of a round trip.
const Window = 2 * wire.PartBytes

// Flow is how far a block is sent.
type Flow struct {
	length, sent, arrived int
}

// NewFlow returns the flow of a block of so many bytes to one who has those in front of offset.
func NewFlow(length, offset int) *Flow { return &Flow{length, offset, offset} }

// Arrived says that the receiver has the bytes in front of offset. It returns false when that cannot be: they were not sent.
func (f *Flow) Arrived(offset int) bool {
	if offset > f.sent {
		return false
	}
	f.arrived = max(f.arrived, offset)
	return true
}

// Next returns the part that may be sent now; n is 0 when none may. busy says that changes wait to be sent to the same peer.
func (f *Flow) Next(busy bool) (from, n int) {
	n = min(wire.PartBytes, f.length-f.sent)
	window := Window
	if busy {
		window = wire.PartBytes
	}
	if f.sent+n-f.arrived > window {
		return f.sent, 0
	}
	from = f.sent
	f.sent += n
	return from, n
}

// Done says whether all is sent.
func (f *Flow) Done() bool { return f.sent == f.length }
