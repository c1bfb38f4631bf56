package handover

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"
)

// maxCallers is how many commands run at once.
const maxCallers = 16

// Listener is the owner's end. Its methods are safe for concurrent use.
type Listener struct {
	socket  *net.UnixListener
	handler Handler
	slots   chan struct{} // one for each running command

	ctx  context.Context // of all commands
	stop context.CancelFunc
	done sync.WaitGroup // accept and the commands
}

// Listen lets h run what callers hand over for the library folder dir, until the
// Listener is closed. The caller of Listen owns the library: a socket that an
// owner before it has left is replaced; one that somebody answers at is an error.
func Listen(dir string, h Handler) (*Listener, error) {
	path := SocketPath(dir)
	if err := checkPath(path); err != nil {
		return nil, err
	}
	if err := makeFolder(path); err != nil {
		return nil, err
	}
	if err := removeStale(path); err != nil {
		return nil, err
	}
	socket, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("handover: listen at %s: %w", path, err)
	}
	l := &Listener{socket: socket, handler: h, slots: make(chan struct{}, maxCallers)}
	l.ctx, l.stop = context.WithCancel(context.Background())
	l.done.Go(l.accept)
	return l, nil
}

// removeStale removes the socket of an owner that has ended without doing so.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("handover: look at %s: %w", path, err)
	}
	if info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("handover: %s is in the way and not a socket: remove it and try again", path)
	}
	conn, err := net.Dial("unix", path)
	if err == nil {
		conn.Close()
		return fmt.Errorf("handover: another program listens at %s", path)
	}
	if !refusedByNobody(err) {
		return fmt.Errorf("handover: try %s: %w", path, err)
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("handover: remove the socket of an earlier start: %w", err)
	}
	return nil
}

// Close stops listening, cancels the commands that run and waits for them to
// return. The socket is removed.
func (l *Listener) Close() error {
	l.stop()
	err := l.socket.Close()
	l.done.Wait()
	if err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("handover: close: %w", err)
	}
	return nil
}

// accept takes callers until the socket is closed. Other errors pass, such as
// too many open files: it waits a little.
func (l *Listener) accept() {
	for {
		conn, err := l.socket.AcceptUnix()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			select {
			case <-l.ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		l.welcome(conn)
	}
}

// welcome gives conn to a goroutine, unless it is another user's or one too many.
func (l *Listener) welcome(conn *net.UnixConn) {
	if err := sameUser(conn); err != nil {
		conn.Close()
		return
	}
	select {
	case l.slots <- struct{}{}:
		l.done.Go(func() {
			defer func() { <-l.slots }()
			serve(l.ctx, conn, l.handler)
		})
	default:
		refuse(conn, fmt.Sprintf("it runs %d already; try again in a moment", maxCallers))
		conn.Close()
	}
}

// refuse tells the caller why its command is not taken. The answer fits into the
// socket's buffer; a caller that has gone need not know.
func refuse(conn net.Conn, why string) {
	conn.SetWriteDeadline(time.Now().Add(time.Second))
	conn.Write(encode(reply{Version: version, Refused: why}))
}
