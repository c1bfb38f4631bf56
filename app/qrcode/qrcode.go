// Package qrcode makes an invite link a picture that a camera reads: a QR code (ISO/IEC 18004) with the quiet zone
// around it. The window draws it, and the terminal prints it.
//
//	code, err := qrcode.New(link)
//	code.Black(x, y) // for x and y below code.Size
//
// It draws nothing, and reads no codes.
package qrcode

import (
	"fmt"

	"rsc.io/qr"
)

// quiet is how many modules stay white at each side; readers may need them to find the code.
const quiet = 4

// Code is a square of modules, black and white.
type Code struct {
	Size int // of a side in modules, with the quiet zone
	code *qr.Code
}

// New returns the code of text: at most 2,953 bytes. Its level of correction is the least: a screen has no stains, and
// fewer modules are greater ones.
func New(text string) (Code, error) {
	code, err := qr.Encode(text, qr.L)
	if err != nil {
		return Code{}, fmt.Errorf("qrcode: %d bytes: %w", len(text), err)
	}
	return Code{Size: code.Size + 2*quiet, code: code}, nil
}

// Black says whether a module is black; those outside are white.
func (c Code) Black(x, y int) bool { return c.code != nil && c.code.Black(x-quiet, y-quiet) }
