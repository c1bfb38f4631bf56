package wire

import "fmt"

// Code says why a connection or a stream was closed. It is the QUIC application
// error code. The numbers are part of the protocol.
type Code uint64

const (
	Goodbye      Code = 0  // the program ends
	Done         Code = 1  // nothing is left to say
	Malformed    Code = 2  // bytes that are not a message
	BadVersion   Code = 3  // a stream or datagram version that is unknown
	Unsupported  Code = 4  // an unknown message type with the critical bit
	TooLarge     Code = 5  // a frame over its limit
	TooSlow      Code = 6  // a handshake or frame took too long
	Duplicate    Code = 7  // another connection of the same two devices is kept
	NotShared    Code = 8  // no such document for you
	NotAdmitted  Code = 9  // nothing to do with you
	Unexpected   Code = 10 // a message that may not come here or now
	WrongPeer    Code = 11 // somebody else than the one who was dialled
	Busy         Code = 12 // a limit is reached, try later
	Unavailable  Code = 13 // the library cannot store or read now
	Silent       Code = 14 // nothing was heard for too long
	firstUnknown Code = 15
)

var codeNames = [firstUnknown]string{
	"goodbye", "done", "malformed bytes", "unknown version", "unsupported message", "too large", "too slow",
	"duplicate connection", "not shared", "not admitted", "unexpected message", "wrong peer", "busy",
	"library unavailable", "silent",
}

func (c Code) String() string {
	if c < firstUnknown {
		return codeNames[c]
	}
	return fmt.Sprintf("code %d", uint64(c))
}

// An Error says what is wrong with bytes from a peer and with which code the
// stream is to be closed.
type Error struct {
	Code   Code
	Type   Type // of the frame or datagram, 0 when none was read
	Reason string
}

func (e *Error) Error() string {
	return fmt.Sprintf("wire: message type %#02x: %s: %s", byte(e.Type), e.Code, e.Reason)
}

func errorf(c Code, t Type, format string, args ...any) error {
	return &Error{Code: c, Type: t, Reason: fmt.Sprintf(format, args...)}
}
