//go:build linux

package uitest

import (
	"image"
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// windowPatience is how long a program may take to show its window on a machine that
// is busy with other tests.
const windowPatience = 30 * time.Second

// window is a program's window on a display. There is no window manager: the test
// places it and gives it the keyboard.
type window struct {
	d  *display
	id xproto.Window
}

// windowOf waits for the window of the process pid and gives it the keyboard.
func (d *display) windowOf(pid int) *window {
	d.t.Helper()
	w := &window{d: d}
	eventually(d.t, windowPatience, "a window of the program", func() (bool, string) {
		w.id = d.find(pid)
		return w.id != 0, "no window with its process id"
	})
	w.focus()
	return w
}

// find looks among the top windows for a visible one of the process.
func (d *display) find(pid int) xproto.Window {
	tree, err := xproto.QueryTree(d.conn, d.root).Reply()
	if err != nil {
		return 0
	}
	for _, id := range tree.Children {
		property, err := xproto.GetProperty(d.conn, false, id, d.atom("_NET_WM_PID"), xproto.AtomCardinal, 0, 1).Reply()
		if err != nil || len(property.Value) < 4 || int(xgb.Get32(property.Value)) != pid {
			continue
		}
		attributes, err := xproto.GetWindowAttributes(d.conn, id).Reply()
		if err == nil && attributes.MapState == xproto.MapStateViewable {
			return id
		}
	}
	return 0
}

// focus gives the keyboard to the window.
func (w *window) focus() {
	xproto.SetInputFocus(w.d.conn, xproto.InputFocusPointerRoot, w.id, xproto.TimeCurrentTime)
}

// place moves the window to a rectangle of the screen and waits until it is there.
func (w *window) place(r image.Rectangle) {
	w.d.t.Helper()
	xproto.ConfigureWindow(w.d.conn, w.id,
		xproto.ConfigWindowX|xproto.ConfigWindowY|xproto.ConfigWindowWidth|xproto.ConfigWindowHeight,
		[]uint32{uint32(r.Min.X), uint32(r.Min.Y), uint32(r.Dx()), uint32(r.Dy())})
	eventually(w.d.t, 5*time.Second, "the window is where it was put", func() (bool, string) {
		is := w.bounds()
		return is == r, is.String()
	})
}

// bounds returns where the window is on the screen.
func (w *window) bounds() image.Rectangle {
	g, err := xproto.GetGeometry(w.d.conn, xproto.Drawable(w.id)).Reply()
	if err != nil {
		return image.Rectangle{}
	}
	return image.Rect(0, 0, int(g.Width), int(g.Height)).Add(image.Pt(int(g.X), int(g.Y)))
}

// title returns what the window calls itself.
func (w *window) title() string {
	reply, err := xproto.GetProperty(w.d.conn, false, w.id, w.d.atom("_NET_WM_NAME"), w.d.atom("UTF8_STRING"), 0, 1024).Reply()
	if err != nil {
		return ""
	}
	return string(reply.Value)
}

// close asks the program to close the window, as the cross in its frame does.
func (w *window) close() {
	event := xproto.ClientMessageEvent{Format: 32, Window: w.id, Type: w.d.atom("WM_PROTOCOLS"),
		Data: xproto.ClientMessageDataUnionData32New([]uint32{uint32(w.d.atom("WM_DELETE_WINDOW")), 0, 0, 0, 0})}
	xproto.SendEvent(w.d.conn, false, w.id, xproto.EventMaskNoEvent, string(event.Bytes()))
}
