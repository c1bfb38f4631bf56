//go:build !darwin

package editor

import "fyne.io/fyne/v2"

// wordModifier goes by words with the arrows.
const wordModifier = fyne.KeyModifierControl
