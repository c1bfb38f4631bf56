package editor

import (
	"strings"

	"fyne.io/fyne/v2"
	"golang.org/x/image/math/fixed"

	"inkling/editor/layout"
)

// The page in Fyne's units. 18 is the size at which a book face reads well on a
// screen at arm's length; 66 characters is what typographers hold for the ideal
// line (Bringhurst, The Elements of Typographic Style, 2.1.2).
const (
	bodySize      = 18
	titleScale    = 1.5
	leading       = 1.5
	titleLeading  = 1.25
	bodySpace     = 0.1 // below a paragraph, in lines
	titleSpace    = 0.5
	titleMost     = 120 // code points; a longer first paragraph is no title
	measureChars  = 66
	leastMargin   = 20
	topMargin     = 56
	scrollbarArea = 14
)

// sample has the letters of ordinary prose in about their frequency.
const sample = "The page grows with what is written on it, and nothing else is in the way of it. "

// page is where the text lies in the widget, in device pixels.
type page struct {
	size          fyne.Size // of the widget, in Fyne's units
	scale         float32   // device pixels per unit
	width, height int
	left, top     int // of the text; top while the start of the text is shown
	measure       fixed.Int26_6
	perLine       int // characters of ordinary prose
	body, title   layout.Style
}

func newPage(size fyne.Size, scale float32) page {
	p := page{size: size, scale: scale}
	p.width, p.height = p.px(size.Width), p.px(size.Height)
	em := float64(scale) * bodySize
	p.body = layout.NewStyle(textFace(), em, leading, bodySpace)
	p.title = layout.NewStyle(textFace(), em*titleScale, titleLeading, titleSpace)
	advance := averageAdvance(p.body)
	measure := (advance * measureChars).Ceil()
	margin := min(max(p.px(leastMargin), p.width/16), p.px(3*leastMargin))
	measure = max(min(measure, p.width-2*margin), p.body.Leading)
	p.measure = fixed.I(measure)
	p.perLine = max(1, int(p.measure/advance))
	p.left = (p.width - measure) / 2
	p.top = min(p.px(topMargin), max(p.height/10, p.body.Leading/2))
	return p
}

// averageAdvance is the width of a character of ordinary prose.
func averageAdvance(style layout.Style) fixed.Int26_6 {
	set := layout.NewSetter(layout.Faces{Text: textFace()}).Set(strings.TrimSpace(sample), style, fixed.I(1<<20))
	return set.Lines()[0].Width / fixed.Int26_6(set.Len())
}

// style returns what paragraph i, of so many code points, is set in. The first is
// the title, if it can be one.
func (p *page) style(i, length int) layout.Style {
	if i == 0 && length <= titleMost {
		return p.title
	}
	return p.body
}

// px turns a length in Fyne's units into device pixels.
func (p *page) px(units float32) int { return int(units*p.scale + 0.5) }

// units turns device pixels into Fyne's units.
func (p *page) units(px int) float32 { return float32(px) / p.scale }

// estimate is how high an unseen paragraph is likely to be, in a text of so many
// code points and paragraphs.
func (p *page) estimate(length, paragraphs int) int {
	lines := 1 + length/max(1, paragraphs)/max(1, p.perLine)
	return lines*p.body.Leading + p.body.After
}
