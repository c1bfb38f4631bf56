package ui

import (
	"image/color"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"
)

// caption is one quiet line of small text.
type caption struct {
	widget.BaseWidget
	text *canvas.Text
	name fyne.ThemeColorName
}

func newCaption(s string) *caption {
	c := &caption{text: canvas.NewText(s, color.Transparent), name: colorNameQuiet}
	c.ExtendBaseWidget(c)
	return c
}

// SetText shows another line.
func (c *caption) SetText(s string) {
	if c.text.Text != s {
		c.text.Text = s
		c.Refresh()
	}
}

// setColor draws the line in another of the theme's colours.
func (c *caption) setColor(n fyne.ThemeColorName) {
	if c.name != n {
		c.name = n
		c.Refresh()
	}
}

func (c *caption) CreateRenderer() fyne.WidgetRenderer {
	c.style()
	return &captionRenderer{WidgetRenderer: widget.NewSimpleRenderer(c.text), c: c}
}

func (c *caption) style() {
	c.text.Color = c.Theme().Color(c.name, fyne.CurrentApp().Settings().ThemeVariant())
	c.text.TextSize = c.Theme().Size(theme.SizeNameCaptionText)
}

type captionRenderer struct {
	fyne.WidgetRenderer
	c *caption
}

func (r *captionRenderer) Refresh() {
	r.c.style()
	r.c.text.Refresh()
}

// ink draws a text of any size in the theme's colour for text.
type ink struct {
	widget.BaseWidget
	text *canvas.Text
}

func newInk(text *canvas.Text) *ink {
	i := &ink{text: text}
	i.ExtendBaseWidget(i)
	return i
}

func (i *ink) CreateRenderer() fyne.WidgetRenderer {
	i.style()
	return &inkRenderer{WidgetRenderer: widget.NewSimpleRenderer(i.text), i: i}
}

func (i *ink) style() {
	i.text.Color = i.Theme().Color(theme.ColorNameForeground, fyne.CurrentApp().Settings().ThemeVariant())
}

type inkRenderer struct {
	fyne.WidgetRenderer
	i *ink
}

func (r *inkRenderer) Refresh() {
	r.i.style()
	r.i.text.Refresh()
}

// ground is a part of the window on a colour of its own.
type ground struct {
	widget.BaseWidget
	name    fyne.ThemeColorName
	rect    *canvas.Rectangle
	content fyne.CanvasObject
}

func newGround(name fyne.ThemeColorName, content fyne.CanvasObject) *ground {
	g := &ground{name: name, rect: canvas.NewRectangle(color.Transparent), content: content}
	g.ExtendBaseWidget(g)
	return g
}

func (g *ground) CreateRenderer() fyne.WidgetRenderer {
	r := &groundRenderer{g}
	r.paint()
	return r
}

type groundRenderer struct{ g *ground }

func (r *groundRenderer) paint() {
	r.g.rect.FillColor = r.g.Theme().Color(r.g.name, fyne.CurrentApp().Settings().ThemeVariant())
}

func (r *groundRenderer) Layout(size fyne.Size) {
	r.g.rect.Resize(size)
	r.g.content.Resize(size)
}

func (r *groundRenderer) MinSize() fyne.Size { return r.g.content.MinSize() }

func (r *groundRenderer) Refresh() {
	r.paint()
	r.g.rect.Refresh()
	r.g.content.Refresh()
}

func (r *groundRenderer) Objects() []fyne.CanvasObject {
	return []fyne.CanvasObject{r.g.rect, r.g.content}
}

func (r *groundRenderer) Destroy() {}

// rowLayout puts the first object over the second, which is set in a little more,
// as the label above it sets in its text.
type rowLayout struct{}

// rowOverlap draws a label's own padding into the line below it.
const rowOverlap = 9

func (rowLayout) Layout(objects []fyne.CanvasObject, size fyne.Size) {
	title, caption := objects[0], objects[1]
	h := title.MinSize().Height
	title.Move(fyne.NewPos(0, 0))
	title.Resize(fyne.NewSize(size.Width, h))
	inset := theme.InnerPadding()
	caption.Move(fyne.NewPos(inset, h-rowOverlap))
	caption.Resize(fyne.NewSize(size.Width-2*inset, caption.MinSize().Height))
}

func (rowLayout) MinSize(objects []fyne.CanvasObject) fyne.Size {
	a, b := objects[0].MinSize(), objects[1].MinSize()
	return fyne.NewSize(a.Width, a.Height-rowOverlap+b.Height+theme.InnerPadding())
}
