// Package ui is the window: the list of documents, the page, and the panel in which
// people come together.
//
// # Idea
//
// [Window] puts the parts side by side and moves between documents. A part (sidebar,
// together, statusLine, banner) draws what it is told and reports what the person
// wants by callbacks; only Window talks to the workspace. Everything here runs on
// Fyne's one goroutine, but for the functions started with background: they may wait
// for disk and network, and hand their results back with Window.do.
//
// # What it does not do
//
// It does not edit (package editor does) and holds no text. It never imports
// fyne/v2/app, so it is tested without a display.
package ui
