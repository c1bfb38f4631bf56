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
	tabSize  = 5 // of the tab that stays when the name is gone
	maxName  = 24
)

// other puts the caret of another person, with the name or a small tab on it.
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
	left := max(0, min(x, page.width-width-page.px(scrollbarArea)))
	flag := r.rect(o.Color, left, y-height, width, height)
	flag.CornerRadius = 2
	name.Refresh()
	r.put(name, left+page.px(flagPadX), y-height+page.px(flagPadY), page.px(size.Width), page.px(size.Height))
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
