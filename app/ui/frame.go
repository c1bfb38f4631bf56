package ui

import "fyne.io/fyne/v2"

// narrow is the width, without the panel, below which the list makes room for the
// page.
const narrow = 720

// tight is the width of a window below which the panel lies over the page.
const tight = 640

// frame lays out list, page and panel side by side. The list gives way in a narrow
// window; the panel lies over the page there.
type frame struct {
	list, page, panel fyne.CanvasObject
	hideList          bool // by the person
	onSize            func(fyne.Size)
	last              fyne.Size
}

func newFrame(list, page, panel fyne.CanvasObject) *frame {
	panel.Hide()
	return &frame{list: list, page: page, panel: panel}
}

func (f *frame) objects() []fyne.CanvasObject { return []fyne.CanvasObject{f.page, f.list, f.panel} }

// toggleList shows or hides the list of documents.
func (f *frame) toggleList() {
	f.hideList = !f.hideList
	f.relayout()
}

// showList shows the list of documents, if there is room.
func (f *frame) showList() {
	f.hideList = false
	f.relayout()
}

// toggleTogether shows or hides the panel and says whether it is shown now.
func (f *frame) toggleTogether() bool {
	if f.panel.Visible() {
		f.panel.Hide()
	} else {
		f.panel.Show()
	}
	f.relayout()
	return f.panel.Visible()
}

func (f *frame) relayout() { f.Layout(nil, f.last) }

// Layout is fyne.Layout's.
func (f *frame) Layout(_ []fyne.CanvasObject, size fyne.Size) {
	f.last = size
	if f.onSize != nil {
		f.onSize(size)
	}
	width := min(float32(togetherWidth), size.Width)
	left, right := float32(0), float32(0)
	if f.panel.Visible() && size.Width >= tight {
		right = width
	}
	if f.hideList || size.Width-right < narrow {
		f.list.Hide()
	} else {
		f.list.Show()
		left = sidebarWidth
	}
	f.list.Resize(fyne.NewSize(sidebarWidth, size.Height))
	f.list.Move(fyne.NewPos(0, 0))
	f.panel.Resize(fyne.NewSize(width, size.Height))
	f.panel.Move(fyne.NewPos(size.Width-width, 0))
	f.page.Resize(fyne.NewSize(size.Width-left-right, size.Height))
	f.page.Move(fyne.NewPos(left, 0))
}

// MinSize is fyne.Layout's.
func (f *frame) MinSize([]fyne.CanvasObject) fyne.Size { return smallest }
