// Package app is the program: it reads the command line and wires library, network
// and window together.
//
// There is one program per library folder. The first start owns the library; a
// later one on the same folder hands its command line over to it (package
// handover) and ends with the exit code of the answer. So `inkling list` beside an
// open window is answered by the window's process, and a second `inkling` only
// brings that window to the front.
//
// The packages below it: workspace (the hub, no window), ui (what the person sees),
// desktop (the window system, or its absence), cli (sub-commands), handover.
package app

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"inkling/app/cli"
	"inkling/app/handover"
	"inkling/app/workspace"
	"inkling/storage"
)

// options are the flags before the command.
type options struct {
	data    string
	name    string
	port    int
	verbose bool
}

// Main runs the program with the arguments args (without the program's name) and
// returns its exit code.
func Main(version string, args []string) int {
	opts, rest, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		printUsage(os.Stdout)
		return cli.ExitOK
	case err != nil:
		fmt.Fprintf(os.Stderr, "inkling: %v\n", err)
		return cli.ExitUsage
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	command := ""
	if len(rest) > 0 {
		command = rest[0]
	}
	switch command {
	case "help":
		printUsage(os.Stdout)
		return cli.ExitOK
	case "version":
		fmt.Printf("inkling %s\n", version)
		return cli.ExitOK
	}
	p, err := newProgram(version, opts)
	if err != nil {
		fmt.Fprintf(os.Stderr, "inkling: %v\n", err)
		return cli.ExitError
	}
	p.words = len(rest)
	if command == "serve" {
		return p.serveArgs(ctx, rest[1:])
	}
	if cmd, ok := cli.Lookup(command); ok && command != "open" {
		return p.command(ctx, cmd, rest)
	}
	if command == "open" {
		rest = rest[1:]
	}
	return p.window(ctx, rest)
}

func parse(args []string) (opts options, rest []string, err error) {
	flags := flag.NewFlagSet("inkling", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.StringVar(&opts.data, "data", "", "library folder")
	flags.StringVar(&opts.name, "name", "", "display name")
	flags.IntVar(&opts.port, "port", 0, "UDP port")
	flags.BoolVar(&opts.verbose, "verbose", false, "log to the terminal")
	if err := flags.Parse(args); err != nil {
		return opts, nil, err
	}
	if opts.port < 0 || opts.port > 65535 {
		return opts, nil, fmt.Errorf("--port %d: a port is a number from 1 to 65535", opts.port)
	}
	return opts, flags.Args(), nil
}

func printUsage(w io.Writer) {
	fmt.Fprint(w, `Inkling: write together without a server.

usage: inkling [--data DIR] [--name NAME] [--port N] [COMMAND]

Without a command the window opens. The name of a text file or of a .inkling file opens it in the window.

`)
	row := func(name, args, help string) { fmt.Fprintf(w, "  %-28s %s\n", name+" "+args, help) }
	for _, c := range cli.Commands {
		row(c.Name, c.Args, c.Help)
	}
	row("serve", "[--pair] [--accept-from WHO]... [--quota SIZE]", "be a peer without a window: for a server or a NAS")
	row("version", "", "print the version")
	row("help", "", "print this")
	fmt.Fprint(w, `
  --data DIR    another library folder (default: where the system keeps your data)
  --name NAME   the name by which others see you
  --port N      the UDP port to be reached on (default 7447, or any when it is taken)
  --verbose     log what happens to the terminal

DOC is a document's title or a part of it, or the beginning of its id, as list shows them.
`)
}

// program is one start of Inkling.
type program struct {
	version string
	opts    options
	dir     string // library folder, absolute
	cwd     string
	log     *slog.Logger
	words   int // how many arguments there are behind the flags
}

func newProgram(version string, opts options) (*program, error) {
	p := &program{version: version, opts: opts, dir: opts.data}
	if p.dir == "" {
		var err error
		if p.dir, err = workspace.DefaultDir(); err != nil {
			return nil, err
		}
	}
	var err error
	if p.dir, err = filepath.Abs(p.dir); err != nil {
		return nil, err
	}
	if p.cwd, err = os.Getwd(); err != nil {
		return nil, err
	}
	level := slog.LevelError
	if opts.verbose {
		level = slog.LevelDebug
	}
	p.log = slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
	return p, nil
}

// open opens the library for this process.
func (p *program) open(offline bool) (*workspace.Workspace, error) {
	return workspace.Open(p.config(offline))
}

func (p *program) config(offline bool) workspace.Config {
	return workspace.Config{Dir: p.dir, Name: p.opts.name, Port: p.opts.port, Offline: offline, Logger: p.log}
}

// patience is how long a start waits for a library that another program has and
// does not answer for: it may be ending, or be a short command itself.
const patience = 5 * time.Second

// own opens the library or, when another program has it, hands args over to that
// one: then w is nil and exit is the answer.
func (p *program) own(ctx context.Context, offline bool, args []string) (w *workspace.Workspace, exit int, err error) {
	for deadline := time.Now().Add(patience); ; {
		w, err := p.open(offline)
		var locked *storage.LockedError
		if !errors.As(err, &locked) {
			return w, cli.ExitOK, err
		}
		exit, err := handover.Call(ctx, p.dir, handover.Request{Args: args, Dir: p.cwd}, os.Stdout, os.Stderr)
		if !errors.Is(err, handover.ErrNobody) {
			return nil, exit, err
		}
		if time.Now().After(deadline) {
			return nil, 0, fmt.Errorf("another program has the library in %s open and does not answer: end it, or use another folder with --data DIR", p.dir)
		}
		select {
		case <-time.After(patience / 50):
		case <-ctx.Done():
			return nil, 0, ctx.Err()
		}
	}
}

// command runs a sub-command: here, or in the program that has the library.
func (p *program) command(ctx context.Context, cmd cli.Command, args []string) int {
	if isTerminal(os.Stdout) {
		args = cmd.OnTerminal(args)
	}
	w, exit, err := p.own(ctx, !cmd.Network, args)
	if workspace.OnlyToRead(err) && cmd.OnlyReads {
		p.fail(err)
		w, err = workspace.OpenToRead(p.dir)
		switch {
		case err != nil && cmd.NeedsFolder:
			w, err = workspace.OpenFolder(p.dir), nil
		case err != nil:
			return cli.ExitError // why has been told
		}
	}
	if errors.Is(err, context.Canceled) {
		return cli.ExitError // the person has ended it, and knows
	}
	if err != nil {
		return p.fail(err)
	}
	if w == nil {
		return exit
	}
	call := cli.Call{Workspace: w, Args: args, Dir: p.cwd, Stdout: os.Stdout, Stderr: os.Stderr}
	again := false
	call.Restart = func() { again = true }
	exit = cli.Run(ctx, call)
	if err := w.Close(); err != nil {
		return p.fail(err)
	}
	if again {
		if err := p.finishRestore(); err != nil {
			return p.fail(err)
		}
	}
	return exit
}

// isTerminal says whether people see what is written to f: it is neither a file nor a pipe.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// finishRestore opens the library once, which puts the backup in its place, and says so.
func (p *program) finishRestore() error {
	w, err := p.open(true)
	if err != nil {
		return err
	}
	return errors.Join(tellPast(w), w.Close())
}

// tellPast prints how the library came to be as it is, if that is news.
func tellPast(w *workspace.Workspace) error {
	if s := cmp.Or(w.Past().SalvageText(), w.Past().Sentences()); s != "" {
		fmt.Println(s)
	}
	return w.PastTold()
}

// listen lets later starts hand their command lines to this program. restart has it end and start again.
func (p *program) listen(w *workspace.Workspace, window cli.Window, restart func()) (*handover.Listener, error) {
	return handover.Listen(p.dir, func(ctx context.Context, r handover.Request, stdout, stderr io.Writer) int {
		return cli.Run(ctx, cli.Call{Workspace: w, Window: window, Args: r.Args, Dir: r.Dir, Stdout: stdout, Stderr: stderr, Restart: restart})
	})
}

// startAgain puts a new start of the program in the place of this one, which has given up all it had: with the same
// flags, and without the files, which are imported. It returns only if that fails.
func (p *program) startAgain(command ...string) int {
	path, err := os.Executable()
	if err == nil {
		flags := os.Args[1 : len(os.Args)-p.words]
		err = replaceProgram(path, slices.Concat([]string{path}, flags, command))
	}
	return p.fail(fmt.Errorf("the program could not start itself again; please start it: %w", err))
}

func (p *program) fail(err error) int {
	fmt.Fprintf(os.Stderr, "inkling: %v\n", err)
	return cli.ExitError
}
