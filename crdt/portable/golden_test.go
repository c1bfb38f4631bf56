package portable

import (
	"encoding/hex"
	"flag"
	"os"
	"testing"
)

var writeGolden = flag.Bool("golden", false, "write testdata anew: only for a version that nobody has")

// TestGolden reads files of version 1 as every later program must.
func TestGolden(t *testing.T) {
	t.Run("files", goldenFiles)
	for name, want := range map[string]struct{ root, text string }{
		"plain":  {"b575bd2f37d61943bee84ec2182d2fcc065e5d64ba18352ae968c77e9fbbe650", "中ds🚀w日ß🏽vßg🏽 \n\ny\ne字tnp字f "},
		"forked": {"2c94d76666300363b86979d3f3295813a95cd056dd49ec3e74cd3a9cb59e82d4", "中dsäö 語öy文,本ök語 ́y\n語\u200de字tnp字f h"},
	} {
		path := "testdata/" + name + "-1" + Extension
		if *writeGolden {
			b, _ := sample(t, name == "forked")
			if err := os.WriteFile(path, b, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		p := read(t, b)
		root := p.Root()
		if got := hex.EncodeToString(root[:]); got != want.root || p.Doc().Text() != want.text || p.forked != (name == "forked") {
			t.Errorf("%s: root %s, text %q", name, got, p.Doc().Text())
		}
	}
}

// goldenFiles reads a file of version 1 with attachments.
func goldenFiles(t *testing.T) {
	path := "testdata/files-1" + Extension
	contents := []string{"the first content", "", "the third content"}
	plain, err := os.ReadFile("testdata/plain-1" + Extension)
	if err != nil {
		t.Fatal(err)
	}
	p := read(t, plain)
	if *writeGolden {
		b, _ := withFiles(t, p, contents)
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	list, found, err := takeFiles(t, p, b)
	if err != nil || len(list) != len(contents) {
		t.Fatalf("%d attachments, %v", len(list), err)
	}
	for i, c := range contents {
		if got, there := found[list[i].Hash]; !there || got != c || list[i].Name != "file "+string(rune('0'+i)) {
			t.Errorf("attachment %d is %q: %q", i, list[i].Name, got)
		}
	}
}
