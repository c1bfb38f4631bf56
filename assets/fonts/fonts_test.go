package fonts

import (
	"bytes"
	"testing"

	"github.com/go-text/typesetting/font"
)

// TestFacesHaveTheLetters: every face parses and has what the European languages
// and ordinary typography need.
func TestFacesHaveTheLetters(t *testing.T) {
	const letters = "AZaz09 ÄÖÜäöüßÀÉÎÕÇñøåæœŁłŐőŠšŽžŘřŢţİı ΑΩαω АЯая ЁёЇїҐґ „“”‘’«»‹›–—…·•§©€£¥†‡°½×÷−≈≤≥"
	for name, file := range map[string][]byte{"Text": Text, "Interface": Interface, "InterfaceBold": InterfaceBold} {
		face, err := font.ParseTTF(bytes.NewReader(file))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for _, r := range letters {
			if _, ok := face.NominalGlyph(r); !ok {
				t.Errorf("%s has no %c (%U)", name, r, r)
			}
		}
	}
}
