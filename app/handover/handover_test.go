package handover

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long a test waits for what must come.
const patience = 30 * time.Second

// library returns a library folder, with a runtime folder of the test's own.
// Both are short, as the path of a socket is.
func library(t testing.TB) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "ink")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	for _, variable := range []string{"XDG_RUNTIME_DIR", "LocalAppData"} {
		t.Setenv(variable, dir)
	}
	return dir
}

func listen(t testing.TB, dir string, h Handler) *Listener {
	t.Helper()
	l, err := Listen(dir, h)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return l
}

// raw connects to the owner of dir without the protocol.
func raw(t testing.TB, dir string) net.Conn {
	t.Helper()
	conn, err := net.Dial("unix", SocketPath(dir))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return conn
}

// receive waits for a value from c.
func receive[T any](t testing.TB, c <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-c:
		return v
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
		panic("unreachable")
	}
}

func TestRoundTrip(t *testing.T) {
	dir := library(t)
	sent := Request{Args: []string{"export", "", "a b\n", "\xff\x00", "ä", "-v"}, Dir: "/tmp/\xfe"}
	var got Request
	listen(t, dir, func(_ context.Context, r Request, stdout, stderr io.Writer) int {
		got = r
		fmt.Fprint(stdout, "one ")
		fmt.Fprint(stderr, "two ")
		fmt.Fprint(stdout, "three")
		return 7
	})
	var stdout, stderr, both bytes.Buffer
	exit, err := Call(t.Context(), dir, sent, io.MultiWriter(&stdout, &both), io.MultiWriter(&stderr, &both))
	if exit != 7 || err != nil {
		t.Errorf("exit %d, %v; want 7", exit, err)
	}
	if !reflect.DeepEqual(got, sent) {
		t.Errorf("the command arrived as %q, want %q", got, sent)
	}
	if stdout.String() != "one three" || stderr.String() != "two " || both.String() != "one two three" {
		t.Errorf("output %q, errors %q, together %q", &stdout, &stderr, &both)
	}
}

func TestExitCodes(t *testing.T) {
	dir := library(t)
	var want int
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int { return want })
	for _, want = range []int{0, 1, 2, 255, -1} {
		if exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); exit != want || err != nil {
			t.Errorf("exit %d, %v; want %d", exit, err, want)
		}
	}
}

// Whatever is written, in whatever pieces, comes out equal.
func TestOutputComesOutEqual(t *testing.T) {
	dir := library(t)
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	want := make([]byte, 8<<20)
	for i := range want {
		want[i] = byte(r.Uint32())
	}
	listen(t, dir, func(_ context.Context, _ Request, stdout, _ io.Writer) int {
		for rest := want; len(rest) > 0; {
			n := min(len(rest), r.IntN(3*maxChunk))
			if wrote, err := stdout.Write(rest[:n]); wrote != n || err != nil {
				t.Errorf("seed %d: Write = %d, %v; want %d", seed, wrote, err, n)
				return 1
			}
			rest = rest[n:]
		}
		return 0
	})
	var got bytes.Buffer
	if exit, err := Call(t.Context(), dir, Request{}, &got, io.Discard); exit != 0 || err != nil {
		t.Fatalf("seed %d: exit %d, %v", seed, exit, err)
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("seed %d: %d bytes came of %d, or others", seed, got.Len(), len(want))
	}
}

func TestNobody(t *testing.T) {
	dir := library(t)
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != ErrNobody {
		t.Errorf("no socket: %v, want ErrNobody", err)
	}
	l := listen(t, dir, nil)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != ErrNobody {
		t.Errorf("after Close: %v, want ErrNobody", err)
	}
	if _, err := os.Lstat(SocketPath(dir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("after Close the socket is left: %v", err)
	}
}

// A socket that a killed program has left is nobody's, and is replaced.
func TestStaleSocket(t *testing.T) {
	dir := library(t)
	path := SocketPath(dir)
	if err := makeFolder(path); err != nil {
		t.Fatal(err)
	}
	left, err := net.ListenUnix("unix", &net.UnixAddr{Name: path})
	if err != nil {
		t.Fatal(err)
	}
	left.SetUnlinkOnClose(false)
	left.Close()
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != ErrNobody {
		t.Errorf("stale socket: %v, want ErrNobody", err)
	}
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int { return 3 })
	if exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); exit != 3 || err != nil {
		t.Errorf("after it was replaced: exit %d, %v; want 3", exit, err)
	}
}

func TestListenRefuses(t *testing.T) {
	dir := library(t)
	listen(t, dir, func(context.Context, Request, io.Writer, io.Writer) int { return 3 })
	if l, err := Listen(dir, nil); err == nil {
		l.Close()
		t.Error("two programs listen for one library")
	}
	if exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); exit != 3 || err != nil {
		t.Errorf("the first does not answer any more: %d, %v", exit, err)
	}

	other := filepath.Join(dir, "other")
	if err := os.WriteFile(SocketPath(other), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if l, err := Listen(other, nil); err == nil {
		l.Close()
		t.Error("a file that is no socket was replaced")
	}
	if kept, _ := os.ReadFile(SocketPath(other)); string(kept) != "mine" {
		t.Errorf("the file is %q now", kept)
	}
}

// A caller that goes away, in whatever way, ends the command's context.
func TestCallerGoneCancels(t *testing.T) {
	dir := library(t)
	running, cancelled := make(chan struct{}), make(chan error, 1)
	listen(t, dir, func(ctx context.Context, _ Request, stdout, _ io.Writer) int {
		fmt.Fprint(stdout, "running")
		running <- struct{}{}
		<-ctx.Done()
		_, err := stdout.Write(make([]byte, 8<<20))
		cancelled <- err
		return 0
	})
	check := func(how string) {
		t.Helper()
		if receive(t, cancelled, "the end of the command") == nil {
			t.Errorf("%s: the command could still write", how)
		}
	}

	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		_, err := Call(ctx, dir, Request{}, io.Discard, io.Discard)
		ended <- err
	}()
	receive(t, running, "the command")
	cancel()
	if err := receive(t, ended, "Call"); err != context.Canceled {
		t.Errorf("Call after cancel: %v, want context.Canceled", err)
	}
	check("cancelled")

	conn := raw(t, dir)
	conn.Write(encode(request{Version: version}))
	receive(t, running, "the command")
	conn.Close()
	check("closed")

	go func() {
		_, err := Call(t.Context(), dir, Request{}, fullDisk{}, io.Discard)
		ended <- err
	}()
	receive(t, running, "the command")
	if err := receive(t, ended, "Call"); !errors.Is(err, errFull) {
		t.Errorf("Call whose output cannot be written: %v, want %v", err, errFull)
	}
	check("output full")
}

var errFull = errors.New("no space left")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

// Close ends the commands that run, waits for them, and their callers still get
// the exit code.
func TestCloseCancelsAndWaits(t *testing.T) {
	dir := library(t)
	running, returned := make(chan struct{}), false
	l := listen(t, dir, func(ctx context.Context, _ Request, _, _ io.Writer) int {
		close(running)
		<-ctx.Done()
		returned = true
		return 5
	})
	type result struct {
		exit int
		err  error
	}
	ended := make(chan result, 1)
	go func() {
		exit, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard)
		ended <- result{exit, err}
	}()
	receive(t, running, "the command")
	if err := l.Close(); err != nil || !returned {
		t.Errorf("Close: %v, the command returned before: %v", err, returned)
	}
	if got := receive(t, ended, "Call"); got != (result{5, nil}) {
		t.Errorf("Call: %v, want exit 5", got)
	}
}

// Close is not held up by a caller that takes no output, nor by one that sends
// no command.
func TestCloseEndsStuckCallers(t *testing.T) {
	dir := library(t)
	running, wrote := make(chan struct{}), make(chan error, 1)
	l := listen(t, dir, func(_ context.Context, _ Request, stdout, _ io.Writer) int {
		close(running)
		_, err := stdout.Write(make([]byte, 8<<20))
		wrote <- err
		return 0
	})
	raw(t, dir) // sends nothing
	conn := raw(t, dir)
	conn.Write(encode(request{Version: version})) // reads nothing
	receive(t, running, "the command")
	closed := make(chan error, 1)
	go func() { closed <- l.Close() }()
	if err := receive(t, closed, "Close"); err != nil {
		t.Errorf("Close: %v", err)
	}
	if err := receive(t, wrote, "the command's Write"); err == nil {
		t.Error("8 MiB were written to a caller that takes nothing")
	}
}

func TestWritingAfterTheReturnFails(t *testing.T) {
	dir := library(t)
	var kept io.Writer
	listen(t, dir, func(_ context.Context, _ Request, stdout, _ io.Writer) int { kept = stdout; return 0 })
	if _, err := Call(t.Context(), dir, Request{}, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	if n, err := kept.Write([]byte("late")); n != 0 || err == nil {
		t.Errorf("Write after the return = %d, %v", n, err)
	}
}

// Sixteen run at once; the next is told so, and finds room when one has ended.
func TestCallersAtOnce(t *testing.T) {
	dir := library(t)
	running, release := make(chan struct{}, maxCallers), make(chan struct{})
	listen(t, dir, func(ctx context.Context, r Request, stdout, _ io.Writer) int {
		running <- struct{}{}
		<-release
		fmt.Fprint(stdout, r.Args[0])
		return 0
	})
	var callers sync.WaitGroup
	for i := range maxCallers {
		callers.Go(func() {
			var out strings.Builder
			exit, err := Call(t.Context(), dir, Request{Args: []string{fmt.Sprint(i)}}, &out, io.Discard)
			if exit != 0 || err != nil || out.String() != fmt.Sprint(i) {
				t.Errorf("caller %d: exit %d, %v, output %q", i, exit, err, &out)
			}
		})
	}
	for range maxCallers {
		receive(t, running, "a command")
	}
	big := []string{strings.Repeat("x", maxRequest/2)} // more than the owner's system buffers
	var refused *RefusedError
	if _, err := Call(t.Context(), dir, Request{Args: big}, io.Discard, io.Discard); !errors.As(err, &refused) {
		t.Errorf("one too many: %v, want a RefusedError", err)
	}
	close(release)
	callers.Wait()
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) { // until the slot of one is free
		_, err := Call(t.Context(), dir, Request{Args: big}, io.Discard, io.Discard)
		if err == nil {
			break
		}
		if !errors.As(err, &refused) || time.Now().After(end) {
			t.Fatalf("after the others have ended: %v", err)
		}
	}
}

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

func FuzzDecode(f *testing.F) {
	f.Add(encode(request{Version: 1, Args: [][]byte{[]byte("list")}, Dir: []byte("/")}))
	f.Add(encode(reply{Version: 1, Stdout: []byte("x")}))
	f.Add([]byte{0xff, 0xff, 0xff, 0xff})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r request
		in := bytes.NewReader(data)
		if err := decode(in, maxRequest, "x", &r); err != nil {
			return
		}
		var again request
		if err := decode(bytes.NewReader(encode(r)), 2*maxRequest, "x", &again); err != nil || !reflect.DeepEqual(normal(r), normal(again)) {
			t.Errorf("%+v came back as %+v, %v", r, again, err)
		}
	})
}

// normal makes nil and empty the same.
func normal(r request) string { return fmt.Sprintf("%d %q %q", r.Version, r.Args, r.Dir) }
