//go:build linux

package uitest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
)

// within marks the test process that was started again inside a user namespace.
const within = "INKLING_UITEST_WITHIN"

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	cleanUp, err := prepare()
	defer cleanUp()
	if err != nil {
		fmt.Fprintf(os.Stderr, "uitest: %v\n", err)
		return 1
	}
	refused := namespacesNeeded()
	if refused == nil {
		return m.Run()
	}
	if os.Getenv(within) != "" {
		fmt.Fprintf(os.Stderr, "uitest: this account may not make network namespaces, not in a user namespace either: %v\n"+
			"Run the tests as root, or allow user namespaces (sysctl kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0).\n", refused)
		return 1
	}
	return runWithin(refused)
}

// prepare sees to the program and to the folder for artefacts.
func prepare() (cleanUp func(), err error) {
	cleanUp = func() {}
	if artefacts = os.Getenv("INKLING_ARTEFACTS"); artefacts == "" {
		artefacts = filepath.Join(os.TempDir(), "inkling-uitest-"+strconv.Itoa(os.Getuid()))
	}
	if err := os.MkdirAll(artefacts, 0o755); err != nil {
		return cleanUp, fmt.Errorf("make the folder for artefacts: %w", err)
	}
	fmt.Printf("uitest: screenshots and logs are kept in %s\n", artefacts)
	if binary = os.Getenv("INKLING_BIN"); binary != "" {
		binary, err = filepath.Abs(binary)
		return cleanUp, err
	}
	folder, err := os.MkdirTemp("", "inkling-bin")
	if err != nil {
		return cleanUp, err
	}
	binary = filepath.Join(folder, "inkling")
	return func() { os.RemoveAll(folder) }, build(binary)
}

// build builds the program with the flags that all of the project uses, so that the
// build cache is shared.
func build(to string) error {
	cmd := exec.Command("go", "build", "-tags=migrated_fynedo", "-trimpath", "-buildvcs=false", "-o", to, "inkling")
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w\n%s", err, out)
	}
	return nil
}

// runWithin runs the tests once more, as root of a user namespace of their own, where
// they may make network namespaces and mount disks.
func runWithin(refused error) int {
	cmd := exec.Command("/proc/self/exe", os.Args[1:]...)
	cmd.Env = append(os.Environ(), within+"=1", "INKLING_BIN="+binary, "INKLING_ARTEFACTS="+artefacts)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | syscall.CLONE_NEWNET | syscall.CLONE_NEWNS,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}},
		Pdeathsig:   syscall.SIGKILL,
	}
	err := cmd.Run()
	if err == nil {
		return 0
	}
	if exit := exitCode(err); exit > 0 {
		return exit
	}
	fmt.Fprintf(os.Stderr, "uitest: this account may not make network namespaces (%v) nor user namespaces (%v).\n"+
		"Run the tests as root, or allow user namespaces.\n", refused, err)
	return 1
}
