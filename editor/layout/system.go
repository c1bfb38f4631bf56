package layout

import (
	"sync"

	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/fontscan"
	"github.com/go-text/typesetting/language"
)

const (
	// maxAsked bounds the code points waiting for a face. What does not fit is
	// asked for again when it is next set.
	maxAsked = 1024
	// maxFound bounds the code points whose face is remembered; the CJK
	// ideographs in daily use are about 10,000. Beyond it all are forgotten.
	maxFound = 1 << 15
)

// SystemFaces finds faces among the fonts of the system. Reading fonts takes
// from milliseconds to seconds, so a goroutine does it: Face answers at once,
// and changed is called when its answers are no longer the same. Safe for
// concurrent use; the faces it returns are for one goroutine.
type SystemFaces struct {
	changed func()
	asked   chan rune

	mu sync.Mutex
	// found holds a nil face for a code point that is being looked for and for
	// one that no font has.
	found map[rune]*font.Face
}

// NewSystemFaces starts to look for fonts. The index of what each font holds is
// kept in the folder cache. The search ends with the program; changed is called
// on its goroutine.
func NewSystemFaces(cache string, changed func()) *SystemFaces {
	s := &SystemFaces{changed: changed, asked: make(chan rune, maxAsked), found: map[rune]*font.Face{}}
	go s.search(cache)
	return s
}

// Face returns a face that has the code point, nil if none is known yet.
func (s *SystemFaces) Face(r rune) *font.Face {
	s.mu.Lock()
	defer s.mu.Unlock()
	face, ok := s.found[r]
	if ok {
		return face
	}
	select {
	case s.asked <- r:
		if len(s.found) >= maxFound {
			clear(s.found)
		}
		s.found[r] = nil
	default:
	}
	return nil
}

// search answers what is asked. Without a readable font everything stays without
// a face, and is drawn as the box for a missing glyph.
func (s *SystemFaces) search(cache string) {
	fonts := fontscan.NewFontMap(silent{})
	if fonts.UseSystemFonts(cache) != nil {
		return
	}
	fonts.SetQuery(fontscan.Query{Families: []string{fontscan.Serif, fontscan.SansSerif}})
	faces := map[*font.Font]*font.Face{}
	for r := range s.asked {
		news := s.find(fonts, faces, r)
		for more := true; more; { // what else waits comes into the same change
			select {
			case r = <-s.asked:
				news = s.find(fonts, faces, r) || news
			default:
				more = false
			}
		}
		if news {
			s.changed()
		}
	}
}

func (s *SystemFaces) find(fonts *fontscan.FontMap, faces map[*font.Font]*font.Face, r rune) bool {
	fonts.SetScript(language.LookupScript(r))
	found := fonts.ResolveFace(r)
	if found == nil {
		return false
	}
	if _, has := found.NominalGlyph(r); !has {
		return false
	}
	// A face caches what it computed and must not be shared between goroutines.
	face := faces[found.Font]
	if face == nil {
		face = font.NewFace(found.Font)
		faces[found.Font] = face
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.found[r] = face
	return true
}

// silent drops what fontscan has to say: that a font of the system cannot be
// read, or lacks a code point, is nothing the person could act on.
type silent struct{}

func (silent) Printf(string, ...any) {}
