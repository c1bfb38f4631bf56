package storage

import (
	"fmt"
	"strings"
	"time"

	"inkling/crdt"
)

// SalvageReport says what became of a damaged library.
type SalvageReport struct {
	At        time.Time
	Kept      string // the folder with what was there before, and this report; "" before it is there
	Pages     int64  // of the damaged file
	Unread    int    // of them, that the disk did not give
	Documents []SalvagedDocument
	// Nameless are documents of which the file tells nothing but that they were there, and no backup more.
	Nameless []NamelessDocument
	Files    int // attached ones that are whole
	// LostFiles are attached files that are whole nowhere.
	LostFiles []string
	// Backups are the files that something was taken from that the library has lost.
	Backups []string
	// People says what became of the devices the library knew, when that is worth a word.
	People string
}

// SalvagedDocument says what became of one document.
type SalvagedDocument struct {
	ID      crdt.DocID
	Title   string
	Changes int // in the new library
	// Fetched are those of them that were taken out of backups.
	Fetched int
	// Faults say what was damaged, whether or not something is lost by it.
	Faults []error
	// Lost are changes that are nowhere.
	Lost []LostChange
	// Waiting are changes that can be read, but build on lost ones. They stay in the file that is kept.
	Waiting []WaitingChange
}

// LostChange names a change by its place in the damaged library's journal and, if that is known, by who made it.
type LostChange struct {
	Place   int64
	Known   bool
	Replica crdt.ReplicaID
	Seq     uint32
}

// WaitingChange is a change that can be read and not placed.
type WaitingChange struct {
	*crdt.Change
	Device string // name of the device that made it, or its key's beginning; "" when that is lost, too
	Reason string // "" or what is wrong with it beyond that
}

// NamelessDocument is a document whose row is lost.
type NamelessDocument struct {
	Number  int64 // by which the file calls it
	Title   string
	Changes int    // that can be read, and belong nowhere
	Words   string // typed in them
}

// Intact says whether the document has all that it had.
func (d SalvagedDocument) Intact() bool { return len(d.Lost) == 0 && len(d.Waiting) == 0 }

// Whole says whether nothing is lost.
func (r *SalvageReport) Whole() bool {
	for _, d := range r.Documents {
		if !d.Intact() {
			return false
		}
	}
	return len(r.Nameless) == 0 && len(r.LostFiles) == 0
}

// Summary says it in a sentence or two.
func (r *SalvageReport) Summary() string {
	lost := len(r.Nameless)
	for _, d := range r.Documents {
		if !d.Intact() {
			lost++
		}
	}
	text := plural(len(r.Documents), "document") + " could be read and " + map[bool]string{true: "is", false: "are"}[len(r.Documents) == 1] + " here"
	if n := len(r.LostFiles); n > 0 {
		text += ". " + plural(n, "attached file") + " cannot be read"
	}
	if r.Whole() {
		return text + ". Nothing is lost."
	}
	if lost == 0 {
		return text + "."
	}
	return text + ". " + plural(lost, "document lacks", "documents lack") + " something."
}

// maxWords is how many code points of lost words a report shows of a change, and maxNamedChanges of how many changes of a
// document it shows them.
const (
	maxWords        = 80
	maxNamedChanges = 1000
)

// String names every lost piece.
func (r *SalvageReport) String() string {
	var b strings.Builder
	kept := "the folder of this report"
	if r.Kept != "" {
		kept = r.Kept
	}
	fmt.Fprintf(&b, "%s\nWhat was there before is kept in %s.\n", r.Summary(), kept)
	if r.Unread > 0 {
		fmt.Fprintf(&b, "The disk did not give %d of the file's %d pages: copy what you need to another disk.\n", r.Unread, r.Pages)
	}
	if len(r.Backups) > 0 {
		fmt.Fprintf(&b, "What was damaged was looked for in backups, and found in:\n  %s\n", strings.Join(r.Backups, "\n  "))
	}
	if r.People != "" {
		fmt.Fprintln(&b, r.People)
	}
	for _, d := range r.Documents {
		d.describe(&b)
	}
	for _, f := range r.LostFiles {
		fmt.Fprintf(&b, "\nAn attached file that cannot be read anywhere: %s\n", f)
	}
	for _, d := range r.Nameless {
		fmt.Fprintf(&b, "\nA document whose name is lost (number %d", d.Number)
		if d.Title != "" {
			fmt.Fprintf(&b, ", %.60q", d.Title)
		}
		fmt.Fprintf(&b, "): %s can be read and belong nowhere.\n", plural(d.Changes, "change"))
		if d.Words != "" {
			fmt.Fprintf(&b, "  They say: %s\n", d.Words)
		}
	}
	if !r.Whole() {
		b.WriteString("\nWhat is missing may still come back: from the people you write with, as soon as you meet them; and then run\n" +
			"`inkling salvage FILE` with the library.db that was kept, which takes from it what can be placed by then.\n")
	}
	return b.String()
}

func (d SalvagedDocument) describe(b *strings.Builder) {
	if d.Intact() && len(d.Faults) == 0 && d.Fetched == 0 {
		fmt.Fprintf(b, "\n%q (%.8s): all of it, %s.\n", d.name(), d.ID, plural(d.Changes, "change"))
		return
	}
	fmt.Fprintf(b, "\n%q (%.8s): %s", d.name(), d.ID, plural(d.Changes, "change"))
	if d.Fetched > 0 {
		fmt.Fprintf(b, ", %d of them from backups", d.Fetched)
	}
	b.WriteString(".\n")
	for _, err := range d.Faults {
		fmt.Fprintf(b, "  damaged: %v\n", err)
	}
	if d.Intact() {
		b.WriteString("  Nothing of it is lost.\n")
	}
	if len(d.Lost) > 0 {
		fmt.Fprintf(b, "  Lost: %s that cannot be read anywhere: %s\n", plural(len(d.Lost), "change"), strings.Join(lostWords(d.Lost), "; "))
	}
	if len(d.Waiting) > 0 {
		fmt.Fprintf(b, "  Not placed: %s that can be read, but build on what is lost. They typed:\n", plural(len(d.Waiting), "change"))
	}
	for i, c := range d.Waiting {
		if i == maxNamedChanges {
			fmt.Fprintf(b, "    and %d more\n", len(d.Waiting)-i)
			break
		}
		fmt.Fprintf(b, "    %s%s: %s\n", c.maker(), c.Reason, shortWords(c.Typed()))
	}
}

func (d SalvagedDocument) name() string { return Document{ID: d.ID, Title: d.Title}.name() }

func (c WaitingChange) maker() string {
	if c.Device == "" {
		return fmt.Sprintf("replica %.8s at %d", c.Replica, c.Seq)
	}
	return fmt.Sprintf("%s, replica %.8s at %d", c.Device, c.Replica, c.Seq)
}

// shortWords returns the beginning of what was typed.
func shortWords(s string) string {
	if s == "" {
		return "(no text)"
	}
	if runes := []rune(s); len(runes) > maxWords {
		return fmt.Sprintf("%q … (%d letters)", string(runes[:maxWords]), len(runes))
	}
	return fmt.Sprintf("%q", s)
}

// lostWords names lost changes, those that follow one another together.
func lostWords(list []LostChange) (words []string) {
	for i := 0; i < len(list); {
		j := i + 1
		for j < len(list) && list[j].Place == list[j-1].Place+1 && list[j].Known == list[i].Known && list[j].Replica == list[i].Replica {
			j++
		}
		places := fmt.Sprintf("place %d of its journal", list[i].Place)
		if j > i+1 {
			places = fmt.Sprintf("places %d to %d of its journal", list[i].Place, list[j-1].Place)
		}
		if list[i].Known {
			places += fmt.Sprintf(" (replica %.8s from %d)", list[i].Replica, list[i].Seq)
		}
		words = append(words, places)
		i = j
	}
	return words
}
