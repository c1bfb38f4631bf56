//go:build linux

package uitest

import (
	"strings"
	"sync"
	"time"

	"github.com/jezek/xgb/xproto"
)

// pace is the pause between two keys of a quick typist.
const pace = time.Second / 15

// Events of XTEST.
const (
	keyPress      = 2
	keyRelease    = 3
	buttonPress   = 4
	buttonRelease = 5
	motion        = 6
)

// keysym is the server's number of what is printed on a key (X11/keysymdef.h).
type keysym = xproto.Keysym

// Keys without a letter.
var namedKeys = map[string]keysym{
	"BackSpace": 0xff08, "Tab": 0xff09, "Return": 0xff0d, "Escape": 0xff1b, "Delete": 0xffff,
	"Home": 0xff50, "Left": 0xff51, "Up": 0xff52, "Right": 0xff53, "Down": 0xff54,
	"Prior": 0xff55, "Next": 0xff56, "End": 0xff57,
	"Shift": 0xffe1, "Ctrl": 0xffe3, "Alt": 0xffe9,
}

// stroke is how a character comes out of a keyboard.
type stroke struct {
	code  xproto.Keycode
	shift bool
}

// keyboard knows the server's key map. A character that no key has is put on a spare
// key and stays there.
type keyboard struct {
	d       *display
	mu      sync.Mutex // guards what follows
	strokes map[keysym]stroke
	spare   []xproto.Keycode
	perKey  byte // keysyms that the server keeps for each key
}

func newKeyboard(d *display) *keyboard {
	k := &keyboard{d: d, strokes: map[keysym]stroke{}}
	setup := xproto.Setup(d.conn)
	first := setup.MinKeycode
	reply, err := xproto.GetKeyboardMapping(d.conn, first, byte(setup.MaxKeycode-first+1)).Reply()
	if err != nil {
		d.t.Fatalf("read the keyboard of display %s: %v", d.name, err)
	}
	k.perKey = reply.KeysymsPerKeycode
	for i := 0; i+1 < len(reply.Keysyms); i += int(k.perKey) {
		code := first + xproto.Keycode(i/int(k.perKey))
		plain, shifted := reply.Keysyms[i], reply.Keysyms[i+1]
		if plain == 0 && shifted == 0 {
			k.spare = append(k.spare, code)
			continue
		}
		k.add(plain, stroke{code, false})
		k.add(shifted, stroke{code, true})
	}
	return k
}

// add notes the first key found for a keysym.
func (k *keyboard) add(s keysym, how stroke) {
	if _, known := k.strokes[s]; s != 0 && !known {
		k.strokes[s] = how
	}
}

// keysymOf returns the keysym of a character: Latin-1 is its own, others have their
// code point with a mark.
func keysymOf(r rune) keysym {
	switch {
	case r == '\n':
		return namedKeys["Return"]
	case r == '\t':
		return namedKeys["Tab"]
	case r >= 0x20 && r <= 0x7e, r >= 0xa0 && r <= 0xff:
		return keysym(r)
	}
	return 0x01000000 | keysym(r)
}

// find returns the stroke for s, putting it on a spare key if no key has it.
func (k *keyboard) find(s keysym) stroke {
	k.mu.Lock()
	defer k.mu.Unlock()
	if how, ok := k.strokes[s]; ok {
		return how
	}
	if len(k.spare) == 0 {
		k.d.t.Errorf("display %s: no spare key is left for keysym %#x", k.d.name, s)
		return stroke{}
	}
	code := k.spare[0]
	k.spare = k.spare[1:]
	symbols := make([]keysym, k.perKey)
	symbols[0], symbols[1] = s, s
	if err := xproto.ChangeKeyboardMappingChecked(k.d.conn, 1, code, k.perKey, symbols).Check(); err != nil {
		k.d.t.Errorf("display %s: put keysym %#x on a spare key: %v", k.d.name, s, err)
	}
	k.strokes[s] = stroke{code, false}
	return k.strokes[s]
}

// types writes text, with a pause after each key.
func (d *display) types(text string, pause time.Duration) {
	for _, r := range text {
		how := d.keyboard.find(keysymOf(r))
		if how.shift {
			d.key(keyPress, "Shift")
		}
		d.fake(keyPress, byte(how.code), 0, 0)
		d.fake(keyRelease, byte(how.code), 0, 0)
		if how.shift {
			d.key(keyRelease, "Shift")
		}
		time.Sleep(pause)
	}
}

// presses presses chords such as "Ctrl+Shift+Left" or "Return", one after the other.
func (d *display) presses(chords ...string) {
	for _, chord := range chords {
		keys := strings.Split(chord, "+")
		for _, k := range keys {
			d.key(keyPress, k)
		}
		for i := range keys {
			d.key(keyRelease, keys[len(keys)-1-i])
		}
		time.Sleep(pace)
	}
}

// key presses or releases one key by its name; a letter is its own name.
func (d *display) key(kind byte, name string) {
	s, ok := namedKeys[name]
	if !ok {
		s = keysymOf([]rune(strings.ToLower(name))[0])
	}
	d.fake(kind, byte(d.keyboard.find(s).code), 0, 0)
}
