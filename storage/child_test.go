package storage_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"testing"

	"inkling/crdt"
	"inkling/storage"
)

// childTask names, in the environment, what a process started by these tests is to
// do with the library in childDir instead of running tests.
const (
	childTask = "INKLING_STORAGE_CHILD"
	childDir  = "INKLING_STORAGE_DIR"
	childSync = "INKLING_STORAGE_SYNC" // what PRAGMA synchronous is set to; empty: as in the program
)

func TestMain(m *testing.M) {
	task := os.Getenv(childTask)
	if task == "" {
		os.Exit(m.Run())
	}
	if value := os.Getenv(childSync); value != "" {
		storage.SetPragma("synchronous", value)
	}
	if err := childTasks[task](os.Getenv(childDir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

var childTasks = map[string]func(dir string) error{
	"own":   ownUntilToldOtherwise,
	"write": writeForEver,
	"list":  listNewest, "nothing": printMemory,
}

// child is a process with another run of this test binary.
type child struct {
	*exec.Cmd
	stdin  io.WriteCloser
	stdout *bufio.Scanner
}

func start(t *testing.T, task, dir string) *child {
	t.Helper()
	return startUnder(t, nil, task, dir)
}

// startUnder is start, with the process run by a command that takes the binary as its
// last argument.
func startUnder(t *testing.T, command []string, task, dir string) *child {
	t.Helper()
	binary, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	command = append(slices.Clone(command), binary)
	c := &child{Cmd: exec.Command(command[0], command[1:]...)}
	c.Env = append(os.Environ(), childTask+"="+task, childDir+"="+dir)
	c.Stderr = os.Stderr
	if c.stdin, err = c.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdout = bufio.NewScanner(out)
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	return c
}

// line waits for the next line that c prints; "" when it has ended.
func (c *child) line() string {
	if c.stdout.Scan() {
		return c.stdout.Text()
	}
	return ""
}

// ownUntilToldOtherwise opens the library, says so, and closes it when its standard
// input ends.
func ownUntilToldOtherwise(dir string) error {
	l, err := storage.Open(dir)
	if err != nil {
		return err
	}
	fmt.Println("open")
	io.Copy(io.Discard, os.Stdin)
	return l.Close()
}

// letter is the n-th character that writeForEver types.
func letter(n int) string { return string(rune('a' + n%26)) }

// writeForEver goes on typing the alphabet at the end of the first document, one to
// three letters a change, with up to 20 changes on their way, and prints, for each
// change committed, how many letters are. Other goroutines keep committing other
// things, so that at any moment a commit is likely to be under way, and keep compacting.
func writeForEver(dir string) error {
	l, err := storage.Open(dir)
	if err != nil {
		return err
	}
	id := genesis(1).DocID()
	if err := l.Add(genesis(1), day); err != nil {
		return err
	}
	doc, err := rebuild(l, id)
	if err != nil {
		return err
	}
	if err := errors.Join(l.SetNonce(id, author(1).Nonce), doc.Attach(author(1))); err != nil {
		return err
	}
	failed := make(chan error, 1)
	go func() {
		for n := 0; ; n++ {
			if err := l.SetState(id, "n", fmt.Append(nil, n)); err != nil {
				failed <- err
			}
		}
	}()
	go func() {
		for {
			if _, err := l.Compact(context.Background(), id, storage.Always); err != nil {
				failed <- err
			}
		}
	}()
	return typeForEver(l, doc, failed)
}

func typeForEver(l *storage.Library, doc *crdt.Doc, failed chan error) error {
	room := make(chan struct{}, 20)
	for {
		select {
		case err := <-failed:
			return err
		case room <- struct{}{}:
		}
		for range 1 + doc.Len()%3 {
			doc.Insert(doc.Len(), letter(doc.Len()), day)
		}
		length := doc.Len()
		batch := doc.Flush()
		changes := batch.Seal(device)
		doc.Sealed(changes)
		l.Append(genesis(1).DocID(), changes, "title", day, func(err error) {
			if err != nil {
				select {
				case failed <- err:
				default:
				}
				return
			}
			fmt.Println(length)
			<-room
		})
	}
}

// rebuild makes the first document of its journal.
func rebuild(l *storage.Library, id crdt.DocID) (*crdt.Doc, error) {
	doc := crdt.New(genesis(1))
	for c, err := range l.Changes(id) {
		if err != nil {
			return nil, err
		}
		if _, err := doc.Load(c); err != nil {
			return nil, err
		}
	}
	if loaded, err := l.Load(id); err != nil || loaded.Text() != doc.Text() {
		return nil, fmt.Errorf("what was loaded is not what the changes say: %w", err)
	}
	return doc, nil
}
