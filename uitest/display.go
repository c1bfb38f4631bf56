//go:build linux

package uitest

import (
	"fmt"
	"image"
	"io"
	"log"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
	"github.com/jezek/xgb/xtest"
)

// Size of a display in pixels.
const (
	displayWidth  = 1600
	displayHeight = 1000
)

// displayPatience is how long an X server may take to start.
const displayPatience = 20 * time.Second

// display is an X server of its own, with nothing on it but what a test starts.
// Keys and mouse go through XTEST, so programs cannot tell them from a person's.
type display struct {
	t         testing.TB
	name      string // as in DISPLAY, ":7"
	conn      *xgb.Conn
	root      xproto.Window
	keyboard  *keyboard
	clipboard *clipboard
}

// newDisplay starts an X server and ends it with the test.
func newDisplay(t testing.TB) *display {
	t.Helper()
	d := &display{t: t}
	d.name, d.conn = startXvfb(t)
	if err := xtest.Init(d.conn); err != nil {
		t.Fatalf("the display %s has no XTEST: %v", d.name, err)
	}
	d.root = xproto.Setup(d.conn).DefaultScreen(d.conn).Root
	d.keyboard = newKeyboard(d)
	d.clipboard = newClipboard(d)
	var events sync.WaitGroup
	events.Go(d.events)
	t.Cleanup(func() {
		d.conn.Close()
		events.Wait()
	})
	return d
}

// Numbers that displays of tests have. Lower ones are usual for people's.
const (
	firstDisplay = 100
	lastDisplay  = 400
)

// startXvfb starts a server under the first free number and connects to it.
//
// Xvfb's own choice of a number (-displayfd) is of no use here: it takes no lock then,
// and without the abstract socket it steals the number of a running server.
func startXvfb(t testing.TB) (name string, conn *xgb.Conn) {
	t.Helper()
	path, err := exec.LookPath("Xvfb")
	if err != nil {
		t.Fatal("Xvfb is missing: install the package xvfb (make setup does)")
	}
	xgb.Logger = log.New(io.Discard, "", 0)
	var said string
	for number := firstDisplay; number <= lastDisplay; number++ {
		name = fmt.Sprintf(":%d", number)
		if taken, err := xgb.NewConnDisplay(name); err == nil {
			taken.Close()
			continue
		}
		if conn, said = tryXvfb(t, path, name); conn != nil {
			return name, conn
		}
	}
	t.Fatalf("Xvfb does not come up under any number from %d to %d: %s", firstDisplay, lastDisplay, said)
	return "", nil
}

// tryXvfb starts a server that listens only on a socket in the file system, which
// programs in every network namespace reach. It returns nil and the server's words when
// that ends, as it does when another one has the number.
func tryXvfb(t testing.TB, path, name string) (conn *xgb.Conn, said string) {
	t.Helper()
	var words strings.Builder
	cmd := exec.Command(path, name, "-nolisten", "tcp", "-nolisten", "local",
		"-screen", "0", fmt.Sprintf("%dx%dx24", displayWidth, displayHeight))
	cmd.Stdout, cmd.Stderr = &words, &words
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start Xvfb: %v", err)
	}
	ended := make(chan struct{})
	go func() {
		cmd.Wait()
		close(ended)
	}()
	stop := func() {
		cmd.Process.Signal(syscall.SIGTERM) // lets it remove its socket and lock
		<-ended
	}
	for late := time.After(displayPatience); conn == nil; conn, _ = xgb.NewConnDisplay(name) {
		select {
		case <-ended:
			return nil, words.String()
		case <-late:
			stop()
			t.Fatalf("Xvfb does not answer on display %s: %s", name, words.String())
		case <-time.After(glance):
		}
	}
	t.Cleanup(stop)
	return conn, ""
}

// events deals with what the server sends until the connection is closed.
func (d *display) events() {
	for {
		event, err := d.conn.WaitForEvent()
		switch {
		case event == nil && err == nil:
			return
		case err != nil:
			d.t.Errorf("display %s: %v", d.name, err)
		default:
			d.clipboard.handle(event)
		}
	}
}

// fake sends one event of keyboard or mouse.
func (d *display) fake(kind, detail byte, x, y int) {
	xtest.FakeInput(d.conn, kind, detail, 0, d.root, int16(x), int16(y), 0)
}

// capture returns what is on a part of the screen.
func (d *display) capture(r image.Rectangle) *image.RGBA {
	d.t.Helper()
	r = r.Intersect(image.Rect(0, 0, displayWidth, displayHeight))
	img := image.NewRGBA(r)
	if r.Empty() {
		return img
	}
	reply, err := xproto.GetImage(d.conn, xproto.ImageFormatZPixmap, xproto.Drawable(d.root),
		int16(r.Min.X), int16(r.Min.Y), uint16(r.Dx()), uint16(r.Dy()), ^uint32(0)).Reply()
	if err != nil {
		d.t.Errorf("read the screen of display %s: %v", d.name, err)
		return img
	}
	for i := 0; i+3 < len(reply.Data) && i+3 < len(img.Pix); i += 4 { // B G R unused, 32 bits a pixel
		img.Pix[i], img.Pix[i+1], img.Pix[i+2], img.Pix[i+3] = reply.Data[i+2], reply.Data[i+1], reply.Data[i], 0xff
	}
	return img
}
