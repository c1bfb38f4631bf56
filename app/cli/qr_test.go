package cli

import (
	"bytes"
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// terminal is the picture that a terminal shows of a QR code, two square pixels for each character.
func terminal(t *testing.T, printed string) image.Image {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(printed, "\n"), "\n")
	const scale = 4
	var img *image.Gray
	for row, line := range lines {
		text, black := strings.CutPrefix(line, "\x1b[38;5;16;48;5;231m")
		text, again := strings.CutSuffix(text, "\x1b[0m")
		if !black || !again {
			t.Fatalf("line %d is not black on white, or what follows is: %q", row, line)
		}
		characters := []rune(text)
		if img == nil {
			img = image.NewGray(image.Rect(0, 0, scale*len(characters), 2*scale*len(lines)))
		}
		for column, c := range characters {
			for y := range 2 * scale {
				upper := y < scale
				ink := c == '█' || c == '▀' && upper || c == '▄' && !upper
				for x := range scale {
					img.SetGray(scale*column+x, 2*scale*row+y, color.Gray{Y: map[bool]uint8{true: 0, false: 0xff}[ink]})
				}
			}
		}
	}
	return img
}

// TestInviteQR: with --qr the link is printed as a picture, too, and it is the same link; without, it is not.
func TestInviteQR(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ana := online(t, "Ana")
	if _, err := ana.Import("tea", []byte("Tea with Ben")); err != nil {
		t.Fatal(err)
	}
	exit, said := runOn(ana, "invite", "--accept", "--qr", "Tea")
	link, picture, _ := strings.Cut(said, "\n")
	if exit != ExitOK || !strings.HasPrefix(link, "inkling://join#") {
		t.Fatalf("exit %d, %q", exit, said)
	}
	bits, err := gozxing.NewBinaryBitmapFromImage(terminal(t, picture))
	if err != nil {
		t.Fatal(err)
	}
	found, err := qrcode.NewQRCodeReader().Decode(bits, nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, picture)
	}
	if found.GetText() != link {
		t.Errorf("the code is %q, the link %q", found.GetText(), link)
	}
	if exit, said := runOn(ana, "invite", "--qr", "--accept", "Tea"); exit != ExitOK || strings.Count(said, "\n") < 20 {
		t.Errorf("in the other order: exit %d, %q", exit, said)
	}
	if exit, said := runOn(ana, "invite", "--accept", "Tea"); exit != ExitOK || strings.Count(said, "\n") != 1 {
		t.Errorf("without --qr: exit %d, %q", exit, said)
	}
}

// TestOnTerminal: only a command that has more to show there is given the flag for it, and not twice.
func TestOnTerminal(t *testing.T) {
	invite, _ := Lookup("invite")
	list, _ := Lookup("list")
	for _, c := range []struct {
		cmd        Command
		args, want string
	}{
		{invite, "invite Tea", "invite --qr Tea"},
		{invite, "invite --accept Tea", "invite --qr --accept Tea"},
		{list, "list", "list"},
	} {
		if got := strings.Join(c.cmd.OnTerminal(strings.Fields(c.args)), " "); got != c.want {
			t.Errorf("%s: %q", c.args, got)
		}
	}
	var b bytes.Buffer
	if exit := Run(t.Context(), Call{Workspace: newShell(t).w, Args: []string{"invite", "--qr"}, Stdout: &b, Stderr: &b}); exit != ExitUsage {
		t.Errorf("invite --qr without a document: exit %d, %q", exit, b.String())
	}
}
