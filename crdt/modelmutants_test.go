package crdt_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var modelMutants = flag.String("model.mutants", "", "try the mutants in testdata/model/mutants.txt, with this go command; make proof-mutants does that")

var modelOnly = flag.String("model.only", "", "try only the mutants that have this in their file or reason")

// mutant is a wrong change of one file of package crdt.
type mutant struct {
	file, why string
	old, new  string
}

// TestModelMutants makes each of the mutants and wants the golden histories to notice. The tree is not touched: the
// compiler is given another file in place of the right one.
func TestModelMutants(t *testing.T) {
	if *modelMutants == "" {
		t.Skip("takes minutes; make proof-mutants")
	}
	mutants := readMutants(t)
	caught := 0
	for _, m := range mutants {
		if !strings.Contains(m.file+": "+m.why, *modelOnly) {
			continue
		}
		switch how, err := m.try(t, *modelMutants); {
		case err != nil:
			t.Errorf("%s: %s: %v", m.file, m.why, err)
		case how == "":
			t.Errorf("%s: %s: nothing notices", m.file, m.why)
		default:
			caught++
			t.Logf("%s: %s: caught: %s", m.file, m.why, how)
		}
	}
	t.Logf("%d of %d mutants caught", caught, len(mutants))
}

// TestMutantsFit: what the mutants change is still there.
func TestMutantsFit(t *testing.T) {
	for _, m := range readMutants(t) {
		if _, err := m.mutated(); err != nil {
			t.Errorf("%s: %s: %v", m.file, m.why, err)
		}
	}
}

// readMutants reads the list, whose head says what its lines mean.
func readMutants(t *testing.T) (all []*mutant) {
	t.Helper()
	b, err := os.ReadFile(modelPath("mutants.txt"))
	must(t, err)
	for line := range strings.Lines(string(b)) {
		switch line[0] {
		case '#', '\n':
		case '-':
			all[len(all)-1].old += line[1:]
		case '+':
			all[len(all)-1].new += line[1:]
		case ' ':
			all[len(all)-1].old += line[1:]
			all[len(all)-1].new += line[1:]
		default:
			file, why, _ := strings.Cut(strings.TrimSpace(line), ": ")
			all = append(all, &mutant{file: file, why: why})
		}
	}
	return all
}

// mutated returns the file with the change.
func (m *mutant) mutated() (string, error) {
	b, err := os.ReadFile(filepath.FromSlash(m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(b), m.old); n != 1 || m.old == "" {
		return "", errors.New("what it changes is not there, or more than once")
	}
	return strings.Replace(string(b), m.old, m.new, 1), nil
}

// try builds the tests with m and runs those of the golden histories. It returns how these fail, "" if they do not.
func (m *mutant) try(t *testing.T, goCommand string) (how string, err error) {
	text, err := m.mutated()
	if err != nil {
		return "", err
	}
	folder := t.TempDir()
	here, err := os.Getwd()
	must(t, err)
	changed, tests, overlay := filepath.Join(folder, "mutant.go"), filepath.Join(folder, "mutant.test"), filepath.Join(folder, "overlay.json")
	replaced, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(here, filepath.FromSlash(m.file)): changed}})
	must(t, err)
	must(t, os.WriteFile(changed, []byte(text), 0o666))
	must(t, os.WriteFile(overlay, replaced, 0o666))
	if out, err := exec.Command(goCommand, "test", "-c", "-vet=off", "-overlay", overlay, "-o", tests, ".").CombinedOutput(); err != nil {
		return "", errors.New("it does not build: " + string(out))
	}
	out, err := exec.Command(tests, "-test.run", "^TestModelGolden$", "-test.timeout", "1m").CombinedOutput()
	if err == nil {
		return "", nil
	}
	return symptom(string(out)), nil
}

// symptom says how a test fails.
func symptom(out string) string {
	for _, s := range []struct{ words, means string }{
		{"test timed out", "it does not end"},
		{"panic: ", "a panic"},
		{": it is ", "another order or visibility"},
		{"people.txt", "people's edits make other ops"},
		{"crdt: check: ", "Check"},
		{"crdt: ", "an error"},
		{"changes wait", "changes wait for ever"},
	} {
		if strings.Contains(out, s.words) {
			return s.means
		}
	}
	return "?"
}
