package cli

import (
	"strings"

	"inkling/app/qrcode"
)

// Colours of the terminal: the first and the last of the 256 that no theme of a terminal changes from black and white.
const (
	blackOnWhite = "\x1b[38;5;16;48;5;231m"
	plainAgain   = "\x1b[0m"
)

// halves are the characters for two modules, one above the other, by which of them are black.
var halves = map[[2]bool]rune{{false, false}: ' ', {true, false}: '▀', {false, true}: '▄', {true, true}: '█'}

// printQR prints a link as a QR code, two rows of modules in a line, black on white also where the terminal is dark.
func printQR(c *Call, link string) error {
	code, err := qrcode.New(link)
	if err != nil {
		return err
	}
	for y := 0; y < code.Size; y += 2 {
		var line strings.Builder
		for x := range code.Size {
			line.WriteRune(halves[[2]bool{code.Black(x, y), code.Black(x, y+1)}])
		}
		c.printf("%s%s%s\n", blackOnWhite, line.String(), plainAgain)
	}
	return nil
}
