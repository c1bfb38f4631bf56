package disktest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// SQLite was translated from C against one version of its C library, and is not promised
// to run with another. Nothing else in go.mod may raise it.
func TestLibcIsTheOneThatSQLiteAsksFor(t *testing.T) {
	list := func(format, module string) string {
		out, err := exec.Command("go", "list", "-m", "-f", format, module).CombinedOutput()
		if err != nil {
			t.Fatalf("go list: %v\n%s", err, out)
		}
		return strings.TrimSpace(string(out))
	}
	asked, err := os.ReadFile(list("{{.GoMod}}", "modernc.org/sqlite"))
	if err != nil {
		t.Fatal(err)
	}
	version := list("{{.Version}}", "modernc.org/libc")
	if !strings.Contains(string(asked), "modernc.org/libc "+version+"\n") {
		t.Errorf("modernc.org/libc is %s, and modernc.org/sqlite asks for another", version)
	}
}
