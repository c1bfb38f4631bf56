package crdt_test

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"inkling/crdt/crdttest"
)

// modelOracle is the program that is made from the proved model, while it runs. It reads ops, as crdttest.History has
// them in its text, and at each line "?" it answers with one line and begins anew.
type modelOracle struct {
	in  io.WriteCloser
	out *bufio.Reader
}

// startOracle starts the oracle, or skips the test when there is none.
func startOracle(t *testing.T) *modelOracle {
	t.Helper()
	path := os.Getenv(oracleVariable)
	if path == "" {
		t.Skip(oracleVariable + " does not name the oracle: see proof/README.md")
	}
	program := exec.Command(path)
	var errors strings.Builder
	program.Stderr = &errors
	in, err := program.StdinPipe()
	must(t, err)
	out, err := program.StdoutPipe()
	must(t, err)
	must(t, program.Start())
	t.Cleanup(func() {
		_ = in.Close()
		if err := program.Wait(); err != nil || errors.Len() > 0 {
			t.Errorf("the oracle ends with %v and says %q", err, errors.String())
		}
	})
	return &modelOracle{in: in, out: bufio.NewReader(out)}
}

// ask returns what the oracle says of a history.
func (o *modelOracle) ask(t *testing.T, h *crdttest.History) string {
	t.Helper()
	_, err := io.WriteString(o.in, h.Ops()+"?\n")
	must(t, err)
	answer, err := o.out.ReadString('\n')
	must(t, err)
	return strings.TrimSpace(answer)
}
