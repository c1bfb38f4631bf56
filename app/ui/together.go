package ui

import (
	"cmp"
	"fmt"
	"image/color"
	"strings"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/canvas"
	"fyne.io/fyne/v2/container"
	"fyne.io/fyne/v2/layout"
	"fyne.io/fyne/v2/theme"
	"fyne.io/fyne/v2/widget"

	"inkling/app/qrcode"
	"inkling/app/workspace"
)

// togetherWidth is the width of the panel.
const togetherWidth = 300

// together is the panel in which people come together: who is in this document,
// how to let somebody in, how to follow an invite, and who is near.
type together struct {
	onName   func(name string)
	onInvite func()
	onJoin   func(codeOrLink string)
	onHost   func(code string, h workspace.Host)
	onCopy   func(link string)
	onDial   func(addr string)
	onClose  func()

	content fyne.CanvasObject
	body    *fyne.Container // all that scrolls
	name    *widget.Entry

	people *fyne.Container
	*acquaintances
	invite   *widget.Button
	code     *canvas.Text
	codeNote *caption
	codeNews *widget.Label
	codeBox  *fyne.Container
	link     *widget.Entry
	qr       *qrPicture // of the link
	linkBox  *fyne.Container

	joinLink *widget.Entry
	join     *widget.Button
	joinNote *widget.Label
	hosts    *fyne.Container // whose the code may be, when there are several

	around   *fyne.Container
	missing  *widget.Hyperlink
	trouble  *widget.Label
	howTo    *widget.Label
	addr     *widget.Entry
	find     *widget.Button
	addrBox  *fyne.Container
	dialNote *widget.Label
}

func newTogether() *together {
	t := &together{acquaintances: newAcquaintances()}
	t.body = container.NewVBox(
		t.makeHeader(),
		t.makePeople(),
		t.offers,
		widget.NewSeparator(),
		t.makeJoin(),
		widget.NewSeparator(),
		t.makeNearby(),
		widget.NewSeparator(),
		t.makeName(),
	)
	scroll := container.NewVScroll(container.NewPadded(t.body))
	scroll.SetMinSize(fyne.NewSize(togetherWidth, 0))
	t.content = newGround(colorNameSidebar, scroll)
	return t
}

func heading(s string) *widget.Label {
	return widget.NewLabelWithStyle(s, fyne.TextAlignLeading, fyne.TextStyle{Bold: true})
}

// prose is text that wraps.
func prose(s string) *widget.Label {
	l := widget.NewLabel(s)
	l.Wrapping = fyne.TextWrapWord
	return l
}

func (t *together) makeHeader() fyne.CanvasObject {
	hide := widget.NewButtonWithIcon("", theme.CancelIcon(), func() { t.onClose() })
	hide.Importance = widget.LowImportance
	return container.NewBorder(nil, nil, nil, hide, heading("Together"))
}

func (t *together) makePeople() fyne.CanvasObject {
	t.people = container.NewVBox()
	t.invite = widget.NewButtonWithIcon("Invite somebody", theme.ContentAddIcon(), func() { t.onInvite() })
	t.invite.Importance = widget.HighImportance
	t.link = widget.NewEntry()
	t.link.Wrapping = fyne.TextWrapOff
	copyLink := widget.NewButtonWithIcon("Copy", theme.ContentCopyIcon(), func() { t.onCopy(t.link.Text) })
	copyLink.Importance = widget.HighImportance
	t.qr = newQRPicture()
	t.linkBox = container.NewVBox(
		prose("Or send this link, by mail or chat, or have a camera read it. It is good for one person, for 24 hours. You confirm when they use it."),
		container.NewBorder(nil, nil, nil, copyLink, t.link),
		container.NewPadded(container.NewCenter(t.qr.raster)),
	)
	t.linkBox.Hide()
	return container.NewVBox(t.people, t.invite, t.makeCode(), t.linkBox, t.known)
}

// codeSize is the size of the digits, for people to read across a table.
const codeSize = 40

func (t *together) makeCode() fyne.CanvasObject {
	t.code = canvas.NewText("", color.Transparent)
	t.code.TextStyle = fyne.TextStyle{Bold: true}
	t.code.Alignment = fyne.TextAlignCenter
	t.codeNote = newCaption("")
	t.codeNews = prose("")
	t.codeNews.Hide()
	t.codeBox = container.NewVBox(
		prose("Whoever types this code, with Inkling on this network, is in:"),
		newInk(t.code),
		container.NewCenter(t.codeNote),
		t.codeNews,
	)
	t.codeBox.Hide()
	return t.codeBox
}

func (t *together) makeJoin() fyne.CanvasObject {
	t.joinLink = widget.NewEntry()
	t.joinLink.SetPlaceHolder("Code or link")
	submit := func() {
		if link := strings.TrimSpace(t.joinLink.Text); link != "" {
			t.onJoin(link)
		}
	}
	t.joinLink.OnSubmitted = func(string) { submit() }
	t.join = widget.NewButton("Join", submit)
	t.joinNote = prose("")
	t.joinNote.Hide()
	t.hosts = container.NewVBox()
	return container.NewVBox(heading("Were you invited?"), container.NewBorder(nil, nil, nil, t.join, t.joinLink), t.joinNote, t.hosts)
}

func (t *together) makeNearby() fyne.CanvasObject {
	t.around = container.NewVBox()
	t.trouble = prose("")
	t.trouble.Importance = widget.WarningImportance
	t.addr = widget.NewEntry()
	t.addr.SetPlaceHolder("192.168.1.20")
	submit := func() {
		if a := strings.TrimSpace(t.addr.Text); a != "" {
			t.onDial(a)
		}
	}
	t.addr.OnSubmitted = func(string) { submit() }
	t.find = widget.NewButton("Find", submit)
	t.dialNote = prose("")
	t.dialNote.Hide()
	t.howTo = prose("")
	t.addrBox = container.NewVBox(t.trouble, t.howTo,
		container.NewBorder(nil, nil, nil, t.find, t.addr), t.dialNote)
	t.addrBox.Hide()
	t.missing = widget.NewHyperlink("Is somebody missing?", nil)
	t.missing.OnTapped = func() { t.missing.Hide(); t.addrBox.Show() }
	return container.NewVBox(heading("Nearby"), t.around, t.missing, t.addrBox)
}

func (t *together) makeName() fyne.CanvasObject {
	t.name = widget.NewEntry()
	save := func() { t.onName(t.name.Text) }
	t.name.OnSubmitted = func(string) { save() }
	keep := widget.NewButton("Save", save)
	return container.NewVBox(heading("Others see you as"), container.NewBorder(nil, nil, nil, keep, t.name))
}

// showPeople lists who else is in the document, and who could be.
func (t *together) showPeople(list, known []workspace.Person, colors colorBook) {
	t.showKnown(known)
	t.people.RemoveAll()
	if len(list) == 0 {
		t.people.Add(prose("Only you are in this document."))
	}
	for _, p := range list {
		t.people.Add(personRow(p, colors.of(p.ID)))
	}
	t.body.Refresh() // the parts below move
}

func personRow(p workspace.Person, c color.Color) fyne.CanvasObject {
	dot := canvas.NewCircle(c)
	if !p.Here {
		dot.FillColor = nil
		dot.StrokeColor, dot.StrokeWidth = c, 1.5
	}
	mark := container.New(layout.NewCustomPaddedLayout(0, 0, theme.InnerPadding(), 0),
		container.NewCenter(container.NewGridWrap(fyne.NewSize(10, 10), dot)))
	return container.NewBorder(nil, nil, mark, nil, nameRow(p.Name, whereabouts(p, time.Now())+passesOn(p)))
}

// whereabouts says in a few words whether p is here and has everything.
func whereabouts(p workspace.Person, now time.Time) string {
	switch {
	case p.Here && p.Full:
		return "here, has no room"
	case p.Here && p.Proposed:
		return "here, has not taken it yet"
	case p.Here && !p.Confirmed:
		return "here"
	case p.Here && p.Behind == 0:
		return "here, has everything"
	case p.Here:
		return "here, catching up"
	case p.Proposed:
		return "away, does not have it yet"
	case p.Since.IsZero():
		return "away"
	}
	s := "away since " + clock(p.Since, now)
	if p.Behind > 0 {
		s += fmt.Sprintf(" – %s not yet there", count(p.Behind, "edit"))
	}
	return s
}

// clock gives the time of day of t, with the day when it is another one than now's.
func clock(t, now time.Time) string {
	if daysBetween(t.Local(), now.Local()) == 0 {
		return t.Local().Format("15:04")
	}
	return t.Local().Format("2 January 15:04")
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// nearby is what is known of the network around.
type nearby struct {
	names   []string // who has Together open
	waited  bool     // for longer than it takes to be found
	trouble []string // sentences
	address string   // of this computer; "": none
}

// showNearby lists the people seen on the network. When nobody is, it says why that
// may be and offers to look at an address.
func (t *together) showNearby(n nearby) {
	t.around.RemoveAll()
	for _, name := range n.names {
		l := widget.NewLabel(name)
		l.Truncation = fyne.TextTruncateEllipsis
		t.around.Add(l)
	}
	switch {
	case len(n.names) > 0:
		t.around.Add(prose("Invite whom you want to write with."))
	case n.waited:
		t.around.Add(prose("Nobody was found. Has the other person opened Together? If so, this network may keep computers from finding each other (no multicast). An address or an invite link helps then."))
	default:
		t.around.Add(prose("Looking. People on your network who have Together open appear here by themselves."))
	}
	t.trouble.SetText(strings.Join(n.trouble, "\n"))
	t.trouble.Hidden = len(n.trouble) == 0
	how := "Type the address of the other computer."
	if n.address != "" {
		how += " The one of this computer is " + n.address + "."
	}
	t.howTo.SetText(how)
	if len(n.trouble) > 0 || n.waited && len(n.names) == 0 {
		t.missing.Hide()
		t.addrBox.Show()
	}
}

// showCode shows a code in large, unless its text is empty.
func (t *together) showCode(c workspace.Code) {
	defer t.body.Refresh() // the parts below move
	if c.Text == "" {
		t.codeBox.Hide()
		showNote(t.codeNews, "", widget.MediumImportance)
		return
	}
	t.code.TextSize = codeSize
	until := "until " + c.Until.Format("15:04")
	if c.IsLong() {
		t.code.TextSize = codeSize / 2
		until += ", longer after ten wrong ones"
	}
	t.code.Text = c.Text
	t.codeNote.SetText(until)
	t.codeBox.Show()
}

// tellCode says what became of the code.
func (t *together) tellCode(s string, importance widget.Importance) {
	showNote(t.codeNews, s, importance)
	t.body.Refresh() // the parts below move
}

// askHost asks whose the code is that was typed; with nobody it takes the question away.
func (t *together) askHost(code string, hosts []workspace.Host) {
	t.hosts.RemoveAll()
	for _, h := range hosts {
		t.hosts.Add(widget.NewButton(cmp.Or(h.Name, h.Addr), func() { t.onHost(code, h) }))
	}
	t.body.Refresh()
}

// showLink offers an invite link; "" takes it away.
func (t *together) showLink(link string) {
	t.link.SetText(link)
	defer t.body.Refresh() // the parts below move
	if link == "" {
		t.linkBox.Hide()
		return
	}
	code, err := qrcode.New(link)
	if err != nil {
		panic(fmt.Sprintf("ui: a link that is no invite: %v", err)) // they have 255 letters at most
	}
	t.qr.show(code)
	t.linkBox.Show()
}

// showNote writes s under a field, or takes the note away when s is empty.
func showNote(l *widget.Label, s string, importance widget.Importance) {
	l.Importance = importance
	l.SetText(s)
	if s == "" {
		l.Hide()
		return
	}
	l.Show()
}
