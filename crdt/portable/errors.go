package portable

import "fmt"

// A FormatError says that a file is not what was written, or was never such a file.
type FormatError struct {
	Offset  int64  // where, in bytes from the beginning; for what is packed, where its piece begins
	Section string // what part of the file that is
	Reason  string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("portable: malformed at byte %d, %s: %s", e.Offset, e.Section, e.Reason)
}

// A NewerError says that a newer program wrote a file, and what of it is not known here.
type NewerError struct{ What string }

func (e *NewerError) Error() string { return "portable: unknown " + e.What }

// A ForgedError says that a file is whole, and yet its changes are together not what the devices of the document's
// members signed.
type ForgedError struct{ Err error }

func (e *ForgedError) Error() string { return "portable: not what was signed: " + e.Err.Error() }

// Unwrap returns what is wrong, a [*crdt.ChangeError] where one change can be named.
func (e *ForgedError) Unwrap() error { return e.Err }
