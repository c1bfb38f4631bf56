package handover

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestOversizedRequest(t *testing.T) {
	dir := library(t)
	ran := false
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int { ran = true; return 0 })
	huge := Request{Args: []string{strings.Repeat("x", maxRequest)}}
	if _, err := Call(t.Context(), dir, huge, io.Discard, io.Discard); err != ErrTooLarge {
		t.Errorf("Call: %v, want ErrTooLarge", err)
	}
	fitting := Request{Args: []string{strings.Repeat("x", (maxRequest-64)/4*3)}}
	if _, err := Call(t.Context(), dir, fitting, io.Discard, io.Discard); err != nil || !ran {
		t.Errorf("a request that just fits: %v, ran: %v", err, ran)
	}
	ran = false
	expectRefusal(t, dir, encode(request{Version: version, Dir: make([]byte, maxRequest)}), "at most 1048576")
	if ran {
		t.Error("the oversized command ran")
	}
}

func TestMalformedRequests(t *testing.T) {
	dir := library(t)
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int {
		t.Error("a malformed command ran")
		return 0
	})
	expectRefusal(t, dir, encode(request{Version: version + 1}), "version")
	expectRefusal(t, dir, encode(map[string]any{"version": 2, "new": "member"}), "version")
	expectRefusal(t, dir, append([]byte{0, 0, 0, 3}, "{}}"...), "invalid character")
	expectRefusal(t, dir, append([]byte{0, 0, 0, 2}, "{}"...), "version 0")
	expectRefusal(t, dir, []byte("GET / HTTP/1.1\r\n\r\n"), "bytes")
}

// expectRefusal sends frame to the owner of dir; the answer must be a refusal
// with the text why.
func expectRefusal(t *testing.T, dir string, frame []byte, why string) {
	t.Helper()
	conn := raw(t, dir)
	conn.Write(frame) // may fail: the owner may close before it has all
	var first reply
	if err := decode(conn, maxAnswer, "the first answer", &first); err != nil {
		t.Errorf("%.20q: no refusal: %v", frame, err)
	} else if first.Version != version || !strings.Contains(first.Refused, why) {
		t.Errorf("%.20q: answered %+v, want a refusal with %q", frame, first, why)
	}
	if err := decode(conn, maxAnswer, "more", &first); err == nil {
		t.Errorf("%.20q: %+v follows the refusal", frame, first)
	}
}

// fakeOwner answers each caller with the bytes given and closes, or, when they
// are nil, reads and says nothing.
func fakeOwner(t *testing.T, dir string, answer []byte) {
	t.Helper()
	path := SocketPath(dir)
	if err := makeFolder(path); err != nil {
		t.Fatal(err)
	}
	socket, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	var done sync.WaitGroup
	done.Go(func() {
		for {
			conn, err := socket.Accept()
			if err != nil {
				return
			}
			if answer == nil {
				io.Copy(io.Discard, conn)
			} else {
				decode(conn, maxRequest, "the command", new(request))
				conn.Write(answer)
			}
			conn.Close()
		}
	})
	t.Cleanup(func() { socket.Close(); done.Wait() })
}

func TestOddOwners(t *testing.T) {
	taken := encode(reply{Version: version})
	zero := 0
	for name, c := range map[string]struct {
		answer []byte
		want   any // an error, or the type of one
	}{
		"other version":       {encode(reply{Version: 2}), new(*RefusedError)},
		"refuses":             {encode(reply{Version: 2, Refused: "too old"}), new(*RefusedError)},
		"ends at once":        {[]byte{}, ErrCut},
		"ends in a frame":     {taken[:6], ErrCut},
		"ends in the command": {taken, ErrCut},
		"ends in the output":  {slices.Concat(taken, encode(reply{Stdout: []byte("x")}), taken[:5]), ErrCut},
		"oversized answer":    {[]byte{0, 1, 0, 1}, new(*FrameError)},
		"oversized output":    {slices.Concat(taken, []byte{0xff, 0xff, 0xff, 0xff}), new(*FrameError)},
		"no JSON":             {slices.Concat(taken, []byte{0, 0, 0, 1, '}'}), new(*FrameError)},
		"good":                {slices.Concat(taken, encode(map[string]any{"later": 1}), encode(reply{Exit: &zero})), nil},
	} {
		t.Run(name, func(t *testing.T) {
			dir := library(t)
			fakeOwner(t, dir, c.answer)
			_, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard)
			switch want := c.want.(type) {
			case nil:
				if err != nil {
					t.Errorf("%v, want no error", err)
				}
			case error:
				if err != want {
					t.Errorf("%v, want %v", err, want)
				}
			default:
				if !errors.As(err, want) {
					t.Errorf("%v, want a %T", err, want)
				}
			}
		})
	}
}

func TestOwnerThatDoesNotAnswer(t *testing.T) {
	dir := library(t)
	fakeOwner(t, dir, nil)
	_, err := call(t.Context(), SocketPath(dir), Request{}, io.Discard, io.Discard, 10*time.Millisecond)
	if err != ErrNoAnswer {
		t.Errorf("%v, want ErrNoAnswer", err)
	}
	big := Request{Args: []string{strings.Repeat("x", maxRequest/2)}}
	frozen := filepath.Join(dir, "frozen") // does not even read
	socket, err := net.Listen("unix", SocketPath(frozen))
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if _, err := call(t.Context(), SocketPath(frozen), big, io.Discard, io.Discard, 10*time.Millisecond); err != ErrNoAnswer {
		t.Errorf("frozen: %v, want ErrNoAnswer", err)
	}
}
