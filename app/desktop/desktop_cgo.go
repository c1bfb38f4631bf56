//go:build cgo

package desktop

import (
	"errors"
	"os"
	"path/filepath"
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
	preferPaper()
	if cache, err := os.UserCacheDir(); err == nil {
		os.MkdirAll(cache, 0o700) // Fyne makes its folders in it, not it; without them it does without
	}
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

// Tell opens a window with nothing but an error, and the way out of it if there is one, and returns when it was closed: with whether
// the program is to start again.
func Tell(title string, err error, out *Way) (again bool, noWindow error) {
	if noWindow := Available(); noWindow != nil {
		return false, noWindow
	}
	return ui.Tell(newApp(), title, err, (*ui.Way)(out)), nil
}

// preferPaper asks for light colours where the desktop can say nothing about them:
// Fyne takes dark ones then. With a session bus it asks the desktop's settings.
func preferPaper() {
	if runtime.GOOS == "windows" || runtime.GOOS == "darwin" || os.Getenv("FYNE_THEME") != "" {
		return
	}
	_, err := os.Stat(filepath.Join(os.Getenv("XDG_RUNTIME_DIR"), "bus"))
	if os.Getenv("DBUS_SESSION_BUS_ADDRESS") == "" && err != nil {
		os.Setenv("FYNE_THEME", "light")
	}
}
