package qrcode

import (
	"image"
	"image/color"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/makiuchi-d/gozxing"
	reader "github.com/makiuchi-d/gozxing/qrcode"
)

// read returns what a reader that shares no code with ours finds in a picture of c.
func read(t *testing.T, c Code, scale int) string {
	t.Helper()
	img := image.NewGray(image.Rect(0, 0, c.Size*scale, c.Size*scale))
	for y := range c.Size * scale {
		for x := range c.Size * scale {
			if !c.Black(x/scale, y/scale) {
				img.SetGray(x, y, color.Gray{Y: 0xff})
			}
		}
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		t.Fatal(err)
	}
	// The picture is the code and nothing else. To find one in a photograph is the reader's art, which fails now and then.
	found, err := reader.NewQRCodeReader().Decode(bits, map[gozxing.DecodeHintType]any{gozxing.DecodeHintType_PURE_BARCODE: true})
	if err != nil {
		t.Fatalf("%d modules: %v", c.Size, err)
	}
	return found.GetText()
}

// TestReadBack: links of every length that they can have are read again as they were.
func TestReadBack(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
	for length := 60; length <= 240; length += 5 {
		link := []byte("inkling://join#")
		for range length {
			link = append(link, letters[r.IntN(len(letters))])
		}
		code, err := New(string(link))
		if err != nil {
			t.Fatal(err)
		}
		if got := read(t, code, 4); got != string(link) {
			t.Errorf("seed %d: %q is read as %q", seed, link, got)
		}
	}
}

// TestQuietZone: four modules at each side are white, and the fifth is not.
func TestQuietZone(t *testing.T) {
	code, err := New("inkling://join#AQ")
	if err != nil {
		t.Fatal(err)
	}
	for i := range code.Size {
		for _, at := range []int{-1, 0, 3, code.Size - 4, code.Size - 1, code.Size} {
			if code.Black(at, i) || code.Black(i, at) {
				t.Fatalf("a black module at %d, %d of %d", at, i, code.Size)
			}
		}
	}
	if !code.Black(4, 4) || !code.Black(code.Size-5, 4) || !code.Black(4, code.Size-5) {
		t.Error("no finder at a corner")
	}
	if (Code{}).Black(0, 0) {
		t.Error("no code has a black module")
	}
	if _, err := New(strings.Repeat("a", 2954)); err == nil {
		t.Error("2,954 bytes are in a code")
	}
}
