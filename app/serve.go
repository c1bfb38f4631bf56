package app

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"inkling/app/cli"
	"inkling/app/workspace"
	"inkling/storage"
)

// serviceFlags are those behind `inkling serve`.
type serviceFlags struct {
	pair    bool
	service workspace.Service
}

const serveUsage = `usage: inkling serve [--pair] [--accept-from WHO]... [--quota SIZE]

  --pair              show a code; type it on another computer, and that one's person can put documents here,
                      now and later
  --accept-from WHO   take documents of WHO as well: a name, the beginning of a device's key, or anyone-paired
  --quota SIZE        how much the library's folder may have, such as 500M or 10G (powers of 1000)
`

// parseService reads the flags of `inkling serve`.
func parseService(args []string) (s serviceFlags, err error) {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.Usage = func() {}
	flags.BoolVar(&s.pair, "pair", false, "")
	flags.Func("accept-from", "", func(who string) error {
		if who == "" {
			return errors.New("it needs a name")
		}
		s.service.Accept = append(s.service.Accept, who)
		return nil
	})
	flags.Func("quota", "", func(text string) (err error) {
		s.service.Quota, err = readSize(text)
		return err
	})
	err = flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("it takes flags alone, not %q; let it join documents with `inkling join CODE` or a link", flags.Arg(0))
	}
	return s, err
}

// readSize reads a size with a unit of 1000^n bytes: K, M, G, T, or none.
func readSize(text string) (bytes int64, err error) {
	number := strings.TrimSuffix(strings.ToUpper(text), "B")
	unit := int64(1)
	if i := strings.IndexAny(number, "KMGT"); i >= 0 && i == len(number)-1 {
		for range strings.IndexByte("KMGT", number[i]) + 1 {
			unit *= 1000
		}
		number = number[:i]
	}
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil || n <= 0 || n > (1<<62)/unit {
		return 0, fmt.Errorf("%q is no size: say 500M or 10G", text)
	}
	return n * unit, nil
}

func (p *program) serveArgs(ctx context.Context, args []string) int {
	flags, err := parseService(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Print(serveUsage)
		return cli.ExitOK
	case err != nil:
		fmt.Fprintf(os.Stderr, "inkling serve: %v\n%s", err, serveUsage)
		return cli.ExitUsage
	}
	again, exit := p.serve(ctx, flags)
	if again {
		return p.startAgain(append([]string{"serve"}, args...)...)
	}
	return exit
}

// serve is a peer without a window: it keeps the documents it is a member of in
// step with the others until it is told to end (Ctrl+C, SIGTERM).
func (p *program) serve(ctx context.Context, flags serviceFlags) (again bool, exit int) {
	config := p.config(false)
	config.Service = &flags.service
	w, err := workspace.Open(config)
	var locked *storage.LockedError
	if errors.As(err, &locked) {
		return false, p.fail(fmt.Errorf("the library in %s is already in use by a running Inkling, which serves it too", p.dir))
	}
	if err != nil {
		return false, p.fail(err)
	}
	if err := tellPast(w); err != nil {
		return false, p.fail(errors.Join(err, w.Close()))
	}
	ctx, end := context.WithCancel(ctx)
	defer end()
	var restart atomic.Bool
	l, err := p.listen(w, nil, func() { restart.Store(true); end() })
	if err != nil {
		return false, p.fail(errors.Join(err, w.Close()))
	}
	fmt.Printf("Serving the library in %s as %s on UDP port %d. End it with Ctrl+C.\n", w.Dir(), w.Name(), w.Port())
	var telling sync.WaitGroup
	telling.Go(func() { report(ctx, w, os.Stdout) })
	if flags.pair {
		telling.Go(func() {
			cli.Run(ctx, cli.Call{Workspace: w, Args: []string{"pair"}, Stdout: os.Stdout, Stderr: os.Stderr})
		})
	}
	<-ctx.Done()
	telling.Wait()
	if err := errors.Join(l.Close(), w.Close()); err != nil {
		return false, p.fail(err)
	}
	return restart.Load(), cli.ExitOK
}

// report prints, for the log of a server, what is offered and not taken, until ctx ends.
func report(ctx context.Context, w *workspace.Workspace, out io.Writer) {
	news := make(chan struct{}, 1)
	defer w.Observe(func(e workspace.Event) {
		if _, offered := e.(workspace.OffersChanged); offered {
			select {
			case news <- struct{}{}:
			default:
			}
		}
	})()
	for told := []string(nil); ; {
		var now []string
		for _, o := range w.Offers() {
			line := fmt.Sprintf("%s offers %q, which is not taken: `inkling accept %q` takes it; a start with --accept-from %q, all of theirs.\n",
				o.From.Name, o.Title, o.Title, o.From.Name)
			if now = append(now, line); !slices.Contains(told, line) {
				fmt.Fprint(out, line)
			}
		}
		told = now
		select {
		case <-news:
		case <-ctx.Done():
			return
		}
	}
}
