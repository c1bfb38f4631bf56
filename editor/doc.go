// Package editor is the page one writes on: a Fyne widget for a text that others
// may be writing too.
//
// # Idea
//
// The widget holds no text. It follows a model.Document: at each [Editor.Refresh]
// it asks what happened since it last looked, forgets the paragraphs that were
// touched, and sets those that are in the window (flow.go). What it shows hangs
// on one line that stays where it is (viewport.go), so what others write above
// never moves what is being read. Only lines in the window have objects, and
// those are kept from frame to frame (renderer.go): a key costs one paragraph, a
// scroll nothing but new positions, whatever the length of the document.
//
// # Words
//
//	page      where the text lies in the widget: margins, measure, sizes
//	measure   the width of the text, about 66 characters
//	flow      the document as set paragraphs
//	spot      a place as paragraph and code point in it
//	viewport  the lines in the window
//	hold      the line that stays where it is when the text around it changes
//	flag      the name at another person's caret
//	look      the colours, read from the theme
//
// Inside, lengths are whole device pixels, so that everything stands sharp on
// the screen's grid; they become Fyne's units where objects are placed.
//
// # Smallest example
//
//	e := editor.New(doc)
//	e.OnSelection = func(tail, head model.Anchor) { tell(tail, head) }
//	window.SetContent(e)
//	window.Canvas().Focus(e)
//	// on news, on the Fyne goroutine:
//	e.Refresh()
//
// # What it does not do
//
// It formats nothing, checks no spelling and stores nothing. Input methods
// compose in their own window, as Fyne has no better way. All methods belong to
// the Fyne goroutine.
package editor
