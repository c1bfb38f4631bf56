//go:build linux

package uitest

import (
	"time"

	"github.com/jezek/xgb"
	"github.com/jezek/xgb/xproto"
)

// clipboardPatience is how long the owner of a selection may take to answer.
const clipboardPatience = 5 * time.Second

// clipboardMax bounds the text that is read, in bytes.
const clipboardMax = 1 << 20

// clipboard reads and owns the display's CLIPBOARD selection (ICCCM §2). Only
// UTF8_STRING is spoken.
type clipboard struct {
	d         *display
	window    xproto.Window // never shown
	selection xproto.Atom
	utf8      xproto.Atom
	targets   xproto.Atom
	property  xproto.Atom

	text     chan string // what we offer, taken and put back by the event loop
	answered chan xproto.SelectionNotifyEvent
}

func newClipboard(d *display) *clipboard {
	c := &clipboard{d: d, text: make(chan string, 1), answered: make(chan xproto.SelectionNotifyEvent, 1)}
	c.text <- ""
	c.selection, c.utf8 = d.atom("CLIPBOARD"), d.atom("UTF8_STRING")
	c.targets, c.property = d.atom("TARGETS"), d.atom("INKLING_UITEST")
	c.window = d.hiddenWindow()
	return c
}

func (d *display) atom(name string) xproto.Atom {
	reply, err := xproto.InternAtom(d.conn, false, uint16(len(name)), name).Reply()
	if err != nil {
		d.t.Fatalf("display %s: atom %s: %v", d.name, name, err)
	}
	return reply.Atom
}

func (d *display) hiddenWindow() xproto.Window {
	id, err := xproto.NewWindowId(d.conn)
	if err == nil {
		err = xproto.CreateWindowChecked(d.conn, 0, id, d.root, 0, 0, 1, 1, 0,
			xproto.WindowClassInputOnly, xproto.WindowNone, 0, nil).Check()
	}
	if err != nil {
		d.t.Fatalf("display %s: make a window: %v", d.name, err)
	}
	return id
}

// read returns the text that the clipboard's owner offers.
func (c *clipboard) read() string {
	c.d.t.Helper()
	xproto.ConvertSelection(c.d.conn, c.window, c.selection, c.utf8, c.property, xproto.TimeCurrentTime)
	var answer xproto.SelectionNotifyEvent
	select {
	case answer = <-c.answered:
	case <-time.After(clipboardPatience):
		c.d.t.Fatalf("display %s: the clipboard's owner does not answer", c.d.name)
	}
	if answer.Property == xproto.AtomNone {
		return "" // nobody has put text there
	}
	reply, err := xproto.GetProperty(c.d.conn, true, c.window, c.property, xproto.GetPropertyTypeAny, 0, clipboardMax/4).Reply()
	if err != nil {
		c.d.t.Fatalf("display %s: read the clipboard: %v", c.d.name, err)
	}
	return string(reply.Value)
}

// offer puts text into the clipboard.
func (c *clipboard) offer(text string) {
	<-c.text
	c.text <- text
	xproto.SetSelectionOwner(c.d.conn, c.window, c.selection, xproto.TimeCurrentTime)
}

// handle deals with the events of selections, on the event loop.
func (c *clipboard) handle(event xgb.Event) {
	switch e := event.(type) {
	case xproto.SelectionNotifyEvent:
		select {
		case c.answered <- e:
		default: // an answer that nobody waits for any more
		}
	case xproto.SelectionRequestEvent:
		c.serve(e)
	}
}

// serve gives the offered text to a program that pastes.
func (c *clipboard) serve(e xproto.SelectionRequestEvent) {
	text := <-c.text
	c.text <- text
	answer := xproto.SelectionNotifyEvent{Time: e.Time, Requestor: e.Requestor, Selection: e.Selection, Target: e.Target, Property: e.Property}
	switch e.Target {
	case c.utf8:
		xproto.ChangeProperty(c.d.conn, xproto.PropModeReplace, e.Requestor, e.Property, c.utf8, 8, uint32(len(text)), []byte(text))
	case c.targets:
		list := make([]byte, 8)
		xgb.Put32(list, uint32(c.targets))
		xgb.Put32(list[4:], uint32(c.utf8))
		xproto.ChangeProperty(c.d.conn, xproto.PropModeReplace, e.Requestor, e.Property, xproto.AtomAtom, 32, 2, list)
	default:
		answer.Property = xproto.AtomNone
	}
	xproto.SendEvent(c.d.conn, false, e.Requestor, xproto.EventMaskNoEvent, string(answer.Bytes()))
}
