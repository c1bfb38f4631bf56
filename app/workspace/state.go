package workspace

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"inkling/crdt"
)

const (
	nameKey    = "name"
	nameLength = 40 // code points of a display name, at most
)

// Name returns the name by which others see this person.
func (w *Workspace) Name() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.name
}

// SetName chooses another display name and remembers it.
func (w *Workspace) SetName(name string) error {
	name = cleanName(name)
	if name == "" {
		return fmt.Errorf("a name needs at least one letter")
	}
	if err := w.lib.SetState(crdt.DocID{}, nameKey, []byte(name)); err != nil {
		return fmt.Errorf("remember the name: %w", err)
	}
	w.mu.Lock()
	w.name = name
	w.mu.Unlock()
	return nil
}

// loadName sets the name asked for at the start, the one remembered, or the
// system's.
func (w *Workspace) loadName(asked string) error {
	if asked != "" {
		return w.SetName(asked)
	}
	saved, err := w.lib.State(crdt.DocID{}, nameKey)
	if err != nil {
		return fmt.Errorf("read the display name: %w", err)
	}
	if w.name = cleanName(string(saved)); w.name == "" {
		w.name = cleanName(personName())
	}
	return nil
}

// cleanName makes one short line of name: no control characters, no run of spaces.
func cleanName(name string) string {
	name = strings.ToValidUTF8(name, "")
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) {
			return ' '
		}
		return r
	}, name)
	name = strings.Join(strings.Fields(name), " ")
	for utf8.RuneCountInString(name) > nameLength {
		_, n := utf8.DecodeLastRuneInString(name)
		name = name[:len(name)-n]
	}
	return strings.TrimSpace(name)
}

// Remembered returns a small value that a window left for its next start, nil when
// there is none.
func (w *Workspace) Remembered(key string) ([]byte, error) {
	return w.lib.State(crdt.DocID{}, "window."+key)
}

// Remember keeps a small value (at most 256 KiB) for the window's next start.
func (w *Workspace) Remember(key string, value []byte) error {
	return w.lib.SetState(crdt.DocID{}, "window."+key, value)
}
