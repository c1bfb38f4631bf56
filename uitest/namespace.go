//go:build linux

package uitest

import (
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// namespace is a network namespace. It lives as long as a process that does nothing
// else, and everything in it goes away with that.
type namespace struct {
	pid int
}

// newNamespace makes a network namespace with nothing in it but a loopback that is
// up. It goes away with the test.
func newNamespace(t testing.TB) *namespace {
	t.Helper()
	holder, err := holdNamespace()
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { holder.end() })
	n := &namespace{holder.cmd.Process.Pid}
	n.run(t, "ip", "link", "set", "lo", "up")
	return n
}

// holder keeps a namespace alive.
type holder struct {
	cmd *exec.Cmd
	end func() error
}

func holdNamespace() (*holder, error) {
	cmd := exec.Command("cat") // waits for the end of its input
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	input, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &holder{cmd, func() error { return errors.Join(input.Close(), cmd.Wait()) }}, nil
}

// command returns a command that will run in the namespace. Its process id is that
// of the program itself.
func (n *namespace) command(name string, args ...string) *exec.Cmd {
	enter := []string{"--net=/proc/" + strconv.Itoa(n.pid) + "/ns/net", "--", name}
	return exec.Command("nsenter", append(enter, args...)...)
}

// run runs a short command in the namespace; it must succeed.
func (n *namespace) run(t testing.TB, name string, args ...string) {
	t.Helper()
	cmd := n.command(name, args...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
}

// namespacesNeeded says what is missing for network namespaces; nil when they can be
// made.
func namespacesNeeded() error {
	for program, from := range map[string]string{"ip": "iproute2", "nsenter": "util-linux"} {
		if _, err := exec.LookPath(program); err != nil {
			return fmt.Errorf("%s is missing: install the package %s (make setup does)", program, from)
		}
	}
	holder, err := holdNamespace()
	if err != nil {
		return fmt.Errorf("make a network namespace: %w", err)
	}
	defer holder.end()
	n := namespace{holder.cmd.Process.Pid}
	if out, err := n.command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("use a network namespace: %w: %s", err, out)
	}
	return nil
}
