package handover

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
)

// version is the protocol's version.
const version = 1

// Limits of the protocol.
const (
	maxRequest = 1 << 20   // bytes of the caller's frame
	maxAnswer  = 64 << 10  // bytes of one of the owner's frames
	maxChunk   = 45 * 1024 // bytes of output in one frame, a third less than in base64
)

// request is the caller's frame.
type request struct {
	Version int      `json:"version"`
	Args    [][]byte `json:"args,omitempty"`
	Dir     []byte   `json:"dir,omitempty"`
}

// reply is one of the owner's frames.
type reply struct {
	Version int    `json:"version,omitempty"`
	Refused string `json:"refused,omitempty"`
	Stdout  []byte `json:"stdout,omitempty"`
	Stderr  []byte `json:"stderr,omitempty"`
	Exit    *int   `json:"exit,omitempty"`
}

// encode returns the frame of v.
func encode(v any) []byte {
	body, err := json.Marshal(v)
	if err != nil {
		panic("handover: encode frame: " + err.Error())
	}
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body))), body...)
}

// FrameError says that the other side sent what is no frame of the protocol.
type FrameError struct {
	What string // what was read
	Err  error  // what is wrong with it
}

func (e *FrameError) Error() string { return fmt.Sprintf("handover: read %s: %v", e.What, e.Err) }
func (e *FrameError) Unwrap() error { return e.Err }

// decode reads one frame of at most limit bytes into v. Errors of r come as they
// are, [io.EOF] only before the first byte; a frame that is too long or no JSON
// gives a [*FrameError]. The memory used grows with what has come, not with what
// the length says.
func decode(r io.Reader, limit uint32, what string, v any) error {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return err
	}
	size := binary.BigEndian.Uint32(head[:])
	if size > limit {
		return &FrameError{what, fmt.Errorf("%d bytes, at most %d are allowed", size, limit)}
	}
	body, err := io.ReadAll(io.LimitReader(r, int64(size)))
	if err != nil {
		return err
	}
	if len(body) < int(size) {
		return io.ErrUnexpectedEOF
	}
	if err := json.Unmarshal(body, v); err != nil {
		return &FrameError{what, err}
	}
	return nil
}
