package ui

import (
	"runtime"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/driver/desktop"
)

// command is something the window does, by its key or from the menu.
type command struct {
	label string       // in the menu; "": it is not there
	key   fyne.KeyName // with Ctrl, on a Mac with Cmd; "": none
	do    func()
}

func (c command) shortcut() *desktop.CustomShortcut {
	return &desktop.CustomShortcut{KeyName: c.key, Modifier: fyne.KeyModifierShortcutDefault}
}

// menuLabel is the label with the key. (Fyne would set the key apart, in a grey that
// nobody can read.)
func (c command) menuLabel() string {
	if c.key == "" {
		return c.label
	}
	modifier := "Ctrl+"
	if runtime.GOOS == "darwin" {
		modifier = "Cmd+"
	}
	return c.label + "  (" + modifier + string(c.key) + ")"
}

// commands lists what menu and keys have in common.
func (win *Window) commands() []command {
	return []command{
		{"New document", fyne.KeyN, win.newDocument},
		{"Open a file…", fyne.KeyO, win.chooseImport},
		{"Export the text…", fyne.KeyS, win.chooseExport},
		{"Save with its history…", "", win.chooseSave},
		{"Together", fyne.KeyT, win.toggleTogether},
		{"", fyne.KeyQ, win.Quit},
	}
}
