package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"slices"

	"inkling/app/workspace"
	"inkling/crdt"
)

// Exit codes.
const (
	ExitOK    = 0
	ExitError = 1
	ExitUsage = 2
)

// Window is what commands need of a window, if the program has one.
type Window interface {
	Raise()              // comes to the front
	Show(doc crdt.DocID) // opens a document and comes to the front
}

// Call is one command line with what it needs.
type Call struct {
	Workspace *workspace.Workspace
	Window    Window   // nil when the program has none
	Args      []string // the command and its arguments
	Dir       string   // relative file names count from here
	Stdout    io.Writer
	Stderr    io.Writer
	// Restart has the program close the library and open it again, as soon as the call has returned. It is called after
	// a restore.
	Restart func()
}

// path returns the file that a person named.
func (c *Call) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(c.Dir, name)
}

func (c *Call) printf(format string, args ...any) { fmt.Fprintf(c.Stdout, format, args...) }

// Command is a sub-command.
type Command struct {
	Name string
	Args string // as the usage shows them
	Help string // one line
	// Network: the command needs peers, so a workspace opened for it alone is
	// opened with the network.
	Network bool
	// OnlyReads: the command makes sense also on a library that must not be written to.
	OnlyReads bool
	// NeedsFolder: the command makes sense also where nothing of the library can be read.
	NeedsFolder bool

	terminal string // the flag that has it show what only a terminal can; "": none
	run      func(context.Context, *Call) error
}

// Commands lists the sub-commands that work on a library.
var Commands = []Command{
	{Name: "list", Help: "list the documents: id, last edit, title; and who wrote in them, and how they begin", OnlyReads: true, run: list},
	{Name: "export", Args: "DOC [-o FILE]", Help: "write a document to a file: NAME.inkling with its history, any other name or none its text", OnlyReads: true, run: export},
	{Name: "import", Args: "FILE...", Help: "bring in documents from .inkling files, and make one of each text file", run: importFiles},
	{Name: "append", Args: "DOC WORDS...", Help: "write a line at the end of a document", run: appendLine},
	{Name: "open", Args: "[FILE...]", Help: "show the window of the running program, with the files imported", run: open},
	{Name: "attach", Args: "DOC FILE...", Help: "have a document hold files", run: attach},
	{Name: "attachments", Args: "DOC", Help: "list the files that a document holds", OnlyReads: true, run: attachments},
	{Name: "extract", Args: "DOC NAME [-o FILE]", Help: "write a file that a document holds to the disk", OnlyReads: true, run: extract},
	{Name: "detach", Args: "DOC NAME", Help: "take a file off a document", run: detach},
	{Name: "reattach", Args: "DOC NAME", Help: "bring a file back that was taken off", run: reattach},
	{Name: "search", Args: "WORDS...", Help: "list the documents that have all these words, or words that begin so", OnlyReads: true, run: search},
	{Name: "delete", Args: "DOC", Help: "put a document into the bin", run: deleteDocument},
	{Name: "bin", Help: "list what is in the bin", run: listBin},
	{Name: "undelete", Args: "DOC", Help: "take a document out of the bin", run: undelete},
	{Name: "destroy", Args: "[--yes] DOC", Help: "delete a document of the bin for ever", run: destroy},
	{Name: "backup", Args: "[-o FILE]", Help: "make a backup of the library", run: backup},
	{Name: "backups", Help: "list the backups", OnlyReads: true, NeedsFolder: true, run: listBackups},
	{Name: "restore", Args: "[BACKUP]", Help: "put a backup in the library's place", OnlyReads: true, NeedsFolder: true, run: restore},
	{Name: "invite", Args: "[--accept] [--qr] DOC", Help: "let somebody into a document: print a link, its QR code and a code, and wait; with --accept a link alone, which needs no answer", terminal: "--qr", run: invite},
	{Name: "pair", Help: "show a code with which another device and this one come to know each other, and wait", run: pair},
	{Name: "put", Args: "DOC WHO", Help: "put somebody who is known into a document: by name, or the beginning of the key", run: put},
	{Name: "accept", Args: "TITLE", Help: "take a document that somebody offers", run: accept},
	{Name: "join", Args: "CODE|LINK [--at ADDRESS]", Help: "type the code on another screen, or follow an invite link", Network: true, run: join},
	{Name: "status", Args: "[--json]", Help: "who is here, what is open, and whether all is saved", run: status},
	{Name: "rebuild", Help: "derive anew, from the changes, what documents are listed and found by", run: rebuild},
	{Name: "check", Help: "read and verify everything in the library, and name what is damaged", OnlyReads: true, run: check},
	{Name: "salvage", Args: "[FILE]", Help: "save what can be read of a damaged library; or take what this one lacks from FILE, another library.db", OnlyReads: true, NeedsFolder: true, run: salvage},
	{Name: "doctor", Args: "[ADDRESS]", Help: "check library and network, and say what is wrong; with an address, why nobody is reached there", Network: true, run: doctor},
}

// Lookup returns the command called name.
func Lookup(name string) (Command, bool) {
	i := slices.IndexFunc(Commands, func(c Command) bool { return c.Name == name })
	if i < 0 {
		return Command{}, false
	}
	return Commands[i], true
}

// OnTerminal returns the command line with which the command shows on a terminal all that it can. Only the program that
// the person started knows that there is one.
func (cmd Command) OnTerminal(args []string) []string {
	if cmd.terminal == "" {
		return args
	}
	return slices.Insert(slices.Clone(args), 1, cmd.terminal)
}

// usageError says that the arguments of a command are wrong.
type usageError struct{ reason string }

func (e usageError) Error() string { return e.reason }

// Run runs the command line of c and returns its exit code.
func Run(ctx context.Context, c Call) int {
	if len(c.Args) == 0 {
		fmt.Fprintln(c.Stderr, "inkling: which command? `inkling help` lists them")
		return ExitUsage
	}
	cmd, ok := Lookup(c.Args[0])
	if !ok {
		fmt.Fprintf(c.Stderr, "inkling: there is no command %q: `inkling help` lists them\n", c.Args[0])
		return ExitUsage
	}
	c.Args = c.Args[1:]
	err := cmd.run(ctx, &c)
	var usage usageError
	switch {
	case err == nil:
		return ExitOK
	case errors.As(err, &usage):
		fmt.Fprintf(c.Stderr, "inkling %s: %v\nusage: inkling %s %s\n", cmd.Name, usage, cmd.Name, cmd.Args)
		return ExitUsage
	default:
		fmt.Fprintf(c.Stderr, "inkling %s: %v\n", cmd.Name, err)
		return ExitError
	}
}
