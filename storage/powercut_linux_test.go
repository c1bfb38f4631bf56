package storage_test

import (
	"bytes"
	"errors"
	"flag"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"inkling/crdt"
	"inkling/storage"
)

var powerCuts = flag.Int("powercuts", 0, "how often TestPowerCut cuts the power of a disk; needs root, ext4 and loop devices; 0: not at all")

// needsRoot skips a test unless power cuts are asked for. Once they are, nothing is
// skipped: what cannot run has failed.
func needsRoot(t *testing.T) {
	t.Helper()
	if *powerCuts == 0 {
		t.Skip("not asked for: -powercuts N, as root")
	}
	if os.Getuid() != 0 {
		t.Fatal("NOTHING WAS TESTED: mounting a disk takes root. Run it as root, or in a machine of its own.")
	}
}

// command runs a program and fails the test with its words when it fails.
func command(t *testing.T, name string, args ...string) {
	t.Helper()
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		t.Fatalf("NOTHING WAS TESTED: %s %q: %v\n%s", name, args, err, out)
	}
}

// volume is an ext4 file system in a file.
type volume struct {
	t           *testing.T
	image, root string
}

func newVolume(t *testing.T) *volume {
	t.Helper()
	dir := t.TempDir()
	v := &volume{t: t, image: filepath.Join(dir, "image"), root: filepath.Join(dir, "root")}
	if err := os.Mkdir(v.root, 0o700); err != nil {
		t.Fatal(err)
	}
	command(t, "truncate", "-s", "64M", v.image)
	command(t, "mkfs.ext4", "-q", v.image)
	v.mount()
	t.Cleanup(func() { exec.Command("umount", v.root).Run() }) // not mounted: after a failure
	return v
}

func (v *volume) mount() { command(v.t, "mount", "-o", "loop", v.image, v.root) }

// shutdown is EXT4_IOC_SHUTDOWN, and withoutFlush its argument for a disk that
// vanishes: what the journal has not written yet never will be.
const (
	shutdown     = 0x8004587d
	withoutFlush = 2
)

// cutPower makes the volume lose what is not on it yet. Afterwards it is there again, as
// after a restart. While it happens nothing may be writing: ext4 itself then loses the
// end of a sync that has just returned.
func (v *volume) cutPower(writer *child) {
	v.t.Helper()
	v.freeze(writer)
	root, err := os.Open(v.root)
	if err != nil {
		v.t.Fatal(err)
	}
	err = unix.IoctlSetPointerInt(int(root.Fd()), shutdown, withoutFlush)
	root.Close()
	if err != nil {
		v.t.Fatalf("NOTHING WAS TESTED: shut the file system down: %v", err)
	}
	if err := writer.Process.Kill(); err != nil {
		v.t.Fatal(err)
	}
}

// freeze stops all threads of a process and waits until they have stopped.
func (v *volume) freeze(writer *child) {
	v.t.Helper()
	if err := writer.Process.Signal(syscall.SIGSTOP); err != nil {
		v.t.Fatal(err)
	}
	threads := filepath.Join("/proc", strconv.Itoa(writer.Process.Pid), "task", "*", "stat")
	for stopped := false; !stopped; runtime.Gosched() {
		files, err := filepath.Glob(threads)
		if err != nil || len(files) == 0 {
			v.t.Fatalf("the writer is gone: %v", err)
		}
		stopped = true
		for _, file := range files {
			stat, err := os.ReadFile(file)
			state := stat[bytes.LastIndexByte(stat, ')')+1:]
			stopped = stopped && err == nil && bytes.HasPrefix(state, []byte(" T"))
		}
	}
}

func (v *volume) restart() {
	v.t.Helper()
	command(v.t, "umount", v.root)
	v.mount()
}

// cutsPerLibrary: libraries are also cut off while they are made.
const cutsPerLibrary = 10

// The power of a disk is cut while another process writes to it: whatever that process
// said to be committed is there.
func TestPowerCut(t *testing.T) {
	needsRoot(t)
	rng := seeded(t)
	v := newVolume(t)
	total := 0
	for n := 0; n < *powerCuts; n += cutsPerLibrary {
		dir := filepath.Join(v.root, strconv.Itoa(n))
		acknowledged := 0
		for range cutsPerLibrary {
			acknowledged = max(acknowledged, cutOne(t, rng, v, dir))
			checkTyped(t, dir, acknowledged)
		}
		total += acknowledged
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("powercuts=%d lost=0, %d letters acknowledged", *powerCuts, total)
}

// cutOne starts a writer, cuts the power after a random number of acknowledgements, and
// returns the last of them.
func cutOne(t *testing.T, rng *rand.Rand, v *volume, dir string) (acknowledged int) {
	t.Helper()
	c := start(t, "write", dir)
	read := func() bool {
		line := c.line()
		n, _ := strconv.Atoi(line) // 0 for a line that the kill cut off
		acknowledged = max(acknowledged, n)
		return line != ""
	}
	for range rng.IntN(60) {
		if !read() {
			t.Fatalf("writer ended by itself: %v", c.Wait())
		}
	}
	v.cutPower(c)
	for read() {
	}
	c.Wait() // killed: an error, always
	v.restart()
	return acknowledged
}

// The same finds the losses of a library that does not wait for the disk.
func TestPowerCutTestsFindAMissingSync(t *testing.T) {
	needsRoot(t)
	t.Setenv(childSync, "normal")
	rng := seeded(t)
	v := newVolume(t)
	for n := range 50 {
		dir := filepath.Join(v.root, strconv.Itoa(n))
		acknowledged := cutOne(t, rng, v, dir)
		if lettersIn(t, dir) < acknowledged {
			t.Logf("found at cut %d", n+1)
			return
		}
	}
	t.Error("nothing lost in 50 power cuts with synchronous=NORMAL")
}

// lettersIn returns the length of the text that writers have typed; 0 when there is
// nothing to be opened.
func lettersIn(t *testing.T, dir string) int {
	t.Helper()
	l, err := storage.Open(dir)
	if err != nil {
		return 0
	}
	defer l.Close()
	doc, err := rebuild(l, genesis(1).DocID())
	if err != nil {
		return 0
	}
	return doc.Len()
}

// A small disk runs full, and is given room later: nothing is lost, and trouble is told
// meanwhile.
func TestFullDisk(t *testing.T) {
	needsRoot(t)
	root := t.TempDir()
	command(t, "mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", root)
	t.Cleanup(func() { command(t, "umount", root) })
	dir := filepath.Join(root, "library")
	l, err := storage.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	doc := add(t, l, 1)
	told := make(chan error, 8)
	for _, c := range largeChanges() { // 4 MB
		l.Append(doc, []*crdt.Change{c}, "title", day, func(err error) { told <- err })
	}
	for {
		if _, err := l.Trouble(); err != nil {
			t.Logf("trouble: %v", err)
			break
		}
		runtime.Gosched()
	}
	command(t, "mount", "-o", "remount,size=32m", root)
	for range 8 {
		if err := <-told; err != nil {
			t.Fatal(err)
		}
	}
	if _, err := l.Trouble(); err != nil {
		t.Errorf("trouble after all was saved: %v", err)
	}
	if err := errors.Join(checkAll(l), l.Close()); err != nil {
		t.Error(err)
	}
}
