package app_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"inkling/app/cli"
)

// giveUp is when a test that waits for something says that it does not come.
const giveUp = 2 * time.Minute

// device is a person's Inkling on a machine: a home with a library, and the program.
type device struct {
	*machine
	t       *testing.T
	name    string
	home    string
	serving *exec.Cmd // nil while it does not run
}

// device installs the program for somebody on a new machine of the network.
func (l *lan) device(name string) *device {
	l.t.Helper()
	return &device{machine: l.machine(), t: l.t, name: name, home: l.t.TempDir()}
}

// inkling is the program with args.
func (d *device) inkling(args ...string) *exec.Cmd {
	binary := os.Getenv("INKLING_BIN")
	if binary == "" {
		own, err := os.Executable() // the test program is the program, see TestMain
		if err != nil {
			d.t.Fatal(err)
		}
		binary = own
	}
	cmd := d.command(binary, append([]string{"--data", filepath.Join(d.home, "library"), "--name", d.name}, args...)...)
	cmd.Env = []string{asProgram + "=1", "HOME=" + d.home, "XDG_RUNTIME_DIR=" + d.home, "PATH=" + os.Getenv("PATH")}
	cmd.Dir = d.home
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return cmd
}

// serve starts the program and waits until it serves.
func (d *device) serve() {
	d.t.Helper()
	cmd := d.inkling("serve")
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.serving = cmd
	d.t.Cleanup(d.end)
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "Serving") {
			return
		}
	}
	cmd.Wait()
	d.t.Fatalf("%s's inkling serve ended", d.name)
}

// end ends the program as Ctrl+C does.
func (d *device) end() {
	if d.serving == nil {
		return
	}
	d.serving.Process.Signal(os.Interrupt)
	if err := d.serving.Wait(); err != nil {
		d.t.Errorf("%s's inkling serve: %v", d.name, err)
	}
	d.serving = nil
}

// run runs a sub-command and returns its exit code and what it printed.
func (d *device) run(args ...string) (exit int, stdout, stderr string) {
	d.t.Helper()
	cmd := d.inkling(args...)
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); cmd.ProcessState == nil {
		d.t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String(), errs.String()
}

// must runs a sub-command that has to succeed.
func (d *device) must(args ...string) string {
	d.t.Helper()
	exit, stdout, stderr := d.run(args...)
	if exit != cli.ExitOK {
		d.t.Fatalf("%s: inkling %v: exit %d\n%s%s", d.name, args, exit, stdout, stderr)
	}
	return stdout
}

// writes makes a document with a title.
func (d *device) writes(title string) {
	d.t.Helper()
	file := filepath.Join(d.home, "text")
	if err := os.WriteFile(file, []byte(title), 0o600); err != nil {
		d.t.Fatal(err)
	}
	d.must("import", file)
}

// invites returns a link to a document.
func (d *device) invites(title string) string {
	d.t.Helper()
	return strings.TrimSpace(d.must("invite", "--accept", title))
}

// showsCode shows a code for a document, until the test ends.
func (d *device) showsCode(title string) (code string) {
	d.t.Helper()
	cmd := d.inkling("invite", title)
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { cmd.Process.Signal(os.Interrupt); cmd.Wait() })
	digits := regexp.MustCompile(`the code (\d{3} \d{3})`)
	for lines := bufio.NewScanner(out); lines.Scan(); {
		if found := digits.FindStringSubmatch(lines.Text()); found != nil {
			return found[1]
		}
	}
	d.t.Fatalf("%s's inkling invite ended without a code", d.name)
	return ""
}

// sees says whether d sees the other one as here in any document.
func (d *device) sees(other *device) bool {
	d.t.Helper()
	var s cli.Status
	if err := json.Unmarshal([]byte(d.must("status", "--json")), &s); err != nil {
		d.t.Fatal(err)
	}
	return slices.ContainsFunc(s.Documents, func(doc cli.StatusDocument) bool {
		return slices.ContainsFunc(doc.People, func(p cli.StatusPerson) bool { return p.Name == other.name && p.Here })
	})
}

// wait waits until a condition holds and says how long that took.
func wait(t *testing.T, what string, holds func() bool) {
	t.Helper()
	began := time.Now()
	for !holds() {
		if time.Since(began) > giveUp {
			t.Fatalf("after %v still not: %s", giveUp, what)
		}
		time.Sleep(20 * time.Millisecond) // between looks at another program
	}
	t.Logf("%7.2f s: %s", time.Since(began).Seconds(), what)
}

// waitEqual waits until all devices have a document with the same text, with all lines in it.
func waitEqual(t *testing.T, title string, lines []string, devices ...*device) {
	t.Helper()
	var names []string
	for _, d := range devices {
		names = append(names, d.name)
	}
	wait(t, strings.Join(names, " and ")+" have the same text", func() bool {
		first := devices[0].must("export", title)
		for _, line := range lines {
			if !strings.Contains(first, line) {
				return false
			}
		}
		return !slices.ContainsFunc(devices[1:], func(d *device) bool { return d.must("export", title) != first })
	})
}
