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
	"reflect"
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
