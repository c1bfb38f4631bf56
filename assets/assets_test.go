package assets

import (
	"bytes"
	"image"
	"image/png"
	"os"
	"testing"
)

func decode(t *testing.T, name string, data []byte) image.Image {
	t.Helper()
	picture, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return picture
}

// A dock shows the corners of an icon that lacks transparency as a white box.
func TestIconIsASquareWithTransparentCorners(t *testing.T) {
	large, err := os.ReadFile("icon-512.png")
	if err != nil {
		t.Fatal(err)
	}
	for size, data := range map[int][]byte{256: Icon, 512: large} {
		picture := decode(t, "icon", data)
		if got := picture.Bounds().Size(); got != image.Pt(size, size) {
			t.Errorf("icon is %v, want %d × %d", got, size, size)
		}
		if _, _, _, alpha := picture.At(0, 0).RGBA(); alpha != 0 {
			t.Errorf("icon of %d pixels: corner has alpha %d, want 0", size, alpha)
		}
		if _, _, _, alpha := picture.At(size/2, size/2).RGBA(); alpha != 0xffff {
			t.Errorf("icon of %d pixels: middle has alpha %d, want opaque", size, alpha)
		}
	}
}
