package editor

import "weak"

// facesChanged is told when the system's faces have been found, so that every
// editor sets its text again. It does not keep editors alive.
var facesChanged registry

type registry struct{ editors []weak.Pointer[Editor] }

func (r *registry) add(e *Editor) {
	live := r.editors[:0]
	for _, p := range r.editors {
		if p.Value() != nil {
			live = append(live, p)
		}
	}
	r.editors = append(live, weak.Make(e))
}

func (r *registry) tell() {
	for _, p := range r.editors {
		if e := p.Value(); e != nil {
			e.flow.setter.Forget()
			e.flow.reset()
			e.Refresh()
		}
	}
}
