package layout

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-text/typesetting/segmenter"
	"github.com/rivo/uniseg"
	"golang.org/x/image/math/fixed"

	"inkling/assets/fonts"
)

func testSetter(t testing.TB) (*Setter, Style) {
	t.Helper()
	face, err := ParseFace(fonts.Text)
	if err != nil {
		t.Fatal(err)
	}
	return NewSetter(Faces{Text: face}), NewStyle(face, 18, 1.5, 0)
}

// words is what random paragraphs are made of.
var words = []string{"a", "of", "fi", "office", "affluent", "word", "Wörter", "e\u0301te\u0301", "don't", "3.14",
	"well-known", "(so)", "“quoted”", "end.", "漢字仮名", "שלום", "עולם", "Привет", "👩‍👩‍👧", "🇫🇷🇩🇪", "\t", "  ", "\u00a0",
	"x", "…", "\x01", "Donaudampfschifffahrtsgesellschaft", "https://example.org/a/long/path?with=query"}

func randomText(rnd *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(words[rnd.IntN(len(words))])
		if rnd.IntN(6) > 0 {
			b.WriteByte(' ')
		}
	}
	return b.String()
}

// TestEditedEqualsFresh: after random edits, what a setter with kept pieces sets
// is what a fresh one sets.
func TestEditedEqualsFresh(t *testing.T) {
	setter, style := testSetter(t)
	for seed := range uint64(3) {
		rnd := rand.New(rand.NewPCG(seed, 3))
		text := []rune(randomText(rnd, 150))
		for range 12 {
			at := rnd.IntN(len(text) + 1)
			text = slices.Replace(text, at, min(at+rnd.IntN(9), len(text)), []rune(randomText(rnd, rnd.IntN(3)))...)
			width := fixed.I(100 + rnd.IntN(500))
			edited := setter.Set(string(text), style, width)
			fresh := NewSetter(setter.shaper.faces).Set(string(text), style, width)
			if !reflect.DeepEqual(edited, fresh) {
				t.Fatalf("seed %d: an edited paragraph differs from a fresh one: %q", seed, string(text))
			}
		}
	}
}

// TestLaws: lines cover the text, fit, end where they may, and carets round-trip.
func TestLaws(t *testing.T) {
	setter, style := testSetter(t)
	for seed := range uint64(15) {
		rnd := rand.New(rand.NewPCG(seed, 4))
		text := randomText(rnd, rnd.IntN(60))
		width := fixed.I(40 + rnd.IntN(600))
		p := setter.Set(text, style, width)
		name := fmt.Sprintf("seed %d, width %v, %q", seed, width, text)
		checkLines(t, name, p, text)
		checkCarets(t, name, p, text)
	}
}

func checkLines(t *testing.T, name string, p *Paragraph, text string) {
	t.Helper()
	may, pos := opportunities(text), 0
	for i, l := range p.Lines() {
		if l.Start != pos || l.End < l.Start {
			t.Fatalf("%s: line %d is %d…%d, want it to start at %d", name, i, l.Start, l.End, pos)
		}
		pos = l.End
		units := p.set(i)
		if l.Width > p.width && len(units) > 1 {
			t.Errorf("%s: line %d is %v wide", name, i, l.Width)
		}
		if i == len(p.Lines())-1 {
			break
		}
		// A line that ends in a word has no other place to end.
		if !may[l.End] {
			for at := l.Start + 1; at < l.End; at++ {
				if may[at] {
					t.Errorf("%s: line %d ends at %d in a word, though it could at %d", name, i, l.End, at)
				}
			}
		}
		// The next word does not fit.
		if x := hung(units) + ahead(p, may, l.End); x <= p.width && may[l.End] {
			t.Errorf("%s: line %d leaves out what fits: %v", name, i, x)
		}
	}
	if pos != len([]rune(text)) {
		t.Errorf("%s: lines end at %d", name, pos)
	}
}

// hung is the width of the units with hanging white space.
func hung(units []setUnit) fixed.Int26_6 {
	var x fixed.Int26_6
	for _, u := range units {
		x += u.advance
	}
	return x
}

// ahead is the width of the text from offset at to where a line may end next,
// without the white space there.
func ahead(p *Paragraph, may []bool, at int) fixed.Int26_6 {
	var x, ink fixed.Int26_6
	for i := p.LineAt(at, false); i < len(p.lines); i++ {
		for _, u := range p.set(i) {
			if u.flags&tab != 0 {
				return 1 << 30 // its width depends on where it stands
			}
			if x += u.advance; u.flags&space == 0 {
				ink = x
			}
			if may[u.end()] {
				return ink
			}
		}
	}
	return ink
}

// opportunities says where lines may end, judged on the whole text at once.
func opportunities(text string) []bool {
	runes := shown(text)
	may := make([]bool, len(runes)+1)
	var s segmenter.Segmenter
	s.Init(runes)
	for it := s.LineIterator(); it.Next(); {
		may[it.Line().Offset+len(it.Line().Text)] = true
	}
	for i, r := range runes {
		if flagsOf([]rune{r}, false)&breakAfter != 0 {
			may[i+1] = true
		}
	}
	return may
}

func checkCarets(t *testing.T, name string, p *Paragraph, text string) {
	t.Helper()
	offset, state := 0, -1
	for rest := text; ; {
		x := p.X(offset, false)
		if x < 0 || x > max(p.width, p.lines[p.LineAt(offset, false)].Width) {
			t.Errorf("%s: caret of %d at %v", name, offset, x)
		}
		if !mixed(p, p.LineAt(offset, false)) && x < p.width {
			got, lineEnd := p.Hit(p.LineAt(offset, false), x)
			if p.X(got, lineEnd) != x {
				t.Errorf("%s: the caret of %d is at %v; a hit there gives %d at %v", name, offset, x, got, p.X(got, lineEnd))
			}
		}
		if rest == "" {
			break
		}
		var g string
		g, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		offset += runesIn(g)
	}
}

// mixed: the line has text of both directions, where one x is two places.
func mixed(p *Paragraph, i int) bool {
	for _, u := range p.set(i) {
		if u.flags&rightToLeft != 0 {
			return true
		}
	}
	return false
}

// TestEdges: Home and End of a line that was broken at a space, inside a word,
// and of the last one.
func TestEdges(t *testing.T) {
	setter, style := testSetter(t)
	p := setter.Set("one two", style, fixed.I(40))
	if n := len(p.Lines()); n != 2 {
		t.Fatalf("%d lines, want 2", n)
	}
	if at, end := p.Edge(0, true); at != 3 || end {
		t.Errorf("end of line 0: %d, %v; want 3, before the space", at, end)
	}
	if at, end := p.Edge(1, true); at != 7 || end {
		t.Errorf("end of line 1: %d, %v", at, end)
	}
	p = setter.Set("漢字仮名漢字仮名", style, fixed.I(40))
	at, end := p.Edge(0, true)
	if !end || p.LineAt(at, true) != 0 || p.LineAt(at, false) != 1 {
		t.Errorf("end of a line broken without a space: %d, %v", at, end)
	}
}

// TestLigatureHasCarets: the caret stands inside a ligature where its letters meet.
func TestLigatureHasCarets(t *testing.T) {
	setter, style := testSetter(t)
	p := setter.Set("ffi", style, fixed.I(400))
	if len(p.set(0)) == 3 {
		t.Fatal("the text face has no ffi ligature; the test needs one")
	}
	last := fixed.Int26_6(-1)
	for i := range 4 {
		x := p.X(i, false)
		if x <= last {
			t.Errorf("caret %d at %v, the one before at %v", i, x, last)
		}
		last = x
	}
}

// TestRightToLeft: in a line with Hebrew the caret goes left as the text goes on.
func TestRightToLeft(t *testing.T) {
	setter, style := testSetter(t)
	p := setter.Set("ab שלום", style, fixed.I(400))
	for i := 3; i < 7; i++ {
		if a, b := p.X(i, false), p.X(i+1, false); a <= b {
			t.Errorf("caret %d at %v, the next at %v", i, a, b)
		}
	}
}

// TestPiecesAreBounded: no text makes a long piece.
func TestPiecesAreBounded(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("a", 5000), strings.Repeat("漢", 5000), strings.Repeat("word ", 5000),
		strings.Repeat("e\u0301", 5000), strings.Repeat(" ", 5000), strings.Repeat("\xff", 5000),
	} {
		for rest := text; rest != ""; {
			n := cutPiece(rest)
			if n <= 0 || n > maxPiece {
				t.Fatalf("a piece of %d bytes of %.20q", n, rest)
			}
			rest = rest[n:]
		}
	}
}

func BenchmarkKeyInParagraph(b *testing.B) {
	for _, n := range []int{100, 1000, 20000} {
		b.Run(fmt.Sprintf("%d_words", n), func(b *testing.B) {
			setter, style := testSetter(b)
			text := strings.Repeat("It was a bright cold day in April, and the clocks were striking thirteen again. ", n/15+1)
			middle := len(text) / 2
			for i := 0; b.Loop(); i++ {
				setter.Set(text[:middle]+fmt.Sprint(i)+text[middle:], style, fixed.I(600))
			}
		})
	}
}
