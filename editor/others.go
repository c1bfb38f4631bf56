package editor

import (
	"image/color"
	"time"

	"inkling/editor/model"
)

const (
	// flagTime is how long a name is shown after its caret has moved.
	flagTime = 3 * time.Second
	// maxCarets bounds the carets that are drawn; a crowd beyond it is not.
	maxCarets = 64
)

// Caret is where another person is in the text.
type Caret struct {
	Name       string
	Color      color.NRGBA
	Tail, Head model.Anchor
}

// other is a caret as it is shown.
type other struct {
	Caret
	flagged bool   // the name is shown
	stop    func() // of the timer that takes the name away
}

// SetCarets shows where the others are; those beyond the 64th are left out. The
// name of one who has moved is shown for some seconds.
func (e *Editor) SetCarets(carets []Caret) {
	old := e.others
	e.others = nil
	for _, c := range carets[:min(len(carets), maxCarets)] {
		o := take(&old, c.Name, c.Color)
		moved := o.Head != c.Head
		o.Caret = c
		if moved {
			o.raise(e)
		}
		e.others = append(e.others, o)
	}
	for _, o := range old {
		o.lower()
	}
	e.Refresh()
}

// take removes from old the caret of the same person, or makes one.
func take(old *[]*other, name string, c color.NRGBA) *other {
	for i, o := range *old {
		if o.Name == name && o.Color == c {
			*old = append((*old)[:i:i], (*old)[i+1:]...)
			return o
		}
	}
	return &other{}
}

func (o *other) raise(e *Editor) {
	o.lower()
	o.flagged = true
	o.stop = e.After(flagTime, func() {
		if o.stop != nil {
			o.lower()
			e.Refresh()
		}
	})
}

func (o *other) lower() {
	if o.stop != nil {
		o.stop()
	}
	o.flagged, o.stop = false, nil
}
