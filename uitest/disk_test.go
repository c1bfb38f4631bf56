//go:build linux

package uitest

import (
	"errors"
	"fmt"
	"image"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// disk is a small disk in memory, in a person's home.
type disk struct {
	t     testing.TB
	root  string
	films []string
}

func newDisk(t testing.TB, root string, size int) *disk {
	t.Helper()
	if err := os.Mkdir(root, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", root, "tmpfs", 0, fmt.Sprintf("size=%d,mode=700", size)); err != nil {
		t.Fatalf("mount a disk in memory: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(root, syscall.MNT_DETACH); err != nil {
			t.Error(err)
		}
	})
	return &disk{t: t, root: root}
}

// fill leaves no room on the disk.
func (d *disk) fill() {
	d.t.Helper()
	film := filepath.Join(d.root, fmt.Sprint("film", len(d.films)))
	d.films = append(d.films, film)
	f, err := os.Create(film)
	if err != nil && !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 64<<10); err == nil; {
		if _, err = f.Write(block); errors.Is(err, syscall.ENOSPC) && len(block) > 1 {
			block, err = block[:len(block)/2], nil
		}
	}
	if !errors.Is(err, syscall.ENOSPC) {
		d.t.Fatal(err)
	}
}

// empty removes what fill has written.
func (d *disk) empty() {
	d.t.Helper()
	for _, film := range d.films {
		if err := os.Remove(film); err != nil {
			d.t.Fatal(err)
		}
	}
	d.films = nil
}

// reservePatience is how long the program may take to notice that there is room.
const reservePatience = 40 * time.Second

// Somebody fills the disk on which Ana writes. Her words go on being saved until the last room is used up, then they wait;
// the window says both. When there is room they are saved, and a kill takes none of them.
func TestFullDisk(t *testing.T) {
	ana := newPerson(t, "Ana", lonelyMachine(t))
	d := newDisk(t, filepath.Join(ana.home, "disk"), 24<<20)
	dir := filepath.Join(d.root, "inkling")
	ana.library = []string{"--data", dir}
	ana.start()
	ana.types("Before\n")
	ana.waitForText("Before\n")
	ana.settle()
	calm := ana.see()
	reserve := filepath.Join(dir, "reserve")
	waitForFile(t, reserve, true)

	want := "Before\n"
	for n := 0; ; n++ { // the first words still fit into the log that is there
		d.fill()
		if _, err := os.Stat(reserve); err != nil {
			break
		}
		word := fmt.Sprintf("word %d ", n)
		ana.types(word)
		want += word
		ana.waitForText(want)
	}
	ana.waitForStrip(calm, true)
	warned := ana.see()
	keepImage(t, "reserve", ana.see())
	ana.inkling("doctor").expect(t, 1, "The disk with", "Make room on the disk now")
	for n := 0; ana.status().Unsaved == ""; n++ {
		d.fill()
		word := fmt.Sprintf("late %d ", n)
		ana.types(word)
		want += word
		ana.waitForText(want)
	}
	ana.waitForStrip(warned, true)
	keepImage(t, "unsaved", ana.see())

	d.empty()
	eventually(t, reservePatience, "all is saved", func() (bool, string) { why := ana.status().Unsaved; return why == "", why })
	waitForFile(t, reserve, true)
	if r := ana.inkling("doctor"); strings.Contains(r.stdout, "disk with") {
		t.Errorf("the disk is still said to be full: %v", r)
	}
	ana.waitForStrip(calm, false)
	keepImage(t, "room-again", ana.see())
	ana.kill()
	ana.inkling("export", "Before").expect(t, 0, want)

	d.fill()
	ana.launch()
	ana.waitUntilShown("Before")
	ana.waitForText(want)
}

// waitForStrip waits until what is above the page is another than before, or the same again.
func (p *person) waitForStrip(before *image.RGBA, other bool) {
	p.t.Helper()
	eventually(p.t, reservePatience, fmt.Sprintf("what is above the page is another: %v", other), func() (bool, string) {
		p.settle()
		above := image.Rect(listWidth, 0, before.Rect.Max.X, 120)
		changed := difference(cut(before, above), cut(p.see(), above))
		return (changed.Dx() > 100) == other, changed.String()
	})
}

func waitForFile(t testing.TB, path string, want bool) {
	t.Helper()
	eventually(t, reservePatience, fmt.Sprintf("%s there: %v", filepath.Base(path), want), func() (bool, string) {
		_, err := os.Stat(path)
		return (err == nil) == want, fmt.Sprint(err)
	})
}
