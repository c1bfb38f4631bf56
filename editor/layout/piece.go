package layout

import (
	"math"

	"github.com/go-text/typesetting/di"
	"github.com/go-text/typesetting/font"
	"github.com/go-text/typesetting/language"
	"github.com/go-text/typesetting/segmenter"
	"github.com/go-text/typesetting/shaping"
	"github.com/rivo/uniseg"
	"golang.org/x/image/math/fixed"
)

// leastSpace: a space between words is at least a quarter of an em. Book faces
// have a narrower one for print; on a screen words then run together.
const leastSpace = 4

// piece is a part of a paragraph, shaped. It does not depend on the width of the
// page and is never changed.
type piece struct {
	runes  int
	units  []unit
	glyphs []glyph
}

// unit is the smallest stretch that can be set apart: one grapheme, or several
// that share a glyph (a ligature).
type unit struct {
	runes     uint16
	graphemes uint8 // the caret has this many places in it, at even distances
	flags     unitFlags
	advance   fixed.Int26_6
	glyph     int32 // the first of its glyphs in piece.glyphs
	glyphs    int32
}

type unitFlags uint8

const (
	breakAfter  unitFlags = 1 << iota // a line may end behind the unit
	space                             // white space: may hang over the edge
	tab                               // reaches to the next tab stop
	rightToLeft                       // its text runs from right to left
)

// glyph is one glyph, placed from the left edge of its unit.
type glyph struct {
	face *font.Face
	id   font.GID
	x, y fixed.Int26_6 // y counts upwards from the baseline
}

// shaper turns text into pieces.
type shaper struct {
	faces     Faces
	harfbuzz  shaping.HarfbuzzShaper
	splitter  shaping.Segmenter
	segmenter segmenter.Segmenter
}

// shape makes a piece of the text. Every unit ends both a grapheme and a cluster
// of glyphs.
func (s *shaper) shape(text string, size fixed.Int26_6) *piece {
	runes := shown(text)
	clusters := s.clusters(runes, size)
	p := &piece{runes: len(runes)}
	breaks := s.breaks(runes)
	next, done, state := 0, 0, -1 // next cluster; code points done
	var u unit
	for rest := text; rest != ""; {
		var grapheme string
		grapheme, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		n := runesIn(grapheme)
		u.runes += uint16(n)
		u.graphemes++
		done += n
		for next < len(clusters) && clusters[next].start < done {
			u.take(p, clusters[next])
			next++
		}
		if clusters[next-1].end() <= done || u.graphemes == math.MaxUint8 {
			u.flags |= flagsOf(runes[done-n:done], breaks[done] && done < len(runes))
			if runes[done-n] == ' ' {
				u.advance = max(u.advance, size/leastSpace)
			}
			p.units = append(p.units, u)
			u = unit{glyph: int32(len(p.glyphs))}
		}
	}
	return p
}

// take adds the glyphs of a cluster to the unit.
func (u *unit) take(p *piece, c cluster) {
	for _, g := range c.glyphs {
		p.glyphs = append(p.glyphs, glyph{c.face, g.GlyphID, u.advance + g.XOffset, g.YOffset})
		u.advance += g.Advance
	}
	u.glyphs += int32(len(c.glyphs))
	if c.rightToLeft {
		u.flags |= rightToLeft
	}
}

func flagsOf(grapheme []rune, breaks bool) unitFlags {
	var f unitFlags
	if breaks {
		f |= breakAfter
	}
	switch grapheme[0] {
	case '\t':
		f |= tab | space | breakAfter
	case ' ', '\u1680', '\u2000', '\u2001', '\u2002', '\u2003', '\u2004', '\u2005', '\u2006',
		'\u2008', '\u2009', '\u200a', '\u205f', '\u3000':
		// A piece may end here, and the segmenter sees no further than it.
		f |= space | breakAfter
	}
	return f
}

// cluster is what HarfBuzz calls so: code points and the glyphs they became.
type cluster struct {
	start, runes int
	face         *font.Face
	glyphs       []shaping.Glyph
	rightToLeft  bool
}

func (c *cluster) end() int { return c.start + c.runes }

// clusters shapes the text and returns its clusters in the order of the text.
func (s *shaper) clusters(runes []rune, size fixed.Int26_6) []cluster {
	inputs := s.splitter.Split(shaping.Input{
		Text: runes, RunEnd: len(runes), Direction: di.DirectionLTR,
		Size: size, Language: language.DefaultLanguage(),
	}, s.faces)
	var all []cluster
	for _, in := range inputs {
		out := s.harfbuzz.Shape(in)
		first := len(all)
		for i := 0; i < len(out.Glyphs); {
			g := &out.Glyphs[i]
			c := cluster{
				start: g.TextIndex(), runes: g.RunesCount(), face: out.Face,
				glyphs:      out.Glyphs[i : i+g.GlyphsCount()],
				rightToLeft: out.Direction.Progression() == di.TowardTopLeft,
			}
			all = append(all, c)
			i += g.GlyphsCount()
		}
		if out.Direction.Progression() == di.TowardTopLeft {
			reverse(all[first:])
		}
	}
	return all
}

func reverse[T any](s []T) {
	for i, j := 0, len(s)-1; i < j; i, j = i+1, j-1 {
		s[i], s[j] = s[j], s[i]
	}
}

// breaks says for each offset whether a line may end there (UAX #14).
func (s *shaper) breaks(runes []rune) []bool {
	may := make([]bool, len(runes)+1)
	s.segmenter.Init(runes)
	for lines := s.segmenter.LineIterator(); lines.Next(); {
		l := lines.Line()
		may[l.Offset+len(l.Text)] = true
	}
	return may
}

// shown returns the code points of the text with those control characters that
// have no form replaced by the picture of their name.
func shown(text string) []rune {
	runes := []rune(text)
	for i, r := range runes {
		switch {
		case r < 0x20 && r != '\t':
			runes[i] = '\u2400' + r
		case r == 0x7f:
			runes[i] = '\u2421'
		}
	}
	return runes
}

func runesIn(s string) int {
	n := 0
	for range s {
		n++
	}
	return n
}
