//go:build linux

package uitest

import (
	"image"
	"strings"
	"testing"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// witness is a plain window that notes what reaches it, to try the harness without
// the program.
type witness struct {
	t      testing.TB
	conn   *xgb.Conn
	window *window
}

func newWitness(d *display) *witness {
	conn, err := xgb.NewConnDisplay(d.name)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(conn.Close)
	id, err := xproto.NewWindowId(conn)
	if err != nil {
		d.t.Fatal(err)
	}
	screen := xproto.Setup(conn).DefaultScreen(conn)
	events := uint32(xproto.EventMaskKeyPress | xproto.EventMaskButtonPress | xproto.EventMaskButtonRelease)
	xproto.CreateWindow(conn, screen.RootDepth, id, screen.Root, 0, 0, 200, 100, 0, xproto.WindowClassInputOutput,
		screen.RootVisual, xproto.CwBackPixel|xproto.CwEventMask, []uint32{screen.WhitePixel, events})
	if err := xproto.MapWindowChecked(conn, id).Check(); err != nil {
		d.t.Fatal(err)
	}
	w := &witness{d.t, conn, &window{d, id}}
	eventually(d.t, 5*time.Second, "the plain window is drawn", func() (bool, string) {
		img := d.capture(w.window.bounds())
		return near(at(img, 100, 50), fieldColour), "no white"
	})
	w.window.focus()
	return w
}

// next returns the next event of the plain window.
func (w *witness) next() xgb.Event {
	w.t.Helper()
	got := make(chan xgb.Event, 1)
	go func() {
		event, _ := w.conn.WaitForEvent()
		got <- event
	}()
	select {
	case event := <-got:
		return event
	case <-time.After(5 * time.Second):
		w.t.Fatal("no event reaches the plain window")
		return nil
	}
}

// reads turns n key presses into text, by the key map that the server has now.
func (w *witness) reads(n int) string {
	w.t.Helper()
	var text strings.Builder
	for n > 0 {
		press, ok := w.next().(xproto.KeyPressEvent)
		if !ok {
			continue // MappingNotify
		}
		reply, err := xproto.GetKeyboardMapping(w.conn, press.Detail, 1).Reply()
		if err != nil {
			w.t.Fatal(err)
		}
		s := reply.Keysyms[press.State&xproto.ModMaskShift]
		if s == namedKeys["Shift"] {
			continue
		}
		if s == namedKeys["Return"] {
			s = '\n'
		}
		text.WriteRune(rune(s &^ 0x01000000))
		n--
	}
	return text.String()
}

func TestKeysReachAWindow(t *testing.T) {
	d := newDisplay(t)
	w := newWitness(d)
	const want = "Hello, World! {}~\né ß € ж 漢 “quoted”"
	d.types(want, 0)
	if got := w.reads(len([]rune(want))); got != want {
		t.Errorf("typed %q, the window got %q", want, got)
	}
}

func TestMouseReachesAWindow(t *testing.T) {
	d := newDisplay(t)
	w := newWitness(d)
	w.window.place(image.Rect(300, 200, 500, 300))
	d.drag(image.Pt(310, 220), image.Pt(450, 260))
	press, ok1 := w.next().(xproto.ButtonPressEvent)
	release, ok2 := w.next().(xproto.ButtonReleaseEvent)
	if !ok1 || !ok2 || press.EventX != 10 || press.EventY != 20 || release.EventX != 150 || release.EventY != 60 {
		t.Errorf("dragged from (10, 20) to (150, 60), the window got %v and %v", press, release)
	}
}

func TestClipboardOfADisplay(t *testing.T) {
	d := newDisplay(t)
	if got := d.clipboard.read(); got != "" {
		t.Errorf("a new display's clipboard holds %q", got)
	}
	for _, want := range []string{"a link", "Größe", ""} {
		d.clipboard.offer(want)
		if got := d.clipboard.read(); got != want {
			t.Errorf("offered %q, read %q", want, got)
		}
	}
}
