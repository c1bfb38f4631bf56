package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"inkling/app/cli"
	"inkling/app/desktop"
	"inkling/app/workspace"
	"inkling/storage"
)

// window runs the program with its window until that is closed. files are imported
// and shown.
func (p *program) window(ctx context.Context, files []string) int {
	for i, f := range files {
		if _, err := os.Stat(f); err != nil {
			fmt.Fprintf(os.Stderr, "inkling: %q is neither a command nor a file: `inkling help` lists the commands\n", f)
			return cli.ExitUsage
		}
		if !filepath.IsAbs(f) {
			files[i] = filepath.Join(p.cwd, f)
		}
	}
	if err := desktop.Available(); err != nil {
		return p.fail(err)
	}
	w, exit, err := p.own(ctx, false, append([]string{"open"}, files...))
	switch {
	case err != nil:
		return p.cannotOpen(ctx, err)
	case w == nil:
		return exit
	}
	return p.runWindow(ctx, w, files)
}

// cannotOpen says why the library cannot be opened, and salvages a damaged one if the person wants that.
func (p *program) cannotOpen(ctx context.Context, err error) int {
	p.fail(err)
	var out *desktop.Way
	var damaged *storage.DamagedError
	if errors.As(err, &damaged) {
		out = &desktop.Way{Label: "Save what can be read", Do: func() (string, error) {
			report, err := workspace.Salvage(ctx, p.dir)
			if err != nil {
				return "", err
			}
			return report.String(), nil
		}}
	}
	again, noWindow := desktop.Tell("Inkling cannot open your library", err, out)
	switch {
	case noWindow != nil:
		p.fail(noWindow)
	case again:
		return p.startAgain()
	}
	return cli.ExitError
}

func (p *program) runWindow(ctx context.Context, w *workspace.Workspace, files []string) int {
	win, err := desktop.New(w)
	if err != nil {
		return p.fail(errors.Join(err, w.Close()))
	}
	l, err := p.listen(w, win, win.Restart)
	if err != nil {
		return p.fail(errors.Join(err, w.Close()))
	}
	defer context.AfterFunc(ctx, win.Quit)()
	again := win.Run(files)
	if err := errors.Join(l.Close(), w.Close()); err != nil {
		return p.fail(err)
	}
	if again {
		return p.startAgain()
	}
	return cli.ExitOK
}
