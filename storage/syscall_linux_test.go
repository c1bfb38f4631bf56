package storage_test

import (
	"errors"
	"flag"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

var syscallFaults = flag.Int("syscalls", 0, "how many system calls TestSystemCallFails makes fail; needs strace; 0: none")

func init() { childTasks["persist"] = persist }

// failures are what strace does at a system call. when counts the calls of each thread.
var failures = []string{
	"pwrite64:error=ENOSPC", "pwrite64:error=EIO", "fsync:error=EIO", "fsync:error=ENOSPC",
	"ftruncate:error=EIO", "openat:error=EMFILE", "pread64:error=EIO", "unlink:error=EIO",
	"pwrite64:signal=KILL", "fsync:signal=KILL", "ftruncate:signal=KILL", "unlink:signal=KILL",
	"fsync:delay_enter=20000",
}

// lettersPersisted is how much persist types.
const lettersPersisted = 60

// A process that types is refused one system call, or killed in it. What it said to be
// committed is there; unless it was killed, it ends by having committed all.
func TestSystemCallFails(t *testing.T) {
	if *syscallFaults == 0 {
		t.Skip("not asked for: -syscalls N")
	}
	if _, err := exec.LookPath("strace"); err != nil {
		t.Fatalf("NOTHING WAS TESTED: %v", err)
	}
	rng := seeded(t)
	ends := map[string]int{}
	for range *syscallFaults {
		fault := failures[rng.IntN(len(failures))] + ":when=" + strconv.Itoa(1+rng.IntN(1+rng.IntN(40)))
		t.Run(fault, func(t *testing.T) { ends[failOne(t, fault)]++ })
	}
	t.Logf("syscalls=%d lost=0, by how the process ended: %v", *syscallFaults, ends)
	if *syscallFaults >= 50 && (ends["all committed"] == 0 || ends["killed"] == 0) {
		t.Error("the faults did not bite")
	}
}

// notStarted is the exit code when the fault met the system's loader, before our program.
const notStarted = 127

func failOne(t *testing.T, fault string) (end string) {
	t.Helper()
	dir := t.TempDir()
	call, _, _ := strings.Cut(fault, ":")
	strace := []string{"strace", "-f", "-qqq", "-o", "/dev/null", "-e", "trace=" + call, "-e", "signal=none", "-e", "inject=" + fault}
	c := startUnder(t, strace, "persist", dir)
	acknowledged := 0
	for line := c.line(); line != ""; line = c.line() {
		if n, err := strconv.Atoi(line); err == nil {
			acknowledged = max(acknowledged, n)
		}
	}
	err := c.Wait()
	checkTyped(t, dir, acknowledged)
	switch {
	case c.ProcessState.ExitCode() == notStarted:
		return "not started"
	case err == nil && acknowledged == lettersPersisted:
		return "all committed"
	case strings.Contains(fault, "KILL") && c.ProcessState.Sys().(syscall.WaitStatus).Signal() == syscall.SIGKILL:
		return "killed"
	}
	t.Errorf("ended with %v, %d letters acknowledged", err, acknowledged)
	return "wrong"
}

// persist types letters one by one and prints how many are committed. It does again
// what the disk refuses, as a person would; at the end it prints "all".
func persist(dir string) error {
	var l *storage.Library
	err := again(func() (err error) {
		l, err = storage.Open(dir)
		return err
	})
	if err == nil {
		err = again(func() error { return l.Add(genesis(1), day) })
	}
	if err != nil {
		return err
	}
	doc := crdt.New(genesis(1))
	if err := doc.Attach(author(1)); err != nil {
		return err
	}
	told := make(chan error, lettersPersisted)
	for n := range lettersPersisted {
		doc.Insert(n, letter(n), day)
		batch := doc.Flush()
		changes := batch.Seal(device)
		doc.Sealed(changes)
		l.Append(genesis(1).DocID(), changes, "title", day, func(err error) {
			if err == nil {
				fmt.Println(n + 1)
			}
			told <- err
		})
		time.Sleep(2 * time.Millisecond) // several groups
	}
	for range lettersPersisted {
		if err := <-told; err != nil {
			return err
		}
	}
	if _, err := l.Trouble(); err != nil {
		return fmt.Errorf("trouble after all was saved: %w", err)
	}
	l.Close() // may fail at the last checkpoint, which the next start makes up for
	return nil
}

// again calls f until it succeeds, some times.
func again(f func() error) (err error) {
	for range 20 {
		if err = f(); err == nil {
			return nil
		}
		var damaged *storage.DamagedError
		if errors.As(err, &damaged) {
			return err
		}
	}
	return err
}
