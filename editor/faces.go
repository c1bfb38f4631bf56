package editor

import (
	"sync"

	"fyne.io/fyne/v2"
	"github.com/go-text/typesetting/font"

	"inkling/assets/fonts"
	"inkling/editor/layout"
)

// textFace is the face of the page, parsed once.
var textFace = sync.OnceValue(func() *font.Face {
	face, err := layout.ParseFace(fonts.Text)
	if err != nil {
		panic("editor: the built-in text face: " + err.Error())
	}
	return face
})

// systemFaces is where other faces come from; nil until UseSystemFaces.
var systemFaces *layout.SystemFaces

// UseSystemFaces lets all editors set what the text face lacks (other scripts,
// signs) in fonts of the system. Call it once, on the Fyne goroutine, when the
// program starts; the fonts are searched on another goroutine and their index is
// kept in the folder cache. Without it such text is shown as boxes.
func UseSystemFaces(cache string) {
	if systemFaces == nil {
		systemFaces = layout.NewSystemFaces(cache, func() { fyne.Do(facesChanged.tell) })
	}
}

func faces() layout.Faces {
	return layout.Faces{Text: textFace(), Other: func(r rune) *font.Face {
		if systemFaces == nil {
			return nil
		}
		return systemFaces.Face(r)
	}}
}
