package ui

import (
	"context"
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

// importReader brings in what r holds, a document with its history or text, and shows it.
func (win *Window) importReader(r fyne.URIReadCloser) {
	win.background(func() {
		defer r.Close()
		id, err := win.w.ImportFile(context.Background(), r.URI().Name(), r)
		if err != nil {
			win.do(func() { win.fail(err) })
		}
		var left *workspace.LeftOutError
		if err == nil || errors.As(err, &left) {
			win.Show(id)
		}
	})
}

// chooseExport asks where the text is to be saved.
func (win *Window) chooseExport() { win.chooseFile(".md") }

// chooseSave asks where the document is to be saved with its history.
func (win *Window) chooseSave() { win.chooseFile(workspace.ParcelExtension) }

// chooseFile asks for a file, and saves there what its name says: the document with its history, or its text.
func (win *Window) chooseFile(extension string) {
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
			if err := win.save(s, f); err != nil {
				win.do(func() { win.fail(fmt.Errorf("save %s: %w", f.URI().Name(), err)) })
			}
		})
	}, win.win)
	save.SetFileName(fileName(s.Title()) + extension)
	save.Show()
}

// save writes s to the file that was chosen.
func (win *Window) save(s *workspace.Session, f fyne.URIWriteCloser) error {
	if !workspace.IsParcel(f.URI().Name()) {
		_, err := io.WriteString(f, s.Text())
		return errors.Join(err, f.Close())
	}
	if f.URI().Scheme() != "file" {
		return errors.Join(win.w.WriteParcel(s.ID(), f), f.Close())
	}
	if err := f.Close(); err != nil {
		return err
	}
	return win.w.SaveParcel(s.ID(), f.URI().Path())
}

// fileName makes a file's name of a title, without extension.
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
	return name
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
