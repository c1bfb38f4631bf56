package storage

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// A FileNameError says why no file can have a name.
type FileNameError struct {
	Name, Reason string
}

func (e *FileNameError) Error() string {
	return fmt.Sprintf("%.60q cannot be a file's name: %s; rename the file", e.Name, e.Reason)
}

// CheckFileName says whether a document can hold a file by that name: nil, or a [*FileNameError]. It is UTF-8 of 1 to
// [MaxFileName] bytes and has nothing by which a file that is taken out could land in another folder or be called by
// what a terminal does not show: no slashes of either kind, and no control characters. It is not "." or "..".
func CheckFileName(name string) error {
	reason := ""
	switch {
	case name == "" || name == "." || name == "..":
		reason = "it names no file"
	case len(name) > MaxFileName:
		reason = fmt.Sprintf("it has %d bytes, and at most %d are allowed", len(name), MaxFileName)
	case !utf8.ValidString(name):
		reason = "it is not UTF-8"
	case strings.ContainsAny(name, `/\`):
		reason = "it has a slash in it"
	case strings.ContainsFunc(name, func(r rune) bool { return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r) }):
		reason = "it has a character in it that is not shown"
	default:
		return nil
	}
	return &FileNameError{Name: name, Reason: reason}
}
