package handover

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// firstAnswer is how long an owner may take to say whether it takes a command.
const firstAnswer = 5 * time.Second

// Errors of [Call].
var (
	// ErrNobody says that no program listens for the library.
	ErrNobody = errors.New("handover: no running program listens for this library")

	// ErrNoAnswer says that a program listens, but has not answered in 5 s.
	ErrNoAnswer = errors.New("handover: the running Inkling does not answer: wait a moment, or end it and try again")

	// ErrTooLarge says that the command line has more than 1 MiB as sent, in
	// which every byte counts 4/3.
	ErrTooLarge = errors.New("handover: the command line is too long to hand over to the running Inkling")

	// ErrCut says that the program ended before the command did.
	ErrCut = errors.New("handover: the running Inkling ended before the command did")
)

// RefusedError says that the running program does not take the command.
type RefusedError struct{ Reason string }

func (e *RefusedError) Error() string {
	return "handover: the running Inkling does not take the command: " + e.Reason
}

// Request is a command line handed to the running program.
type Request struct {
	Args []string
	Dir  string // working directory for relative paths
}

// Call hands r to the program that listens for the library folder dir, copies its
// output to stdout and stderr as it comes, and returns its exit code. The error
// is [ErrNobody], [ErrNoAnswer], [ErrTooLarge], [ErrCut], a [*RefusedError], a
// [*FrameError], the error of ctx, that of writing the output, or one of the
// system. When ctx ends, or the output cannot be written, the command is cancelled.
func Call(ctx context.Context, dir string, r Request, stdout, stderr io.Writer) (exit int, err error) {
	return call(ctx, SocketPath(dir), r, stdout, stderr, firstAnswer)
}

// call is Call with the socket's path and the time for the first answer.
func call(ctx context.Context, path string, r Request, stdout, stderr io.Writer, patience time.Duration) (int, error) {
	frame := encode(request{Version: version, Args: toBytes(r.Args), Dir: []byte(r.Dir)})
	if len(frame)-4 > maxRequest {
		return 0, ErrTooLarge
	}
	conn, err := dial(ctx, path)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()

	conn.SetDeadline(time.Now().Add(patience))
	err = open(conn, frame)
	conn.SetDeadline(time.Time{})
	exit := 0
	if err == nil {
		exit, err = follow(conn, stdout, stderr)
	}
	if err != nil && ctx.Err() != nil {
		err = ctx.Err()
	}
	return exit, err
}

// dial connects to the owner.
func dial(ctx context.Context, path string) (*net.UnixConn, error) {
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if _, err := os.Lstat(path); errors.Is(err, os.ErrNotExist) {
		return nil, ErrNobody
	}
	if err := checkFolder(filepath.Dir(path)); err != nil {
		return nil, err
	}
	conn, err := new(net.Dialer).DialContext(ctx, "unix", path)
	switch {
	case err != nil && refusedByNobody(err):
		return nil, ErrNobody
	case err != nil:
		return nil, fmt.Errorf("handover: connect to the running program: %w", err)
	}
	if err := sameUser(conn.(*net.UnixConn)); err != nil {
		conn.Close()
		return nil, err
	}
	return conn.(*net.UnixConn), nil
}

// open sends the request and reads the first answer. An owner that refuses may
// close before it has read the request, so an error of writing waits until its
// answer was looked for.
func open(conn net.Conn, frame []byte) error {
	_, sent := conn.Write(frame)
	var first reply
	err := decode(conn, maxAnswer, "the first answer", &first)
	var malformed *FrameError
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return ErrNoAnswer
	case errors.As(err, &malformed):
		return err
	case err != nil && sent != nil:
		return fmt.Errorf("handover: send the command: %w", sent)
	case err != nil:
		return ErrCut
	case first.Refused != "":
		return &RefusedError{first.Refused}
	case first.Version != version:
		return &RefusedError{fmt.Sprintf("it speaks version %d of the hand-over, this program version %d; end it and try again",
			first.Version, version)}
	}
	return nil
}

// follow copies the output until the exit code comes.
func follow(conn net.Conn, stdout, stderr io.Writer) (exit int, err error) {
	for {
		var next reply
		if err := decode(conn, maxAnswer, "output", &next); err != nil {
			var malformed *FrameError
			if errors.As(err, &malformed) {
				return 0, err
			}
			return 0, ErrCut
		}
		if err := pass(stdout, next.Stdout); err != nil {
			return 0, err
		}
		if err := pass(stderr, next.Stderr); err != nil {
			return 0, err
		}
		if next.Exit != nil {
			return *next.Exit, nil
		}
	}
}

// pass writes what has come.
func pass(to io.Writer, p []byte) error {
	if len(p) == 0 {
		return nil
	}
	if _, err := to.Write(p); err != nil {
		return fmt.Errorf("handover: write output: %w", err)
	}
	return nil
}

func toBytes(args []string) [][]byte {
	out := make([][]byte, len(args))
	for i, a := range args {
		out[i] = []byte(a)
	}
	return out
}
