package editor

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
)

const (
	flagSize = 10.5 // of a name, in Fyne's units
	flagPadX = 4
	flagPadY = 1
	flagGap  = 8 // between a name in the margin and what is beside it
	tabSize  = 5 // of the tab that stays when the name is gone
	maxName  = 24
)

// other puts the caret of another person, with the name beside it or a small tab on it.
func (r *renderer) other(o *other, head spot) {
	page := &r.e.flow.page
	l, ok := r.e.view.find(head, false)
	if !ok {
		return
	}
	x, y, w, h := r.bar(l, head, false)
	r.rect(o.Color, x, y, w, h)
	if !o.flagged {
		t := page.px(tabSize)
		r.rect(o.Color, x-(t-w)/2, y-t+page.px(1), t, t)
		return
	}
	name := r.names.next()
	name.Text, name.TextSize, name.Color = shortened(o.Name), flagSize, onTop(o.Color)
	name.TextStyle = fyne.TextStyle{Bold: true}
	size := name.MinSize()
	width, height := page.px(size.Width+2*flagPadX), page.px(size.Height+2*flagPadY)
	left, top := r.flagPlace(x, y, h, width, height)
	flag := r.rect(o.Color, left, top, width, height)
	flag.CornerRadius = 2
	name.Refresh()
	r.put(name, left+page.px(flagPadX), top+page.px(flagPadY), page.px(size.Width), page.px(size.Height))
}

// flagPlace returns where the name of a caret at x, y of height h goes: into the left
// margin beside its line, where it covers no text, further out if somebody's is there
// already. Where the margin is too narrow it stands on the caret.
func (r *renderer) flagPlace(x, y, h, width, height int) (left, top int) {
	page := &r.e.flow.page
	if left = page.left - r.margin[y] - page.px(flagGap) - width; left >= 0 {
		r.margin[y] = page.left - left
		return left, y + (h-height)/2
	}
	return max(0, min(x, page.width-width-page.px(scrollbarArea))), y - height
}

func shortened(name string) string {
	if r := []rune(name); len(r) > maxName {
		return string(r[:maxName-1]) + "…"
	}
	return name
}

func (r *renderer) rect(c color.NRGBA, x, y, w, h int) *canvas.Rectangle {
	b := r.bars.next()
	b.FillColor, b.CornerRadius = c, 0
	r.put(b, x, y, w, h)
	return b
}
