package ui

import (
	"context"
	"encoding/binary"
	"math"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/crdt"
	"inkling/editor"
	"inkling/editor/model"
)

// Window is the program's window on one workspace.
type Window struct {
	app fyne.App
	win fyne.Window
	w   *workspace.Workspace
	// do runs a function on the window's goroutine, soon; not at all when the window
	// is gone.
	do func(func())

	session   *workspace.Session // the open document
	unwatch   func()
	unobserve func()
	editor    *editor.Editor

	sidebar  *sidebar
	together *together
	people   *widget.Button  // opens it
	tools    *fyne.Container // the line of buttons above the page
	status   *statusLine
	banner   *banner
	strip    *strip
	undo     *strip // offers to take back a deletion
	disk     *strip // says that the disk is full
	damage   *strip // says that stored bytes are damaged
	frame    *frame

	stale     [staleKinds]atomic.Bool // a refresh of that kind is on its way
	opening   uint64                  // numbers the openings; only the last one counts
	last      lastDocument            // what the next start opens
	size      fyne.Size               // of the content, as laid out last
	colors    colorBook
	others    []string    // names of the document's other people, as last known
	looking   time.Time   // since when Together is open; zero: it is not
	searching func()      // gives the last search up
	undoing   uint64      // numbers the deletions; only the last one can be undone here
	again     atomic.Bool // Run ends so that the program starts again
	alarmed   bool        // the person was told that nothing is saved, though there is room
}

// What can be stale.
const (
	staleText = iota
	staleList
	stalePeople
	staleNearby
	staleSaving
	staleDamage
	staleKinds
)

// Keys under which the window is remembered.
const (
	sizeKey = "size"     // width and height, two float32, big endian
	lastKey = "document" // the 32 bytes of the document's id; zero: a blank page
)

// New makes the window, not shown yet, on a blank page.
func New(app fyne.App, w *workspace.Workspace) *Window {
	if cache, err := os.UserCacheDir(); err == nil {
		editor.UseSystemFaces(filepath.Join(cache, "inkling", "fonts"))
	}
	g := &gate{}
	win := newWindow(app, w, g.do)
	win.win.SetOnClosed(g.close)
	return win
}

func newWindow(app fyne.App, w *workspace.Workspace, do func(func())) *Window {
	app.Settings().SetTheme(NewTheme())
	win := &Window{
		app: app, w: w, do: do, win: app.NewWindow("Inkling"),
		sidebar: newSidebar(), together: newTogether(), status: newStatusLine(), banner: newBanner(), strip: newStrip(), undo: newStrip(), disk: newStrip(), damage: newStrip(), colors: colorBook{},
		searching: func() {},
	}
	win.session = w.New()
	win.editor = editor.New(document{win.session})
	win.wire()
	win.build()
	win.unobserve = w.Observe(win.observe)
	win.watch()
	return win
}

// build puts the parts side by side.
func (win *Window) build() {
	list := lowButton(theme.ListIcon(), func() { win.frame.toggleList() })
	win.people = widget.NewButtonWithIcon(togetherLabel(0), theme.AccountIcon(), win.toggleTogether)
	win.people.Importance = widget.LowImportance
	more := lowButton(theme.MoreVerticalIcon(), nil)
	more.OnTapped = func() { win.showMenu(more) }
	win.tools = container.NewHBox(list, layout.NewSpacer(), win.people, more)
	page := container.NewBorder(container.NewVBox(win.tools, win.banner.content, win.disk.content, win.damage.content, win.undo.content, win.strip.content), win.status.content, nil, nil, win.editor)
	win.banner.onSize = page.Refresh
	for _, s := range []*strip{win.strip, win.undo, win.disk, win.damage} {
		s.onSize = page.Refresh
	}
	win.frame = newFrame(win.sidebar.content, page, win.together.content)
	win.frame.onSize = func(s fyne.Size) { win.size = s }
	win.win.SetContent(container.New(win.frame, win.frame.objects()...))
	win.win.SetPadded(false)
	win.win.SetMaster()
	win.win.SetOnDropped(func(_ fyne.Position, files []fyne.URI) { win.importURIs(files) })
}

func lowButton(icon fyne.Resource, tapped func()) *widget.Button {
	b := widget.NewButtonWithIcon("", icon, tapped)
	b.Importance = widget.LowImportance
	return b
}

// wire joins the parts' callbacks to what they do.
func (win *Window) wire() {
	win.sidebar.onOpen = win.Show
	win.sidebar.onNew = win.newDocument
	win.sidebar.onDelete = win.deleteListed
	win.sidebar.search.OnChanged = win.search
	win.sidebar.search.onLeave = func() { win.win.Canvas().Focus(win.editor) }
	win.editor.OnSelection = win.setCaret
	win.banner.onDone = func() { win.win.Canvas().Focus(win.editor) }
	t := win.together
	t.onClose = win.toggleTogether
	t.onInvite = win.invite
	t.onJoin = win.join
	t.onHost = win.joinHost
	t.onPut = win.put
	t.onAccept = win.accept
	t.onDecline = win.decline
	t.onDial = win.dial
	t.onName = win.rename
	t.onCopy = func(link string) { win.app.Clipboard().SetContent(link) }
	t.name.SetText(win.w.Name())
	for _, c := range win.commands() {
		if c.key != "" {
			win.win.Canvas().AddShortcut(c.shortcut(), func(fyne.Shortcut) { c.do() })
		}
	}
}

// Run shows the window where the person left off and returns when it was closed, with
// whether that was to start again. files are imported and the last of them is shown.
func (win *Window) Run(files []string) (again bool) {
	win.win.Resize(win.rememberedSize())
	win.startUp(files)
	win.win.ShowAndRun()
	win.leave()
	return win.again.Load()
}

// startUp opens what the person saw last, or the files asked for.
func (win *Window) startUp(files []string) {
	win.win.Canvas().Focus(win.editor)
	win.refresh(staleList)
	win.refresh(stalePeople)
	win.refresh(staleNearby)
	win.refresh(staleSaving)
	win.refresh(staleDamage)
	win.tellPast()
	if len(files) > 0 {
		win.importFiles(files)
		return
	}
	last, err := win.w.Remembered(lastKey)
	if err == nil && len(last) == len(crdt.DocID{}) && crdt.DocID(last) != (crdt.DocID{}) {
		win.Show(crdt.DocID(last))
	}
}

// leave remembers what the next start needs. It runs when the window is gone; the
// end of the workspace takes the text to disk.
func (win *Window) leave() {
	win.unobserve()
	win.unwatch()
	size := binary.BigEndian.AppendUint32(nil, math.Float32bits(win.size.Width))
	size = binary.BigEndian.AppendUint32(size, math.Float32bits(win.size.Height))
	if win.size.Width > 0 {
		win.w.Remember(sizeKey, size)
	}
	win.last.set(win.session)
	win.last.save(win.w)
}

// Sizes of the window, in Fyne's units.
var (
	defaultSize = fyne.NewSize(1080, 760)
	smallest    = fyne.NewSize(360, 280)
	largest     = fyne.NewSize(10_000, 10_000)
)

func (win *Window) rememberedSize() fyne.Size {
	b, err := win.w.Remembered(sizeKey)
	if err != nil || len(b) != 8 {
		return defaultSize
	}
	size := fyne.NewSize(math.Float32frombits(binary.BigEndian.Uint32(b)), math.Float32frombits(binary.BigEndian.Uint32(b[4:])))
	if !(size.Width >= smallest.Width && size.Height >= smallest.Height && size.Width <= largest.Width && size.Height <= largest.Height) {
		return defaultSize
	}
	return size
}

// Quit closes the window, which ends Run. It may be called from any goroutine.
func (win *Window) Quit() { win.do(win.win.Close) }

// Restart closes the window, and Run asks for another start. It may be called from any goroutine.
func (win *Window) Restart() {
	win.again.Store(true)
	win.Quit()
}

// Raise brings the window to the front. It may be called from any goroutine.
func (win *Window) Raise() { win.do(win.win.RequestFocus) }

// Show opens a document in the window. It may be called from any goroutine.
func (win *Window) Show(id crdt.DocID) {
	win.do(func() {
		win.win.RequestFocus()
		if win.session.ID() == id {
			win.win.Canvas().Focus(win.editor)
			return
		}
		win.opening++
		this := win.opening
		win.background(func() {
			s, err := win.w.Open(id)
			win.do(func() { win.opened(this, s, err) })
		})
	})
}

// opened shows a document that has been loaded, unless the person has chosen
// another one meanwhile.
func (win *Window) opened(opening uint64, s *workspace.Session, err error) {
	if err != nil {
		win.fail(err)
		win.refresh(staleList)
		return
	}
	if opening != win.opening {
		win.background(s.Close)
		return
	}
	win.setSession(s)
}

func (win *Window) newDocument() {
	if win.session.Blank() {
		win.win.Canvas().Focus(win.editor)
		return
	}
	win.opening++
	win.setSession(win.w.New())
}

// setSession puts another document on the page.
func (win *Window) setSession(s *workspace.Session) {
	old := win.session
	win.unwatch()
	win.session, win.others = s, nil
	win.watch()
	tail, head, known := s.Caret()
	if known {
		win.editor.SetDocument(document{s}, tail, head)
	} else {
		win.editor.SetDocument(document{s}, nil, nil)
	}
	win.setCaret(win.editor.Selection())
	win.showStanding()
	win.withdraw(old)
	win.showCode()
	win.win.Canvas().Focus(win.editor)
	for kind := range staleKinds {
		win.refresh(kind)
	}
	win.background(old.Close)
}

// setCaret tells the session where the caret is, and so the others in the document.
func (win *Window) setCaret(tail, head model.Anchor) {
	t, ok1 := tail.(crdt.Anchor)
	h, ok2 := head.(crdt.Anchor)
	if ok1 && ok2 {
		win.session.SetCaret(t, h)
	}
}

func (win *Window) watch() { win.unwatch = win.session.Watch(func() { win.refresh(staleText) }) }

// background runs f, which may wait, off the window's goroutine.
func (win *Window) background(f func()) { go f() }

// toggleTogether opens or closes the panel. While it is open, people nearby see
// each other.
func (win *Window) toggleTogether() {
	open := win.frame.toggleTogether()
	win.background(func() { win.w.SetVisible(open); win.w.Refresh() })
	win.looking = time.Time{}
	if open {
		win.looking = time.Now()
		time.AfterFunc(foundWithin, func() { win.refresh(staleNearby) })
	}
	win.refresh(staleNearby)
	win.refresh(stalePeople)
	if !open {
		win.withdraw(win.session)
		win.win.Canvas().Focus(win.editor)
	}
}

func (win *Window) dial(addr string) {
	t := win.together
	showNote(t.dialNote, "Looking …", widget.MediumImportance)
	win.background(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		err := win.w.Dial(ctx, addr)
		win.do(func() {
			if err != nil {
				showNote(t.dialNote, sentence(err), widget.DangerImportance)
				return
			}
			showNote(t.dialNote, "Found.", widget.SuccessImportance)
		})
	})
}

func (win *Window) rename(name string) {
	win.background(func() {
		err := win.w.SetName(name)
		win.do(func() {
			if err != nil {
				win.fail(err)
				return
			}
			win.together.name.SetText(win.w.Name())
			win.win.Canvas().Focus(win.editor)
		})
	})
}
