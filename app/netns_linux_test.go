package app_test

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// insideVariable is set in a test program that runs in namespaces of its own.
const insideVariable = "INKLING_TEST_INSIDE"

// inside says whether this program already runs in user, network and mount namespaces of
// its own, where it may do with networks what it likes. If not, it runs the calling test
// again there and reports its result. The kernel drops everything with the last program,
// also after a failure, and no packet of it gets out.
func inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideVariable) == "1" {
		return true
	}
	t.Parallel() // each in namespaces of its own
	if os.Getenv("INKLING_NO_NETNS") == "1" {
		t.Skip("INKLING_NO_NETNS=1 is set: programs on several computers were NOT tested")
	}
	enter, err := enterNamespaces()
	if err != nil {
		t.Fatalf("this system does not let the test make network namespaces (%v). "+
			"Allow it (kernel.unprivileged_userns_clone, AppArmor), or run as root, "+
			"or set INKLING_NO_NETNS=1 to leave this test out.", err)
	}
	cmd := exec.Command(enter[0], append(enter[1:], os.Args[0], "-test.v", "-test.timeout", "4m", "-test.run", "^"+regexp.QuoteMeta(t.Name())+"$")...)
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	t.Logf("in namespaces of its own:\n%s", out)
	if err != nil || !bytes.Contains(out, []byte("--- PASS: "+t.Name())) {
		t.Errorf("in namespaces of its own: %v", err)
	}
	return false
}

// enterNamespaces finds the command that runs another one in namespaces of its own.
// What the system allows is found by trying; a uid says too little. Anybody may do it
// as root of a user namespace, where the system lets him; in a container only root
// may; and in a chroot, whose / is no mount point, only with propagation left alone.
func enterNamespaces() (enter []string, err error) {
	for _, how := range []string{"--map-root-user --net --mount", "--net --mount", "--net --mount --propagation unchanged"} {
		enter = append(append([]string{"unshare"}, strings.Fields(how)...), "--")
		out, tried := exec.Command(enter[0], append(enter[1:], "ip", "link", "set", "lo", "up")...).CombinedOutput()
		if tried == nil {
			return enter, nil
		}
		err = errors.Join(err, fmt.Errorf("unshare %s: %w: %s", how, tried, out))
	}
	return nil, err
}

// sh runs one command, which must succeed.
func sh(t *testing.T, command string, args ...any) {
	t.Helper()
	words := strings.Fields(fmt.Sprintf(command, args...))
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
}
