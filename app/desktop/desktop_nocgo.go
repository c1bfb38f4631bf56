//go:build !cgo

package desktop

import (
	"errors"

	"inkling/app/workspace"
)

var errNoWindow = errors.New("this Inkling was built without a window; its commands work: inkling serve, list, export, import, doctor")

// Available says that there is no window.
func Available() error { return errNoWindow }

// New fails: there is no window.
func New(*workspace.Workspace) (Window, error) { return nil, errNoWindow }

// Tell fails: there is no window.
func Tell(string, error, *Way) (bool, error) { return false, errNoWindow }
