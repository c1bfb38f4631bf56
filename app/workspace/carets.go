package workspace

import (
	"encoding/binary"
	"time"

	"inkling/crdt"
	"inkling/netsync"
)

// PeerID names a device.
type PeerID = netsync.PeerID

// Caret is where somebody else is in a document.
type Caret struct {
	Peer       PeerID
	Name       string
	Tail, Head crdt.Anchor
}

// caretPlace is this person's own place in a document.
type caretPlace struct {
	tail, head crdt.Anchor
	known      bool
	saved      bool // the library has it
}

// caretKey is the library's key for the place.
const caretKey = "caret"

// caretSaveDelay is how long the caret must rest before its place is saved.
const caretSaveDelay = 250 * time.Millisecond

// Carets returns where the others are, in no particular order.
func (s *Session) Carets() []Caret { return s.w.people.caretsIn(s.id) }

// Caret returns this person's place when the document was last left; false when
// it was never opened here.
func (s *Session) Caret() (tail, head crdt.Anchor, known bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mine.tail, s.mine.head, s.mine.known
}

// SetCaret tells the others in the document where this person is, and remembers
// it for the next start. A window also calls it when it opens the document, for the
// caret that does not move.
func (s *Session) SetCaret(tail, head crdt.Anchor) {
	s.mu.Lock()
	place := caretPlace{tail: tail, head: head, known: true}
	moved := s.mine.tail != tail || s.mine.head != head || !s.mine.known
	if moved {
		s.mine = place
	}
	s.mu.Unlock()
	s.w.setPresence(s.id, &netsync.Presence{Head: head, Tail: tail})
	if moved {
		s.caretTimer.Reset(caretSaveDelay)
	}
}

// saveCaret writes the place to the library, when it moved since it was saved.
func (s *Session) saveCaret() {
	s.mu.Lock()
	place := s.mine
	due := s.stored && place.known && !place.saved
	s.mine.saved = s.mine.saved || due
	s.mu.Unlock()
	if !due {
		return
	}
	value := appendAnchor([]byte{caretVersion}, place.tail)
	if err := s.w.lib.SetState(s.id, caretKey, appendAnchor(value, place.head)); err != nil {
		s.w.log.Warn("the caret's place could not be saved", "doc", s.id, "err", err)
	}
}

// The stored place: the version byte 1, then tail and head, each the element's
// replica (16 bytes), its Seq (4 bytes, big endian) and the bias (0 or 1).
const (
	caretVersion = 1
	anchorSize   = 16 + 4 + 1
)

func appendAnchor(b []byte, a crdt.Anchor) []byte {
	b = append(b, a.ID.Replica[:]...)
	b = binary.BigEndian.AppendUint32(b, a.ID.Seq)
	if a.Bias == crdt.After {
		return append(b, 1)
	}
	return append(b, 0)
}

func readAnchor(b []byte) (a crdt.Anchor) {
	copy(a.ID.Replica[:], b)
	a.ID.Seq = binary.BigEndian.Uint32(b[16:])
	a.Bias = b[20] == 1
	return a
}

// loadCaret reads the place from the library. One that a newer program wrote in
// another form counts as none.
func (s *Session) loadCaret() (caretPlace, error) {
	b, err := s.w.lib.State(s.id, caretKey)
	if err != nil || len(b) != 1+2*anchorSize || b[0] != caretVersion {
		return caretPlace{}, err
	}
	return caretPlace{tail: readAnchor(b[1:]), head: readAnchor(b[1+anchorSize:]), known: true, saved: true}, nil
}
