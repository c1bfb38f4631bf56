// Package assets holds the files that are part of the program.
//
// Here is the mark: a drop of ink that is a nib as well. assets/icon.svg is its source; the pictures are made from
// it with "rsvg-convert -w 512 -h 512 icon.svg -o icon-512.png" and looked at in 16, 64 and 512 pixels. The
// typefaces have a package of their own, assets/fonts.
//
//	window.SetIcon(fyne.NewStaticResource("inkling.png", assets.Icon))
//
// It knows nothing of Fyne and opens no files: what is here is in the program's own memory.
package assets

import _ "embed"

// Icon is the mark as a PNG of 256 × 256 pixels with transparent corners, for windows and docks. Do not change it.
//
//go:embed icon-256.png
var Icon []byte
