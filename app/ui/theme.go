package ui

import (
	"image/color"
	"maps"
	"slices"

	"fyne.io/fyne/v2"
	"fyne.io/fyne/v2/theme"

	"inkling/assets/fonts"
)

// inkTheme is Inkling's look: warm paper, ink blue, one quiet sans for the
// interface. What it does not name is Fyne's default.
type inkTheme struct{ fyne.Theme }

// NewTheme returns Inkling's theme. It follows the system's light or dark setting.
func NewTheme() fyne.Theme { return inkTheme{theme.DefaultTheme()} }

// pair is a colour on light and on dark ground.
type pair struct{ light, dark color.NRGBA }

func (p pair) of(v fyne.ThemeVariant) color.NRGBA {
	if v == theme.VariantDark {
		return p.dark
	}
	return p.light
}

func rgb(hex uint32) color.NRGBA { return rgba(hex, 0xff) }

func rgba(hex uint32, alpha uint8) color.NRGBA {
	return color.NRGBA{R: uint8(hex >> 16), G: uint8(hex >> 8), B: uint8(hex), A: alpha}
}

// Colours that Fyne has no name for.
const (
	colorNameSidebar fyne.ThemeColorName = "inklingSidebar" // ground of the list and the panel
	colorNameQuiet   fyne.ThemeColorName = "inklingQuiet"   // text that should not call
	colorNameNotice  fyne.ThemeColorName = "inklingNotice"  // ground of the banner
)

// Contrasts (WCAG 2.1): ink on paper 14.6:1 light, 11.9:1 dark; quiet text at
// least 4.5:1 on all grounds.
var palette = map[fyne.ThemeColorName]pair{
	theme.ColorNameBackground:          {rgb(0xfcfbf8), rgb(0x1c1d20)},
	theme.ColorNameForeground:          {rgb(0x24272c), rgb(0xdcdad5)},
	theme.ColorNamePrimary:             {rgb(0x2b5c8a), rgb(0x7fb0de)},
	theme.ColorNameForegroundOnPrimary: {rgb(0xffffff), rgb(0x14202b)},
	theme.ColorNameHyperlink:           {rgb(0x2b5c8a), rgb(0x7fb0de)},
	theme.ColorNameFocus:               {rgba(0x2b5c8a, 0x50), rgba(0x7fb0de, 0x50)},
	theme.ColorNameSelection:           {rgba(0x2b5c8a, 0x30), rgba(0x7fb0de, 0x3c)},
	theme.ColorNameHover:               {rgba(0x24272c, 0x0e), rgba(0xffffff, 0x10)},
	theme.ColorNamePressed:             {rgba(0x24272c, 0x1c), rgba(0xffffff, 0x1c)},
	theme.ColorNameButton:              {rgb(0xebe8e1), rgb(0x2e3035)},
	theme.ColorNameDisabledButton:      {rgb(0xf0ede7), rgb(0x26282c)},
	theme.ColorNameDisabled:            {rgb(0x9a9790), rgb(0x74726e)},
	theme.ColorNameInputBackground:     {rgb(0xffffff), rgb(0x25272b)},
	theme.ColorNameInputBorder:         {rgb(0xd5d1c8), rgb(0x3c3f45)},
	theme.ColorNamePlaceHolder:         {rgb(0x726f68), rgb(0x94928d)},
	theme.ColorNameSeparator:           {rgb(0xe4e0d8), rgb(0x2c2e33)},
	theme.ColorNameScrollBar:           {rgba(0x24272c, 0x38), rgba(0xffffff, 0x38)},
	theme.ColorNameMenuBackground:      {rgb(0xffffff), rgb(0x27292e)},
	theme.ColorNameOverlayBackground:   {rgb(0xffffff), rgb(0x27292e)},
	theme.ColorNameWarning:             {rgb(0x8a5a00), rgb(0xe0b057)},
	theme.ColorNameError:               {rgb(0xb3261e), rgb(0xf28b82)},
	theme.ColorNameSuccess:             {rgb(0x2e6b34), rgb(0x8fce94)},
	colorNameSidebar:                   {rgb(0xf4f1eb), rgb(0x17181a)},
	colorNameQuiet:                     {rgb(0x6b6861), rgb(0x98958f)},
	colorNameNotice:                    {rgb(0xe6eef6), rgb(0x24323f)},
}

func (t inkTheme) Color(n fyne.ThemeColorName, v fyne.ThemeVariant) color.Color {
	if p, ok := palette[n]; ok {
		return p.of(v)
	}
	return t.Theme.Color(n, v)
}

func (t inkTheme) Size(n fyne.ThemeSizeName) float32 {
	switch n {
	case theme.SizeNameText:
		return 13.5
	case theme.SizeNameCaptionText:
		return 11.5
	case theme.SizeNameInputRadius, theme.SizeNameSelectionRadius:
		return 5
	}
	return t.Theme.Size(n)
}

var (
	fontRegular = fyne.NewStaticResource("interface.font", fonts.Interface)
	fontBold    = fyne.NewStaticResource("interface-bold.font", fonts.InterfaceBold)
)

func (t inkTheme) Font(s fyne.TextStyle) fyne.Resource {
	switch {
	case s.Monospace || s.Symbol || s.Italic:
		return t.Theme.Font(s)
	case s.Bold:
		return fontBold
	}
	return fontRegular
}

// personColors are told apart by people who do not see all colours and stay
// readable on both grounds (after Okabe and Ito's palette, darkened).
var personColors = []color.NRGBA{
	rgb(0xc2570c), rgb(0x0b7a75), rgb(0x8e3b8a), rgb(0x3d6fb6),
	rgb(0xa3371f), rgb(0x4f7a1c), rgb(0x9a6a00), rgb(0x5b5bb0),
}

// colorBook gives each person a colour: the same in every window and at every start,
// unless somebody else seen before has it.
type colorBook map[[32]byte]color.NRGBA

func (b colorBook) of(id [32]byte) color.NRGBA {
	if c, ok := b[id]; ok {
		return c
	}
	taken := slices.Collect(maps.Values(b))
	wish := int(id[0]) % len(personColors)
	b[id] = personColors[wish]
	for i := range personColors {
		if c := personColors[(wish+i)%len(personColors)]; !slices.Contains(taken, c) {
			b[id] = c
			break
		}
	}
	return b[id]
}
