// Package fonts holds the faces that come with the program: one serif for what
// is written, one sans serif for the interface. They are chosen, not inherited,
// so that a page looks the same on every machine.
//
// Each variable is a whole static TrueType or OpenType file. README.md names
// the origin, version and licence of each. Scripts that these faces lack are
// set in faces of the system; this package knows nothing of those.
//
//	face, err := layout.ParseFace(fonts.Text)
package fonts

import _ "embed" // the files below

// Text is Vollkorn Regular, the face of the page.
//
//go:embed Vollkorn-Regular.ttf
var Text []byte

// Interface is Inter Regular.
//
//go:embed Inter-Regular.otf
var Interface []byte

// InterfaceBold is Inter SemiBold.
//
//go:embed Inter-SemiBold.otf
var InterfaceBold []byte
