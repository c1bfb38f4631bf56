// Package desktop joins the window to the window system. It is the only place that
// imports fyne/v2/app, which needs cgo, OpenGL and a display; so it has no tests
// and nobody but package app imports it.
//
// Built with cgo (desktop_cgo.go) it opens windows. Built without
// (desktop_nocgo.go) it says so, and the program has its sub-commands only.
package desktop

import "inkling/app/cli"

// Window is the program's window. Its methods may be called from any goroutine, but
// for Run.
type Window interface {
	cli.Window
	// Run shows it and returns when it was closed, with whether the program is to start again. Main goroutine only.
	Run(files []string) (again bool)
	Quit()
	Restart() // is Quit, and to start again
}

// Way is a way out of what keeps the program from starting: a button. Do says what came of it.
type Way struct {
	Label string
	Do    func() (text string, err error)
}
