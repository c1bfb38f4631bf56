package workspace

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/netsync/pairing"
)

// Code is what a person reads off this screen, or to somebody, who types it and is let into Doc.
type Code struct {
	Doc   crdt.DocID // zero: into none, but the two devices know each other then
	Text  string     // in groups; "": none is shown
	Until time.Time
}

// MaxTries is how many wrong codes are taken from one address while a code is on the screen.
const MaxTries = pairing.TriesPerSource

// IsLong says whether c is the long kind, which comes when many wrong codes were typed.
func (c Code) IsLong() bool { return len(c.Text) > pairing.LongCode }

// ShowCode puts a code for the document on the screen, in the place of one that is there. It is good for 10 minutes, on
// this network; who types it is let in without further question.
func (w *Workspace) ShowCode(doc crdt.DocID) error {
	if w.node == nil {
		return errOffline
	}
	if err := w.mayGrant(doc); err != nil {
		return fmt.Errorf("invite somebody: %w", err)
	}
	w.node.ShowCode(doc)
	return nil
}

// ShowDeviceCode is ShowCode for no document: the device on which the code is typed and this one know each other from
// then on, and their people can put documents to each other's.
func (w *Workspace) ShowDeviceCode() error {
	if w.node == nil {
		return errOffline
	}
	w.node.ShowCode(crdt.DocID{})
	return nil
}

// HideDeviceCode takes such a code off the screen.
func (w *Workspace) HideDeviceCode() { w.HideCode(crdt.DocID{}) }

// HideCode takes the code off the screen if it is one for the document.
func (w *Workspace) HideCode(doc crdt.DocID) {
	if w.node != nil {
		w.node.HideCode(doc)
	}
}

// Code returns what is on the screen now.
func (w *Workspace) Code() Code {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.code
}

func (w *Workspace) codeShown(c Code) {
	w.mu.Lock()
	w.code = c
	w.mu.Unlock()
	w.events.tell(CodeChanged{})
}

// Hosts lists who shows a code on this network now.
func (w *Workspace) Hosts() []Host {
	if w.node == nil {
		return nil
	}
	return w.node.Hosts()
}

// Entry is what came of a code or a link: a document, or a device that is known now.
type Entry = netsync.Entry

// Join follows an invite link, or types the code that one screen on this network shows, and returns what it opens.
// Its errors are sentences for the person; a [*netsync.JoinError] with SeveralHosts asks whose the code is.
func (w *Workspace) Join(ctx context.Context, text string) (Entry, error) {
	switch {
	case w.node == nil:
		return Entry{}, errOffline
	case IsLink(text):
		return w.node.Join(ctx, text)
	}
	return w.node.JoinCode(ctx, text)
}

// JoinOf types the code that a certain host shows.
func (w *Workspace) JoinOf(ctx context.Context, code string, host Host) (Entry, error) {
	if w.node == nil {
		return Entry{}, errOffline
	}
	return w.node.JoinCodeOf(ctx, code, host)
}

// JoinAt types the code that the computer at an address shows.
func (w *Workspace) JoinAt(ctx context.Context, code, addr string) (Entry, error) {
	if w.node == nil {
		return Entry{}, errOffline
	}
	return w.node.JoinCodeAt(ctx, code, addr)
}

// Host is somebody whose screen shows a code.
type Host = netsync.Host

// HostsOf returns who it may be whose code was typed, when err of Join says that there are several.
func HostsOf(err error) []Host {
	var several *netsync.JoinError
	if errors.As(err, &several) {
		return several.Hosts
	}
	return nil
}

// IsLink says whether text is meant as an invite link, complete or not.
func IsLink(text string) bool { return strings.Contains(text, "inkling:") }
