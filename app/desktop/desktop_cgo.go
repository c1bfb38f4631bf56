//go:build cgo

package desktop

import (
	"errors"
	"os"
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/app"

	"inkling/app/ui"
	"inkling/app/workspace"
	"inkling/assets"
)

// appID names the program to the system.
const appID = "app.inkling.editor"

// Available says why no window can be opened, in one plain line; nil when one can.
func Available() error {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" {
		return nil
	}
	if os.Getenv("DISPLAY") == "" && os.Getenv("WAYLAND_DISPLAY") == "" {
		return errors.New("there is no display for the window: use `xvfb-run inkling`, or a command that needs none: inkling serve, list, export, import, doctor")
	}
	return nil
}

func newApp() fyne.App {
	a := app.NewWithID(appID)
	a.SetIcon(fyne.NewStaticResource("inkling.png", assets.Icon))
	return a
}

// New makes the window on w.
func New(w *workspace.Workspace) (Window, error) {
	if err := Available(); err != nil {
		return nil, err
	}
	return ui.New(newApp(), w), nil
}

// Tell opens a window with nothing but a message and returns when it was closed.
func Tell(title, message string) error {
	if err := Available(); err != nil {
		return err
	}
	ui.Tell(newApp(), title, message)
	return nil
}
