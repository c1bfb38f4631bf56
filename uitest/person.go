//go:build linux

package uitest

import (
	"errors"
	"fmt"
	"image"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binary is the path of the program under test.
var binary string

// usual is where a person has the window, unless a test wants it elsewhere.
var usual = image.Rect(0, 0, 1000, 760)

// endPatience is how long an orderly end may take; no promise, only the end of patience.
const endPatience = 15 * time.Second

// person sits at a machine in front of a display of their own and has a home folder
// and one library. Both outlive the program.
type person struct {
	t       testing.TB
	name    string
	machine *machine
	screen  *display
	home    string
	library []string // the flags that name the library
	theme   string   // of the window: light, where parts are found by their colours, or dark

	cmd    *exec.Cmd // the program with its window, nil when it does not run
	ended  chan error
	log    string // its output
	window *window
	open   []string // sockets, when the window was there
}

// newPerson gives somebody a display and an empty home, with the library in its usual
// place there.
func newPerson(t testing.TB, name string, at *machine) *person {
	t.Helper()
	home, err := os.MkdirTemp("", "ink") // short: a socket's path has 107 bytes at most
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(home) })
	p := &person{t: t, name: name, machine: at, screen: newDisplay(t), home: home, theme: "light"}
	p.log = filepath.Join(home, "log.txt")
	if err := os.Mkdir(filepath.Join(home, "run"), 0o700); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			p.keepEvidence()
		}
		p.kill()
	})
	return p
}

// env is the person's surroundings: nothing of ours but the search path.
func (p *person) env(display string) []string {
	env := []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + p.home, "LANG=C.UTF-8", "TZ=UTC",
		"XDG_DATA_HOME=" + filepath.Join(p.home, "data"), "XDG_CONFIG_HOME=" + filepath.Join(p.home, "config"),
		"XDG_CACHE_HOME=" + filepath.Join(p.home, "cache"), "XDG_RUNTIME_DIR=" + filepath.Join(p.home, "run"),
		"LIBGL_ALWAYS_SOFTWARE=1", "NO_AT_BRIDGE=1", "DBUS_SESSION_BUS_ADDRESS=disabled:",
		"FYNE_THEME=" + p.theme, "GOTRACEBACK=all",
	}
	if display != "" {
		env = append(env, "DISPLAY="+display)
	}
	return env
}

// launch starts the program with its window and returns when it is drawn and has the
// keyboard.
func (p *person) launch(args ...string) (took time.Duration) {
	p.t.Helper()
	start := time.Now()
	p.begin(args...)
	p.awaitWindow()
	return time.Since(start)
}

// awaitWindow waits until the program has drawn its window.
func (p *person) awaitWindow() {
	p.t.Helper()
	p.window = p.screen.windowOf(p.cmd.Process.Pid)
	eventually(p.t, windowPatience, "the window is drawn", func() (bool, string) {
		return colours(p.see()) > 8, "one blank rectangle"
	})
	p.open = p.sockets()
}

// sockets returns the sockets that the program has open. One that was started anew in the same process has others.
func (p *person) sockets() (list []string) {
	files, _ := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", p.cmd.Process.Pid)) // the pattern is well-formed
	for _, f := range files {
		if to, err := os.Readlink(f); err == nil && strings.HasPrefix(to, "socket:") { // it may be closed by now
			list = append(list, to)
		}
	}
	return list
}

// begin starts the program and does not wait for anything.
func (p *person) begin(args ...string) {
	p.t.Helper()
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		p.t.Fatal(err)
	}
	defer log.Close()
	p.cmd = p.machine.command(binary, p.flags(args, "--name", p.name, "--verbose")...)
	p.cmd.Env, p.cmd.Dir = p.env(p.screen.name), p.home
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		p.t.Fatalf("start the program: %v", err)
	}
	ended := make(chan error, 1)
	p.ended = ended
	go func(cmd *exec.Cmd) { ended <- cmd.Wait() }(p.cmd)
}

// flags puts the flags for the person's library and others before args.
func (p *person) flags(args []string, others ...string) []string {
	return slices.Concat(p.library, others, args)
}

// start launches the program and puts its window where it usually is.
func (p *person) start() (took time.Duration) {
	p.t.Helper()
	took = p.launch()
	p.puts(usual)
	return took
}

// puts puts the window where the person wants it. A program that is still opening its
// window sets the size itself, so that has to be over first.
func (p *person) puts(where image.Rectangle) {
	p.t.Helper()
	p.settle()
	p.window.place(where)
	p.settle()
	if is := p.window.bounds(); is != where {
		p.t.Fatalf("%s put the window at %v, it went to %v", p.name, where, is)
	}
}

// settle waits until the window has been drawn at its new size: two equal looks, with
// a caret's blink not counted.
func (p *person) settle() {
	p.t.Helper()
	before := p.see()
	eventually(p.t, 10*time.Second, "the window comes to rest", func() (bool, string) {
		time.Sleep(10 * glance)
		now := p.see()
		changed := difference(before, now)
		before = now
		return changed.Dx() <= 4, "still changing in " + changed.String()
	})
}

// wait waits until the program ends by itself and returns its exit code.
func (p *person) wait() int {
	p.t.Helper()
	select {
	case err := <-p.ended:
		p.cmd = nil
		return exitCode(err)
	case <-time.After(endPatience):
		p.t.Fatalf("%s's program does not end", p.name)
		return -1
	}
}

// kill ends the program as a power cut does.
func (p *person) kill() {
	if p.cmd == nil {
		return
	}
	p.cmd.Process.Kill()
	<-p.ended
	p.cmd = nil
}

// stop ends the program in order; it must exit with 0.
func (p *person) stop() {
	p.t.Helper()
	p.cmd.Process.Signal(syscall.SIGTERM)
	if exit := p.wait(); exit != 0 {
		p.t.Errorf("%s's program ended with exit code %d after SIGTERM", p.name, exit)
	}
}

// close closes the window by the cross in its frame; the program must exit with 0.
func (p *person) close() {
	p.t.Helper()
	p.window.close()
	if exit := p.wait(); exit != 0 {
		p.t.Errorf("%s's program ended with exit code %d after its window was closed", p.name, exit)
	}
}

// types writes as a quick typist does.
func (p *person) types(text string) { p.screen.types(text, pace) }

// presses presses chords such as "Ctrl+C".
func (p *person) presses(chords ...string) { p.screen.presses(chords...) }

// see returns what the window shows, in the coordinates of the screen.
func (p *person) see() *image.RGBA { return p.screen.capture(p.window.bounds()) }

// exitCode returns the exit code of a process that was waited for, -1 when a signal
// ended it.
func exitCode(err error) int {
	var exit *exec.ExitError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.ExitCode()
	}
	return -1
}
