//go:build linux

package uitest

import (
	"image"
	"image/draw"
	"image/png"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// artefacts is the folder of what is kept for people.
var artefacts string

// artefact returns the path of a file to keep for people, named after the test.
func artefact(t testing.TB, name string) string {
	return filepath.Join(artefacts, strings.ReplaceAll(t.Name(), "/", "-")+"-"+name)
}

// keepImage keeps an image as a PNG file and says where.
func keepImage(t testing.TB, name string, img image.Image) {
	t.Helper()
	path := artefact(t, name+".png")
	f, err := os.Create(path)
	if err == nil {
		err = png.Encode(f, img)
	}
	if err == nil {
		err = f.Close()
	}
	if err != nil {
		t.Errorf("keep a screenshot: %v", err)
		return
	}
	t.Logf("screenshot: %s", path)
}

// keepEvidence keeps the screen and the program's log of a test that failed.
func (p *person) keepEvidence() {
	p.t.Helper()
	keepImage(p.t, p.name, p.screen.capture(image.Rect(0, 0, displayWidth, displayHeight)))
	log, err := os.ReadFile(p.log)
	if err != nil {
		return // the program was not started
	}
	path := artefact(p.t, p.name+".log")
	if err := os.WriteFile(path, log, 0o644); err != nil {
		p.t.Errorf("keep a log: %v", err)
		return
	}
	p.t.Logf("log: %s", path)
}

// sideBySide puts images next to each other, top edges in line.
func sideBySide(images ...*image.RGBA) *image.RGBA {
	const gap = 8
	var size image.Point
	for _, img := range images {
		size.X += img.Rect.Dx() + gap
		size.Y = max(size.Y, img.Rect.Dy())
	}
	all := image.NewRGBA(image.Rect(0, 0, size.X-gap, size.Y))
	x := 0
	for _, img := range images {
		draw.Draw(all, image.Rect(x, 0, x+img.Rect.Dx(), img.Rect.Dy()), img, img.Rect.Min, draw.Src)
		x += img.Rect.Dx() + gap
	}
	return all
}
