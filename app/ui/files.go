package ui

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/dialog"
	"fyne.io/fyne/v2/storage"
	"fyne.io/fyne/v2/widget"

	"inkling/app/workspace"
	"inkling/crdt"
)

// showMenu opens the menu of what one does with documents as files.
func (win *Window) showMenu(under fyne.CanvasObject) {
	menu := fyne.NewMenu("")
	for _, c := range win.commands() {
		if c.label == "" {
			continue
		}
		menu.Items = append(menu.Items, fyne.NewMenuItem(c.menuLabel(), c.do))
	}
	menu.Items = append(menu.Items, fyne.NewMenuItemSeparator(), fyne.NewMenuItem("Delete this document", win.deleteOpen),
		fyne.NewMenuItem("Bin…", win.showBin), fyne.NewMenuItem("Backups…", win.showBackups))
	at := fyne.CurrentApp().Driver().AbsolutePositionForObject(under)
	pop := widget.NewPopUpMenu(menu, win.win.Canvas())
	pop.ShowAtPosition(fyne.NewPos(at.X+under.Size().Width-pop.MinSize().Width, at.Y+under.Size().Height))
}

func (win *Window) chooseImport() {
	dialog.ShowFileOpen(func(r fyne.URIReadCloser, err error) {
		win.win.Canvas().Focus(win.editor)
		if err != nil {
			win.fail(err)
		}
		if r != nil {
			win.importReader(r)
		}
	}, win.win)
}

func (win *Window) importFiles(paths []string) {
	uris := make([]fyne.URI, len(paths))
	for i, p := range paths {
		uris[i] = storage.NewFileURI(p)
	}
	win.importURIs(uris)
}

func (win *Window) importURIs(files []fyne.URI) {
	for _, uri := range files {
		win.background(func() {
			r, err := storage.Reader(uri)
			if err != nil {
				win.do(func() { win.fail(err) })
				return
			}
			win.importReader(r)
		})
	}
}

// importReader makes a document of what r holds and shows it.
func (win *Window) importReader(r fyne.URIReadCloser) {
	win.background(func() {
		defer r.Close()
		id, err := win.read(r)
		if err != nil {
			win.do(func() { win.fail(err) })
			return
		}
		win.Show(id)
	})
}

func (win *Window) read(r fyne.URIReadCloser) (crdt.DocID, error) {
	text, err := io.ReadAll(io.LimitReader(r, workspace.MaxImport+1))
	if err != nil {
		return crdt.DocID{}, fmt.Errorf("read %s: %w", r.URI().Name(), err)
	}
	return win.w.Import(r.URI().Name(), text)
}

func (win *Window) chooseExport() {
	s := win.session
	save := dialog.NewFileSave(func(f fyne.URIWriteCloser, err error) {
		win.win.Canvas().Focus(win.editor)
		if err != nil {
			win.fail(err)
		}
		if f == nil {
			return
		}
		win.background(func() {
			_, err := io.WriteString(f, s.Text())
			if err = errors.Join(err, f.Close()); err != nil {
				win.do(func() { win.fail(fmt.Errorf("write %s: %w", f.URI().Name(), err)) })
			}
		})
	}, win.win)
	save.SetFileName(fileName(s.Title()))
	save.Show()
}

// fileName makes a file's name of a title.
func fileName(title string) string {
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(`/\:*?"<>|`, r) || unicode.IsControl(r) {
			return -1
		}
		return r
	}, title)
	if name = strings.Trim(name, " ."); name == "" {
		name = workspace.Untitled
	}
	return name + ".md"
}

// sentence makes a sentence of an error: a capital at the start, a stop at the end.
func sentence(err error) string {
	s := err.Error()
	r, n := utf8.DecodeRuneInString(s)
	s = string(unicode.ToUpper(r)) + s[n:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}
