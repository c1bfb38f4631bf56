package ui

import (
	"errors"
	"strings"
	"testing"
	"time"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"inkling/app/workspace"
)

var noon = time.Date(2026, 3, 12, 12, 0, 0, 0, time.Local) // a Thursday

func TestWhen(t *testing.T) {
	for _, c := range []struct {
		ago  time.Duration
		want string
	}{
		{0, "12:00"},
		{-time.Hour, "13:00"}, // a clock that went back
		{2 * time.Hour, "10:00"},
		{13 * time.Hour, "Yesterday"},
		{3 * 24 * time.Hour, "Monday"},
		{30 * 24 * time.Hour, "10 February"},
		{400 * 24 * time.Hour, "5 Feb 2025"},
	} {
		if got := when(noon.Add(-c.ago), noon); got != c.want {
			t.Errorf("%v ago: %q, want %q", c.ago, got, c.want)
		}
	}
}

func TestSummary(t *testing.T) {
	ana := workspace.Person{Name: "Ana", Here: true}
	ben := workspace.Person{Name: "Ben", Here: true, Behind: 3}
	carol := workspace.Person{Name: "Carol", Since: noon.Add(-90 * time.Minute), Behind: 1}
	dan := workspace.Person{Name: "Dan", Since: noon.Add(-48 * time.Hour), Behind: 12}
	eve := workspace.Person{Name: "Eve"}
	for want, list := range map[string][]workspace.Person{
		"":                     nil,
		"Ana is here":          {ana},
		"Ana and Ben are here": {ana, ben},
		"Carol is away since 10:30 – 1 edit not yet there":                                        {carol},
		"Ana is here   ·   Dan is away since 10 March 12:00 – 12 edits not yet there":             {ana, dan},
		"Carol is away since 10:30 – 1 edit not yet there   ·   Eve is away   ·   1 more is away": {carol, eve, dan},
	} {
		if got := summary(list, noon); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestStandingSaysWhatHelps(t *testing.T) {
	ben := []string{"Ben"}
	for _, c := range []struct {
		standing workspace.Standing
		empty    bool
		others   []string
		want     string
	}{
		{workspace.MayWrite, true, ben, ""},
		{workspace.NoMember, true, ben, "Waiting for Ben to send the text."},
		{workspace.NoMember, false, []string{"Ben", "Eve"}, "until Ben or Eve lets this device in."},
		{workspace.NoMember, false, nil, "in a copy"},
		{workspace.NoMember, true, nil, "Waiting for the text."},
		{workspace.NeedsNewer, false, ben, "newer Inkling"},
		{workspace.Full, false, ben, "in a copy"},
	} {
		got := standing(c.standing, c.empty, c.others)
		if !strings.Contains(got, c.want) || c.want == "" && got != "" {
			t.Errorf("%+v: %q", c, got)
		}
	}
}

func TestFileName(t *testing.T) {
	for title, want := range map[string]string{
		"Tea": "Tea", "a/b: c?": "ab c", "..": "Untitled", "été 2026.": "été 2026",
	} {
		if got := fileName(title); got != want {
			t.Errorf("%q becomes %q, want %q", title, got, want)
		}
	}
}

func TestSentence(t *testing.T) {
	if got := sentence(errors.New("élan is missing")); got != "Élan is missing." {
		t.Errorf("%q", got)
	}
}

// TestContrast holds the palette to WCAG 2.1: 4.5:1 for text.
func TestContrast(t *testing.T) {
	for _, v := range []fyne.ThemeVariant{theme.VariantLight, theme.VariantDark} {
		for _, c := range []struct{ text, ground fyne.ThemeColorName }{
			{theme.ColorNameForeground, theme.ColorNameBackground},
			{theme.ColorNameForeground, colorNameSidebar},
			{theme.ColorNameForeground, colorNameNotice},
			{theme.ColorNameForeground, theme.ColorNameButton},
			{colorNameQuiet, theme.ColorNameBackground},
			{colorNameQuiet, colorNameSidebar},
			{theme.ColorNamePrimary, theme.ColorNameBackground},
			{theme.ColorNameWarning, colorNameSidebar},
			{theme.ColorNameError, theme.ColorNameBackground},
			{theme.ColorNameError, colorNameSidebar},
			{theme.ColorNameSuccess, colorNameSidebar},
			{theme.ColorNameForegroundOnPrimary, theme.ColorNamePrimary},
			{theme.ColorNamePlaceHolder, theme.ColorNameInputBackground},
		} {
			a, b := luminance(palette[c.text].of(v)), luminance(palette[c.ground].of(v))
			if ratio := (max(a, b) + 0.05) / (min(a, b) + 0.05); ratio < 4.5 {
				t.Errorf("variant %d: %s on %s has a contrast of %.2f", v, c.text, c.ground, ratio)
			}
		}
	}
}

func TestColorsOfPeopleDiffer(t *testing.T) {
	book := colorBook{}
	seen := map[[3]byte]bool{}
	for i := range len(personColors) {
		c := book.of([32]byte{8 * byte(i)}) // all wish for the same one
		seen[[3]byte{c.R, c.G, c.B}] = true
	}
	if len(seen) != len(personColors) {
		t.Errorf("%d people share %d colours", len(personColors), len(seen))
	}
	first := book.of([32]byte{8})
	if again := book.of([32]byte{8}); again != first || book.of([32]byte{200, 1}) == book.of([32]byte{201, 1}) {
		t.Error("a colour changes, or everybody who comes late gets the same one")
	}
}
