package app_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// Real programs that serve, on one computer without any network but its loopback.

// aloneVariable is set in a test program that has a network namespace of its own.
const aloneVariable = "INKLING_TEST_ALONE"

// alone says whether this program has a network of its own. If not, it runs the calling test again in one.
func alone(t *testing.T) bool {
	t.Helper()
	if os.Getenv(aloneVariable) != "" {
		return true
	}
	if os.Getenv("INKLING_NO_NETNS") == "1" {
		t.Skip("INKLING_NO_NETNS=1 is set: programs that serve were NOT tested")
	}
	enter := []string{"unshare", "--net", "--"}
	if os.Getuid() != 0 {
		enter = []string{"unshare", "--map-root-user", "--net", "--"}
	}
	script := `ip link set lo up && ip link set lo multicast on && ip route add 224.0.0.0/4 dev lo && exec "$0" "$@"`
	cmd := exec.Command(enter[0], append(enter[1:], "sh", "-c", script, os.Args[0], "-test.v", "-test.run", "^"+regexp.QuoteMeta(t.Name())+"$")...)
	cmd.Env = append(os.Environ(), aloneVariable+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("on a network of its own:\n%s", out)
	if err != nil {
		t.Errorf("on a network of its own: %v", err)
	}
	return false
}

// owner is somebody with a library, who uses the program without a window.
type owner struct {
	t    *testing.T
	name string
	home string
	cmd  *exec.Cmd   // `inkling serve`
	said chan string // its lines
}

func newOwner(t *testing.T, name string) *owner {
	home, err := os.MkdirTemp("", "ink") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	o := &owner{t: t, name: name, home: home}
	t.Cleanup(func() { o.kill(); os.RemoveAll(home) })
	return o
}

func (o *owner) command(args ...string) *exec.Cmd {
	cmd := exec.Command("/proc/self/exe", append([]string{"--data", filepath.Join(o.home, "library"), "--name", o.name}, args...)...)
	cmd.Env = []string{asProgram + "=1", "HOME=" + o.home, "XDG_RUNTIME_DIR=" + o.home, "PATH=" + os.Getenv("PATH")}
	cmd.Dir = o.home
	return cmd
}

// run runs a command to its end.
func (o *owner) run(args ...string) (exit int, said string) {
	o.t.Helper()
	cmd := o.command(args...)
	b, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		o.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(b)
}

func (o *owner) must(args ...string) string {
	o.t.Helper()
	exit, said := o.run(args...)
	if exit != 0 {
		o.t.Fatalf("%s: inkling %q: exit %d, %s", o.name, args, exit, said)
	}
	return said
}

// serve starts `inkling serve`.
func (o *owner) serve(args ...string) {
	o.t.Helper()
	o.cmd = o.command(append([]string{"serve"}, args...)...)
	o.cmd.Stderr = os.Stderr
	out, err := o.cmd.StdoutPipe()
	if err == nil {
		err = o.cmd.Start()
	}
	if err != nil {
		o.t.Fatal(err)
	}
	said := make(chan string, 100)
	o.said = said
	go func() {
		defer close(said)
		for lines := bufio.NewScanner(out); lines.Scan(); {
			said <- lines.Text()
		}
	}()
	o.says("^Serving the library")
}

// says waits until the serving program prints a line like this, and returns it.
func (o *owner) says(pattern string) string {
	o.t.Helper()
	timeout := time.After(30 * time.Second)
	for {
		select {
		case line, more := <-o.said:
			if !more {
				o.t.Fatalf("%s's program ended before it said %q", o.name, pattern)
			}
			o.t.Logf("%s: %s", o.name, line)
			if regexp.MustCompile(pattern).MatchString(line) {
				return line
			}
		case <-timeout:
			o.t.Fatalf("%s's program does not say %q", o.name, pattern)
		}
	}
}

// end ends the serving program as a system does.
func (o *owner) end() {
	o.t.Helper()
	if err := o.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		o.t.Fatal(err)
	}
	for range o.said { // its last words
	}
	if err := o.cmd.Wait(); err != nil {
		o.t.Errorf("%s's program ended with %v", o.name, err)
	}
	o.cmd = nil
}

func (o *owner) kill() {
	if o.cmd != nil {
		o.cmd.Process.Kill()
		o.cmd.Wait()
	}
}

func (o *owner) writesDocument(title string) {
	o.t.Helper()
	name := filepath.Join(o.home, title+".txt")
	if err := os.WriteFile(name, []byte(title+"\nby "+o.name), 0o600); err != nil {
		o.t.Fatal(err)
	}
	o.must("import", name)
}

// comes waits until a command of the owner's prints something like this.
func (o *owner) comes(pattern string, args ...string) {
	o.t.Helper()
	var said string
	for end := time.Now().Add(30 * time.Second); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if _, said = o.run(args...); regexp.MustCompile(pattern).MatchString(said) {
			return
		}
	}
	o.t.Fatalf("%s: inkling %q still says %q, not %q", o.name, args, said, pattern)
}

// TestServeKeepsWhatIsPut: somebody starts a server, types its code at home, and puts documents there, as a person would; the server
// is restarted, and filled up. Somebody else's is logged as an offer.
func TestServeKeepsWhatIsPut(t *testing.T) {
	if !alone(t) {
		return
	}
	nas, ana := newOwner(t, "NAS"), newOwner(t, "Ana")
	ana.writesDocument("Plans")
	ana.writesDocument("Recipes")
	ana.writesDocument("Diary")
	nas.serve("--pair")
	code := regexp.MustCompile(`\d{3} \d{3}`).FindString(nas.says(`^Type the code \d{3} \d{3} on your other computer`))
	ana.serve()
	if said := ana.must("join", code); !strings.Contains(said, "You and NAS know each other now") {
		t.Errorf("join says %q", said)
	}
	nas.says("^Ana and this device know each other now")
	if said := ana.must("put", "Plans", "NAS"); !strings.Contains(said, "NAS is in Plans") {
		t.Errorf("put says %q", said)
	}
	nas.comes("by Ana", "export", "Plans")
	ana.comes("Plans: NAS is here, and passes on without a window\n", "status")

	nas.end()
	ana.must("put", "Recipes", "nas")
	ana.comes("Recipes: NAS is away, .*has not taken the document yet", "status")
	nas.serve() // no flags: whom it was paired with it knows
	nas.comes("by Ana", "export", "Recipes")

	nas.end()
	nas.serve("--quota", "1k")
	ana.comes("Plans: NAS is here, .*but has no room", "status")
	if said := nas.must("status"); !strings.Contains(said, "NO ROOM: the library has ") || !strings.Contains(said, "may have 1.0 kB") {
		t.Errorf("a full NAS says %q", said)
	}
	ana.must("put", "Diary", "NAS")
	ana.comes("Diary: NAS is here, .*but has no room", "status")
	if said := nas.must("list"); strings.Contains(said, "Diary") || !strings.Contains(said, "Plans") {
		t.Errorf("a full NAS has %q", said)
	}
	nas.end()
	nas.serve("--quota", "1G")
	nas.comes("by Ana", "export", "Diary")

	if exit, said := ana.run("put", "Plans", "Cleo"); exit != 1 || !strings.Contains(said, "nobody called \"Cleo\" is known here") {
		t.Errorf("put to nobody: exit %d, %q", exit, said)
	}
}

// TestServeAsksForLeave: what is put to a server by somebody of whom it takes nothing is logged, and taken by hand or, after a start
// with --accept-from, by itself.
func TestServeAsksForLeave(t *testing.T) {
	if !alone(t) {
		return
	}
	ana, cleo := newOwner(t, "Ana"), newOwner(t, "Cleo")
	ana.writesDocument("Plans")
	ana.writesDocument("Recipes")
	ana.serve("--pair")
	code := regexp.MustCompile(`\d{3} \d{3}`).FindString(ana.says(`^Type the code`))
	cleo.must("join", code) // before she serves
	cleo.serve()
	ana.must("put", "Plans", "Cleo")
	cleo.says(`^Ana offers "Plans", which is not taken: .inkling accept "Plans". takes it`)
	if said := cleo.must("status"); !strings.Contains(said, "Ana offers Plans") {
		t.Errorf("status says %q", said)
	}
	if said := cleo.must("list"); strings.Contains(said, "Plans") {
		t.Errorf("before it was accepted: %q", said)
	}
	if exit, said := cleo.run("accept", "Tea"); exit != 1 || !strings.Contains(said, "nobody offers") {
		t.Errorf("accept what is not offered: exit %d, %q", exit, said)
	}
	cleo.must("accept", "plans")
	cleo.comes("by Ana", "export", "Plans")
	cleo.end()
	cleo.serve("--accept-from", "ana")
	ana.must("put", "Recipes", "Cleo")
	cleo.comes("by Ana", "export", "Recipes")
}

// TestServeFlags: what makes no sense is said, with what would.
func TestServeFlags(t *testing.T) {
	o := newOwner(t, "NAS")
	for flags, want := range map[string]string{
		"--quota 10X":           "is no size: say 500M or 10G",
		"--quota 0":             "is no size",
		"--quota -5G":           "is no size",
		"--quota 99999999T":     "is no size",
		"--accept-from":         "flag needs an argument",
		"--wrong":               "flag provided but not defined",
		"now":                   "it takes flags alone",
		"--accept-from= --pair": "it needs a name",
	} {
		if exit, said := o.run(append([]string{"serve"}, strings.Fields(flags)...)...); exit != 2 || !strings.Contains(said, want) || !strings.Contains(said, "usage: inkling serve") {
			t.Errorf("serve %s: exit %d, %q", flags, exit, said)
		}
	}
	if exit, said := o.run("serve", "--help"); exit != 0 || !strings.Contains(said, "--quota SIZE") {
		t.Errorf("serve --help: exit %d, %q", exit, said)
	}
	if exit, said := o.run("serve", "--accept-from", "Dan"); exit != 1 || !strings.Contains(said, "nobody called") {
		t.Errorf("serve --accept-from Dan: exit %d, %q", exit, said)
	}
	if said := fmt.Sprint(o.run("pair")); !strings.Contains(said, "needs a running Inkling") {
		t.Errorf("pair without a program: %q", said)
	}
}
