package wire

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"inkling/crdt"
)

// Version is the first byte of every stream and of every datagram.
const Version = 1

// Type says what a frame or a datagram is. The numbers are part of the protocol.
type Type byte

// critical in a type: a program that does not know the type closes the stream.
// Without it the frame is skipped.
const critical Type = 0x80

// Limits of payloads in bytes.
const (
	MaxControl = 4 << 10  // a control message
	MaxSkipped = 64 << 10 // a message that is not known
	// PackedChanges is how much a message of several changes holds. One change
	// alone may be longer: crdt.MaxChangeBytes of body.
	PackedChanges = 64 << 10
)

// Message is a decoded frame or datagram.
type Message interface {
	Type() Type
	appendPayload(b []byte) []byte
}

// AppendFrame appends m as a frame.
func AppendFrame(b []byte, m Message) []byte {
	payload := m.appendPayload(nil)
	b = append(b, byte(m.Type()))
	b = binary.AppendUvarint(b, uint64(len(payload)))
	return append(b, payload...)
}

// A StreamKind says which messages a stream may carry.
type StreamKind int

const (
	// ControlStream is the first stream of a connection.
	ControlStream StreamKind = iota
	// DocumentStream keeps one document equal.
	DocumentStream
	// BulkStream brings a block. It is unidirectional.
	BulkStream
)

// format is how one type of message is read.
type format struct {
	kind   StreamKind
	max    int
	decode func(payload []byte) (Message, error)
}

var formats = map[Type]format{
	typeKnock:    {ControlStream, MaxControl, decodeCBOR[Knock]},
	typeAnswer:   {ControlStream, MaxControl, decodeCBOR[Answer]},
	typeStranger: {ControlStream, MaxControl, decodeCBOR[Stranger]},
	typeProve:    {ControlStream, MaxControl, decodeCBOR[Prove]},
	typeWelcome:  {ControlStream, MaxControl, decodeCBOR[Welcome]},
	typeHello:    {ControlStream, MaxControl, decodeCBOR[Hello]},
	typeOffer:    {ControlStream, MaxControl, decodeCBOR[Offer]},
	typeJoin:     {ControlStream, MaxControl, decodeCBOR[Join]},
	typeJoined:   {ControlStream, MaxControl, decodeCBOR[Joined]},
	typeRefused:  {ControlStream, MaxControl, decodeCBOR[Refused]},
	typeCall:     {ControlStream, MaxControl, decodeCBOR[Call]},
	typeTry:      {ControlStream, MaxControl, decodeCBOR[Try]},
	typeShare:    {ControlStream, MaxControl, decodeCBOR[Share]},
	typeConfirm:  {ControlStream, MaxControl, decodeCBOR[Confirm]},
	typeReveal:   {ControlStream, MaxControl, decodeCBOR[Reveal]},
	typePresent:  {ControlStream, MaxControl, decodeCBOR[Present]},
	typeCompare:  {ControlStream, MaxRanges, decodeCompare},
	typeCompared: {ControlStream, MaxRanges, decodeCompared},
	typeOpen:     {DocumentStream, len(crdt.DocID{}), decodeOpen},
	typeHave:     {DocumentStream, maxHeads, decodeHave},
	typeChanges:  {DocumentStream, maxChanges, decodeChanges},
	typeAck:      {DocumentStream, maxHeads, decodeAck},
	typeBlock:    {DocumentStream, maxBlockMessage, decodeBlock},
	typeWant:     {DocumentStream, maxPlace, decodeWant},
	typeEnough:   {DocumentStream, len(Hash{}), decodeEnough},
	typeBulk:     {BulkStream, len(crdt.DocID{}) + maxPlace, decodeBulk},
	typePart:     {BulkStream, PartBytes, decodePart},
}

// A Reader reads the frames of one stream. It is used by one goroutine.
type Reader struct {
	// Begun, if set, is called when the first byte of a frame is there, and
	// Ended when its last one is: the place for a deadline.
	Begun, Ended func()

	r       *bufio.Reader
	kind    StreamKind
	started bool
}

// NewReader returns a Reader of the stream r, from its version byte on.
func NewReader(r io.Reader, kind StreamKind) *Reader {
	return &Reader{r: bufio.NewReaderSize(r, 2<<10), kind: kind}
}

// Next returns the next message. The error is an [*Error] when the peer sent
// what it may not, io.EOF when the stream ended between two frames, and the
// stream's own error otherwise.
func (r *Reader) Next() (Message, error) {
	for {
		m, err := r.frame()
		if m != nil || err != nil {
			return m, err
		}
	}
}

// frame reads one frame; nil without an error is one that was skipped.
func (r *Reader) frame() (Message, error) {
	if err := r.version(); err != nil {
		return nil, err
	}
	first, err := r.r.ReadByte()
	if err != nil {
		return nil, err
	}
	if r.Begun != nil {
		r.Begun()
	}
	m, err := r.rest(Type(first))
	if err == nil && r.Ended != nil {
		r.Ended()
	}
	if errors.Is(err, io.EOF) {
		err = errorf(Malformed, Type(first), "the stream ends inside a frame")
	}
	return m, err
}

func (r *Reader) version() error {
	if r.started {
		return nil
	}
	v, err := r.r.ReadByte()
	if err != nil {
		return err
	}
	if v != Version {
		return errorf(BadVersion, 0, "stream version %d, want %d", v, Version)
	}
	r.started = true
	return nil
}

func (r *Reader) rest(t Type) (Message, error) {
	n, err := readLength(r.r, t)
	if err != nil {
		return nil, err
	}
	f, known := formats[t]
	if !known {
		return nil, r.skip(t, n)
	}
	if f.kind != r.kind {
		return nil, errorf(Unexpected, t, "on the wrong kind of stream")
	}
	if n > uint64(f.max) {
		return nil, errorf(TooLarge, t, "payload of %d bytes, at most %d", n, f.max)
	}
	var payload bytes.Buffer // grows as bytes arrive
	if _, err := io.CopyN(&payload, r.r, int64(n)); err != nil {
		return nil, err
	}
	return f.decode(payload.Bytes())
}

func (r *Reader) skip(t Type, n uint64) error {
	if t&critical != 0 {
		return errorf(Unsupported, t, "critical message of unknown type")
	}
	if n > MaxSkipped {
		return errorf(TooLarge, t, "unknown message of %d bytes, at most %d", n, MaxSkipped)
	}
	_, err := io.CopyN(io.Discard, r.r, int64(n))
	return err
}

// readLength reads a uvarint of at most 32 bits in its shortest form.
func readLength(r io.ByteReader, t Type) (uint64, error) {
	var n uint64
	for shift := 0; shift < 35; shift += 7 {
		c, err := r.ReadByte()
		if err != nil {
			return 0, err
		}
		n |= uint64(c&0x7f) << shift
		if c < 0x80 {
			if c == 0 && shift > 0 {
				return 0, errorf(Malformed, t, "length longer than needed")
			}
			return n, nil
		}
	}
	return 0, errorf(TooLarge, t, "length of more than 32 bits")
}

// Decode reads one frame that fills b: the inverse of [AppendFrame].
func Decode(b []byte, kind StreamKind) (Message, error) {
	source := bytes.NewReader(b)
	r := &Reader{r: bufio.NewReader(source), kind: kind, started: true}
	m, err := r.frame()
	switch {
	case err != nil:
		return nil, err
	case m == nil:
		return nil, errorf(Unsupported, Type(b[0]), "message of unknown type")
	case source.Len()+r.r.Buffered() > 0:
		return nil, errorf(Malformed, m.Type(), "%d bytes after the frame", source.Len()+r.r.Buffered())
	}
	return m, nil
}

func (t Type) String() string { return fmt.Sprintf("%#02x", byte(t)) }
