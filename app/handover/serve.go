package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// lastWords is how long a command may go on writing after its context has ended,
// so that a caller who is still there gets the exit code.
const lastWords = time.Second

// Handler runs one command and returns its exit code. ctx ends when the caller
// has gone or the [Listener] is closed; from then on writing fails after 1 s at
// the latest, and after the return at once. Several handlers run at once.
type Handler func(ctx context.Context, r Request, stdout, stderr io.Writer) (exit int)

// serve answers one caller and closes conn.
func serve(ctx context.Context, conn net.Conn, h Handler) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var watching sync.WaitGroup
	defer watching.Wait() // for watch below, which ends when conn is closed
	defer conn.Close()
	defer context.AfterFunc(ctx, func() {
		conn.SetReadDeadline(time.Now())
		conn.SetWriteDeadline(time.Now().Add(lastWords))
	})()

	r, why := readRequest(ctx, conn)
	if why != "" {
		refuse(conn, why)
		return
	}
	if _, err := conn.Write(encode(reply{Version: version})); err != nil {
		return
	}
	watching.Go(func() { watch(conn, cancel) })
	out := &output{conn: conn}
	exit := h(ctx, r, stream{out, false}, stream{out, true})
	out.exit(exit)
}

// watch cancels the command when the caller closes the connection, or sends
// something, which the protocol does not have.
func watch(conn net.Conn, cancel context.CancelFunc) {
	conn.Read(make([]byte, 1))
	cancel()
}

// readRequest reads the caller's frame, or says why it is refused.
func readRequest(ctx context.Context, conn net.Conn) (r Request, why string) {
	conn.SetReadDeadline(time.Now().Add(firstAnswer))
	defer conn.SetReadDeadline(time.Time{})
	if ctx.Err() != nil { // its end may have set the deadline before this did
		return Request{}, "it is ending"
	}
	var in request
	err := decode(conn, maxRequest, "the command", &in)
	var malformed *FrameError
	switch {
	case errors.As(err, &malformed):
		return Request{}, malformed.Err.Error()
	case err != nil:
		return Request{}, "the command did not come"
	case in.Version != version:
		return Request{}, fmt.Sprintf("it speaks version %d of the hand-over, the new program version %d; end it and try again",
			version, in.Version)
	}
	r.Dir = string(in.Dir)
	for _, a := range in.Args {
		r.Args = append(r.Args, string(a))
	}
	return r, ""
}

// output sends what a command writes. Its frames keep the order of writing.
type output struct {
	mu     sync.Mutex
	conn   net.Conn
	ended  bool // the command has returned
	failed error
}

// stream is one of the two outputs of a command.
type stream struct {
	out      *output
	isStderr bool
}

// Write sends p in frames. It returns when the caller's system has taken them.
func (s stream) Write(p []byte) (n int, err error) {
	s.out.mu.Lock()
	defer s.out.mu.Unlock()
	for n < len(p) {
		chunk := p[n:min(len(p), n+maxChunk)]
		if err := s.out.send(s.frame(chunk)); err != nil {
			return n, err
		}
		n += len(chunk)
	}
	return n, nil
}

func (s stream) frame(chunk []byte) reply {
	if s.isStderr {
		return reply{Stderr: chunk}
	}
	return reply{Stdout: chunk}
}

// send sends one frame. After an error the stream is cut within a frame, and
// nothing can follow. The caller holds o.mu.
func (o *output) send(r reply) error {
	if o.ended {
		return io.ErrClosedPipe
	}
	if o.failed == nil {
		if _, err := o.conn.Write(encode(r)); err != nil {
			o.failed = fmt.Errorf("handover: send output to the caller: %w", err)
		}
	}
	return o.failed
}

// exit sends the exit code, the last frame. A caller that has gone does not need it.
func (o *output) exit(code int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.send(reply{Exit: &code})
	o.ended = true
}
