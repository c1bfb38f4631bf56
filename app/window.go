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
		p.fail(err)
		if noWindow := desktop.Tell("Inkling cannot open your library", err); noWindow != nil {
			p.fail(noWindow)
		}
		return cli.ExitError
	case w == nil:
		return exit
	}
	return p.runWindow(ctx, w, files)
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
