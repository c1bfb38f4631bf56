package crdt

import (
	"slices"
	"unicode/utf8"

	"inkling/crdt/internal/textmodel"
)

// Deleted is the deleted text of a document that came from a block: it takes long to
// unpack and is seldom needed. A document that needs it unpacks it; who does not want to wait
// then does it before, beside the document:
//
//	x := d.DeletedText()      // with the document's lock
//	err := x.Decode()         // without
//	d.FillDeleted(x)          // with the lock
type Deleted struct {
	packed []byte
	text   []byte   // history.text as it was, which no edit alters
	texts  *texts   // in document order as it was
	next   uint32   // the first local version that is not from the block
	filled [][]byte // what Decode found, by piece
	err    error
}

// DeletedText returns the deleted text that is still packed, nil when there is none.
func (d *Doc) DeletedText() *Deleted {
	if d.deleted == nil {
		return nil
	}
	x := *d.deleted
	return &x
}

// Decode unpacks x. It touches no document, so it needs no lock. The error is a [*FormatError]; it
// cannot come of a block that one's own program wrote. About 1 µs per byte of text.
func (x *Deleted) Decode() error {
	if x.filled == nil && x.err == nil {
		x.filled, x.err = unpackDeleted(x)
	}
	return x.err
}

// FillDeleted gives d the deleted text that x.Decode has unpacked. It does nothing when that
// failed, or when d has it already.
func (d *Doc) FillDeleted(x *Deleted) {
	if d.deleted == nil || x == nil || x.filled == nil || &x.text[0] != &d.deleted.text[0] {
		return
	}
	for i, text := range x.filled {
		copy(d.text[x.texts.pieces[i].at:], text)
	}
	d.deleted = nil
}

// needText makes sure that deleted text can be read. Where it fails, other code points of the same widths stand
// for it; that happens only with a block from elsewhere that [Doc.Verify] would not let pass.
func (d *Doc) needText() error {
	if d.deleted == nil {
		return nil
	}
	if err := d.deleted.Decode(); err != nil {
		return err
	}
	d.FillDeleted(d.deleted)
	return nil
}

// needTextOf makes sure that the text of the change that lv is in can be read. What cannot be read makes changes that no
// signature fits.
func (d *Doc) needTextOf(lv uint32) {
	if d.deleted != nil && lv < d.deleted.next {
		_ = d.needText()
	}
}

// gaps returns the pieces of t as the model of text has them: the visible ones known.
func (t *texts) gaps(text func(p *textPiece) []byte) []textmodel.Piece {
	list := make([]textmodel.Piece, len(t.pieces))
	for i := range t.pieces {
		p := &t.pieces[i]
		list[i] = textmodel.Piece{Text: text(p), Born: p.first, Known: !p.dead}
	}
	return list
}

// packDeleted codes the deleted text of t, given the visible one.
func packDeleted(d *Doc, t *texts) []byte {
	return textmodel.Encode(t.gaps(func(p *textPiece) (all []byte) {
		d.contents(p.first, p.n, func(text []byte) { all = append(all, text...) })
		return all
	}))
}

// unpackDeleted returns the text of the deleted pieces of x, and nothing for the others.
func unpackDeleted(x *Deleted) ([][]byte, error) {
	gaps := x.texts.gaps(func(p *textPiece) []byte {
		if p.dead {
			return make([]byte, p.bytes)
		}
		return x.text[p.at : p.at+p.bytes]
	})
	if err := textmodel.Decode(x.packed, gaps); err != nil {
		return nil, formatErrorf(0, "%v", err)
	}
	filled := make([][]byte, len(gaps))
	var found texts
	for i, g := range gaps {
		if g.Known {
			continue
		}
		if !utf8.Valid(g.Text) {
			return nil, formatErrorf(0, "deleted text is not UTF-8")
		}
		filled[i] = g.Text
		found.addWidths(g.Text)
	}
	if !slices.Equal(found.widths, x.texts.widths) {
		return nil, formatErrorf(0, "deleted text is not as wide as it was said to be")
	}
	return filled, nil
}
