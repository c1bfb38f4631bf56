package crdt

import (
	"unicode/utf8"
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
	text   []byte      // history.text as it was, which no edit alters
	pieces []textPiece // in document order as it was
	next   uint32      // the first local version that is not from the block
	filled [][]byte    // what Decode found, by piece
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
		copy(d.text[x.pieces[i].at:], text)
	}
	d.deleted = nil
}

// needText makes sure that deleted text can be read. While it cannot, code points of the right
// width stand for it.
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

// sameWidths says whether text is valid and its code points are as wide as those of model.
func sameWidths(text, model []byte) bool {
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		_, want := utf8.DecodeRune(model)
		if size != want || r == utf8.RuneError && size == 1 {
			return false
		}
		text, model = text[size:], model[size:]
	}
	return true
}

// deletedPiece is what the model of text is given: see textmodel.Piece.
type deletedPiece struct {
	Text  []byte
	Born  uint32
	Known bool
}

// packDeleted codes the deleted text of t, of which the visible text is known.
func packDeleted(d *Doc, t *texts) []byte {
	var all []byte
	for _, p := range t.pieces {
		if p.dead {
			d.contents(p.first, p.n, func(text []byte) { all = append(all, text...) })
		}
	}
	return compress(all)
}

func unpackDeleted(x *Deleted) ([][]byte, error) {
	n := 0
	for _, p := range x.pieces {
		if p.dead {
			n += int(p.bytes)
		}
	}
	all, err := decompress(x.packed, n)
	if err != nil {
		return nil, formatErrorf(0, "deleted text: %v", err)
	}
	filled := make([][]byte, len(x.pieces))
	for i, p := range x.pieces {
		if p.dead {
			filled[i], all = all[:p.bytes], all[p.bytes:]
			if !sameWidths(filled[i], x.text[p.at:p.at+p.bytes]) {
				return nil, formatErrorf(0, "deleted text is not UTF-8 of the right widths")
			}
		}
	}
	return filled, nil
}
