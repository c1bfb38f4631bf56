//go:build linux

package uitest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"syscall"
	"time"
)

// Ends of patience; the program promises to be quicker.
const (
	commandPatience = 30 * time.Second
	textPatience    = 10 * time.Second
)

// result is what a sub-command did.
type result struct {
	stdout, stderr string
	exit           int
}

func (r result) String() string {
	return fmt.Sprintf("exit code %d\nstdout: %s\nstderr: %s", r.exit, r.stdout, r.stderr)
}

// inkling runs a command on the person's library, without a display.
func (p *person) inkling(args ...string) result {
	p.t.Helper()
	return p.inklingOn("", args...)
}

// inklingOn runs a command that may use a display.
func (p *person) inklingOn(display string, args ...string) result {
	p.t.Helper()
	cmd := p.machine.command(binary, p.flags(args)...)
	cmd.Env, cmd.Dir = p.env(display), p.home
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		p.t.Fatalf("run inkling %s: %v", strings.Join(args, " "), err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case err := <-ended:
		return result{stdout.String(), stderr.String(), exitCode(err)}
	case <-time.After(commandPatience):
		cmd.Process.Kill()
		<-ended
		p.t.Fatalf("inkling %s gave no answer in %v", strings.Join(args, " "), commandPatience)
		return result{}
	}
}

// must runs a sub-command that has to succeed and returns what it printed.
func (p *person) must(args ...string) string {
	p.t.Helper()
	r := p.inkling(args...)
	if r.exit != 0 {
		p.t.Fatalf("inkling %s: %v", strings.Join(args, " "), r)
	}
	return r.stdout
}

// listed is a line of `inkling list`.
type listed struct{ id, title string }

// documents returns what `inkling list` shows.
func (p *person) documents() []listed {
	p.t.Helper()
	var list []listed
	for line := range strings.Lines(p.must("list")) {
		id, rest, isRow := strings.Cut(strings.TrimSuffix(line, "\n"), "  ")
		if id == "" { // of the document above: who wrote in it, and how it begins
			continue
		}
		if _, title, ok := strings.Cut(rest, "  "); isRow && ok {
			list = append(list, listed{id, title})
		}
	}
	return list
}

// text returns the text of the person's only document, or why it cannot be had.
func (p *person) text() (text string, err error) {
	p.t.Helper()
	docs := p.documents()
	if len(docs) != 1 {
		return "", fmt.Errorf("%s has %d documents: %v", p.name, len(docs), docs)
	}
	r := p.inkling("export", docs[0].id)
	if r.exit != 0 {
		return "", fmt.Errorf("export: %v", r)
	}
	return r.stdout, nil
}

// waitForText waits until the person's only document has the text want.
func (p *person) waitForText(want string) (took time.Duration) {
	p.t.Helper()
	return eventually(p.t, textPatience, fmt.Sprintf("%s has the text %q", p.name, want), func() (bool, string) {
		text, err := p.text()
		return err == nil && text == want, fmt.Sprintf("%q %v", text, err)
	})
}

// status is the part of `inkling status --json` that the tests look at.
type status struct {
	Name      string
	Port      int
	Together  bool
	Code      string
	Unsaved   string
	Trouble   []string
	Nearby    []string
	Offers    []struct{ Name, Title string }
	Documents []struct {
		ID, Title string
		People    []struct {
			Name       string
			Here       bool
			Behind     int
			Unattended bool
		}
	}
}

func (p *person) status() status {
	p.t.Helper()
	var s status
	out := p.must("status", "--json")
	if err := json.Unmarshal([]byte(out), &s); err != nil {
		p.t.Fatalf("status --json: %v in\n%s", err, out)
	}
	return s
}

// sees says whether name is here, by the status command; an error when no document
// has a person of that name.
func (p *person) sees(name string) (here bool, err error) {
	p.t.Helper()
	for _, d := range p.status().Documents {
		for _, other := range d.People {
			if other.Name == name {
				return other.Here, nil
			}
		}
	}
	return false, fmt.Errorf("nobody called %s is in a document of %s", name, p.name)
}
