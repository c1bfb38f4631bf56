package app

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"

	"inkling/app/cli"
	"inkling/storage"
)

// serve is a peer without a window: it keeps the documents it is a member of in
// step with the others until it is told to end (Ctrl+C, SIGTERM).
func (p *program) serve(ctx context.Context, args []string) int {
	if len(args) > 0 {
		fmt.Fprintln(os.Stderr, "inkling serve: it takes no arguments; let it join documents with `inkling join CODE` or a link")
		return cli.ExitUsage
	}
	w, err := p.open(false)
	var locked *storage.LockedError
	if errors.As(err, &locked) {
		return p.fail(fmt.Errorf("the library in %s is already in use by a running Inkling, which serves it too", p.dir))
	}
	if err != nil {
		return p.fail(err)
	}
	if err := tellPast(w); err != nil {
		return p.fail(errors.Join(err, w.Close()))
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var again atomic.Bool
	l, err := p.listen(w, nil, func() { again.Store(true); end() })
	if err != nil {
		return p.fail(errors.Join(err, w.Close()))
	}
	fmt.Printf("Serving the library in %s as %s on UDP port %d. End it with Ctrl+C.\n", w.Dir(), w.Name(), w.Port())
	<-ctx.Done()
	if err := errors.Join(l.Close(), w.Close()); err != nil {
		return p.fail(err)
	}
	if again.Load() {
		return p.startAgain("serve")
	}
	return cli.ExitOK
}
