//go:build unix

package storage_test

import (
	"encoding/json"
	"flag"
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

var (
	mutantsWanted = flag.Bool("mutants", false, "TestMutants plants bugs and sees each caught; takes minutes")
	mutantsNamed  = flag.String("mutant", "", "TestMutants plants those only whose names match this regular expression")
)

// mutant is a bug to be planted: in file, the first text of an edit is replaced by the second.
type mutant struct {
	name string
	file string
	edit [2]string
	more [][2]string // further edits
}

// mutants are bugs that a person may make in the way of a change to the disk.
var mutants = []mutant{
	{name: "a commit does not wait for the disk", file: "connection.go",
		edit: [2]string{`"synchronous(full)"`, `"synchronous(normal)"`}},
	{name: "nothing is ever synced", file: "connection.go",
		edit: [2]string{`"synchronous(full)"`, `"synchronous(off)"`}},
	{name: "told before the commit has returned", file: "writer.go",
		edit: [2]string{"\t\tif err := w.attempt(group); err != nil {", "\t\tif group[0].write == nil {\n\t\t\tw.queue.committed(group)\n\t\t}\n\t\tif err := w.attempt(group); err != nil {"},
		more: [][2]string{{"\t\tw.queue.committed(group)\n\t}\n}", "\t\tif group[0].write != nil {\n\t\t\tw.queue.committed(group)\n\t\t}\n\t}\n}"}}},
	{name: "told although the disk refused", file: "group.go",
		edit: [2]string{"\tq.jobs = slices.Concat(group, q.jobs)\n", "\tq.finish(group)\n"}},
	{name: "a refused group loses its last job", file: "group.go",
		edit: [2]string{"slices.Concat(group, q.jobs)", "slices.Concat(group[:len(group)-1], q.jobs)"}},
	{name: "a refused group goes behind the others", file: "group.go",
		edit: [2]string{"slices.Concat(group, q.jobs)", "slices.Concat(q.jobs, group)"}},
	{name: "a group is committed backwards", file: "group.go",
		edit: [2]string{"\tgroup := slices.Clone(q.jobs[:n])\n", "\tgroup := slices.Clone(q.jobs[:n])\n\tslices.Reverse(group)\n"}},
	{name: "tried again on the connection that failed", file: "writer.go",
		edit: [2]string{"\tw.disconnect()\n\tif wantsRoom", "\tif wantsRoom"}},
	{name: "a place is used again", file: "writer.go",
		edit: [2]string{"place := t.place - int64(len(e.fresh))", "place := t.place - int64(len(e.fresh)) - 1"}},
	{name: "a refused place is not used again", file: "writer.go",
		edit: [2]string{"\tif err != nil {\n\t\treturn fmt.Errorf(\"storage: commit changes", "\tfor _, t := range grown {\n\t\tt.place += int64(len(group)) / 3\n\t}\n\tif err != nil {\n\t\treturn fmt.Errorf(\"storage: commit changes"}},
	{name: "half a transaction is committed when the rest fails", file: "connection.go",
		edit: [2]string{"rollbackErr := tx.Rollback()", "rollbackErr := tx.Commit()"}},
	{name: "every job is a transaction of its own, the list another", file: "writer.go",
		edit: [2]string{"\t_, err := tx.Stmt(w.setListing).Exec(", "\tif _, err := tx.Exec(`COMMIT; BEGIN IMMEDIATE`); err != nil {\n\t\treturn err\n\t}\n\t_, err := tx.Stmt(w.setListing).Exec("}},
	{name: "a fork is not noted", file: "writer.go",
		edit: [2]string{"range e.forked {", "range e.forked[:0] {"}},
	{name: "a wrong job leaves its first changes in the tail", file: "writer.go",
		edit: [2]string{"tail: t.clone(), archive", "tail: t, archive"}},
	{name: "trouble is not told", file: "group.go",
		edit: [2]string{"\tq.failure = err\n", ""}},
	{name: "trouble does not end", file: "group.go",
		edit: [2]string{"q.failure, q.since, q.pause = nil, time.Time{}, 0", "q.pause = 0"}},
	{name: "a refused group is not tried again", file: "group.go",
		edit: [2]string{"q.nextAt = now.Add(q.pause)", "q.nextAt = now.Add(1000 * time.Hour)"}},
	{name: "many other writes put the next key off", file: "group.go",
		edit: [2]string{"if now.After(q.nextAt) {", "if true {"}},
	{name: "remote changes come in while the disk refuses", file: "queue.go",
		edit: [2]string{"\tcase q.failure != nil:\n", "\tcase q.failure != nil && q.bytes > maxQueued:\n"}},
	{name: "a new library leaves its tables in the -wal file", file: "schema.go",
		edit: [2]string{"\t\terr = emptyWAL(db) // closing", "\t\t_ = emptyWAL // closing"}},
	{name: "a page that cannot be read just now is damage", file: "inspect.go",
		edit: [2]string{"len(problems) == 0 {\n\t\treturn nil, err", "len(problems) >= 0 {\n\t\treturn problems, err"}},
	{name: "closing drops what waits", file: "group.go",
		edit: [2]string{"case len(q.jobs) == 0 && q.closed:", "case q.closed:"}},
	{name: "what could not be saved at closing is not told", file: "group.go",
		edit: [2]string{"\t\t\tq.lost++\n", ""}},
	{name: "compaction deletes a row too many", file: "settle.go",
		edit: [2]string{"doc << 32 | upto FROM block", "doc << 32 | upto + 1 FROM block"},
		more: [][2]string{{"min(oldest+coveredRows, c.tail.first()) - 1", "min(oldest+coveredRows, c.tail.first())"}}},
	{name: "rows go before the successor is the base", file: "settle.go",
		edit: [2]string{"\tpromote := func(tx *sql.Tx) error { return c.promote(tx, next) }\n", "\tc.l.writeAside(\"\", func(tx *sql.Tx) error {\n\t\t_, err := tx.Exec(`DELETE FROM change WHERE id <= ? AND doc = ?`, c.tail.id<<32|next.upto, c.tail.id)\n\t\treturn err\n\t})\n\tpromote := func(tx *sql.Tx) error { return c.promote(tx, next) }\n"}},
	{name: "the old base goes in a transaction of its own", file: "settle.go",
		edit: [2]string{"\tr, err := tx.Exec(`UPDATE block SET kind", "\tif _, err := tx.Exec(`COMMIT; BEGIN IMMEDIATE`); err != nil {\n\t\treturn err\n\t}\n\tr, err := tx.Exec(`UPDATE block SET kind"}},
	{name: "a block is trusted as it comes from the disk", file: "settle.go",
		edit: [2]string{"_, err = c.prove(ctx, body, next.upto)", "_ = body"}},
	{name: "a block is not compared with the rows", file: "prove.go",
		edit: [2]string{"range c.rows {\n\t\tif err := sameChange", "range c.rows[:0] {\n\t\tif err := sameChange"}},
	{name: "a forged block is put in the place of rows", file: "prove.go",
		edit: [2]string{"\tif err := d.Verify(); err != nil {\n\t\treturn nil, err\n\t}\n", ""}},
	{name: "the tail in memory keeps the old base", file: "settle.go",
		edit: [2]string{"c.l.tails.rebase(c.doc, to)", "_ = to"}},
	{name: "what came while a block was written is passed over", file: "load.go",
		edit: [2]string{"l.journal(ctx, row.ID, after)", "l.journal(ctx, row.ID, after+1)"}},
	{name: "the parts of a block are not compared with what was written", file: "block.go",
		edit: [2]string{"case int64(whole.Len()) != b.length || sha256.Sum256(whole.Bytes()) != b.hash:", "case int64(whole.Len()) != b.length:"},
		more: [][2]string{{"!bytes.Equal(sum, want[:len(checksum{})]) || part != count", "len(sum) != len(want[:len(checksum{})]) || part != count"}}},
	{name: "an old open-block is opened", file: "load.go",
		edit: [2]string{"open != nil && open.of == b.hash", "open != nil"}},
	{name: "a block keeps its parts when it goes", file: "block.go",
		edit: [2]string{"\t\t`DELETE FROM block_part WHERE id BETWEEN ` + which + ` << 16 AND ` + which + ` << 16 | 0xffff`,\n", ""}},
	{name: "where the chains end in a block is not kept", file: "block.go",
		edit: [2]string{"range ends {", "range ends[:0] {"}},
	{name: "a document that was destroyed gets a block", file: "compose.go",
		edit: [2]string{"err != nil || !there {", "err != nil && !there {"}},
}

// Each planted bug is caught by some test of this package. The tree is not touched.
func TestMutants(t *testing.T) {
	if !*mutantsWanted {
		t.Skip("not asked for: -mutants")
	}
	if failed, out := runMutant(t, mutant{}); failed != "" { // else the table would say nothing
		t.Fatalf("without a bug %s fails:\n%s", failed, out)
	}
	planted, caught := 0, 0
	for _, m := range mutants {
		if !regexp.MustCompile(*mutantsNamed).MatchString(m.name) {
			continue
		}
		planted++
		began := time.Now()
		failed, _ := runMutant(t, m)
		if failed == "" {
			failed = "NOT CAUGHT"
			t.Errorf("not caught: %s", m.name)
		} else {
			caught++
		}
		fmt.Printf("%-60s %s, %.0f s\n", m.name, failed, time.Since(began).Seconds())
	}
	fmt.Printf("mutants=%d caught=%d\n", planted, caught)
}

var failedTest = regexp.MustCompile(`--- FAIL: (\S+)|panic: test timed out.*\n\s+running tests:\n\s+(\S+)`)

// runMutant builds the tests with the bug and runs them, and returns which one failed
// first; "" when none did. A bug that does not compile is a mistake in the list.
func runMutant(t *testing.T, m mutant) (failed, out string) {
	t.Helper()
	dir := t.TempDir()
	binary := filepath.Join(dir, "storage.test")
	args := []string{"test", "-c", "-vet=off", "-o", binary}
	if m.file != "" {
		args = append(args, "-overlay", overlay(t, dir, m))
	}
	if out, err := exec.Command("go", append(args, ".")...).CombinedOutput(); err != nil {
		t.Fatalf("%s: build: %v\n%s", m.name, err, out)
	}
	const first = "Crash|Every|Refuse|Close" // these take seconds and hardly ever hang
	for _, some := range [][]string{{"-test.run", first, "-test.timeout=100s"}, {"-test.skip", first, "-test.timeout=300s"}} {
		failed, out = runTests(binary, some...)
		if failed != "" {
			break
		}
	}
	return failed, out
}

// runTests runs some of the tests of binary until one fails, and returns that one.
func runTests(binary string, some ...string) (failed, out string) {
	cmd := exec.Command(binary, append(some, "-test.failfast", "-faultstep=2")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // its children may hang with it
	text, err := cmd.CombinedOutput()
	syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	if err == nil {
		return "", ""
	}
	found := failedTest.FindStringSubmatch(string(text))
	if found == nil {
		return "the run: " + err.Error(), string(text)
	}
	return found[1] + found[2], string(text)
}

// planted returns the text of m's file with the bug in it.
func (m mutant) planted() (string, error) {
	source, err := os.ReadFile(m.file)
	text := string(source)
	for _, edit := range append([][2]string{m.edit}, m.more...) {
		if n := strings.Count(text, edit[0]); err == nil && n != 1 {
			err = fmt.Errorf("%s: %d places to plant it in %s, want one: %q", m.name, n, m.file, edit[0])
		}
		text = strings.Replace(text, edit[0], edit[1], 1)
	}
	return text, err
}

// The list keeps step with the code.
func TestMutantsCanBePlanted(t *testing.T) {
	for _, m := range mutants {
		if _, err := m.planted(); err != nil {
			t.Error(err)
		}
	}
}

// overlay writes the mutated file and tells the go command to take it for the real one.
func overlay(t *testing.T, dir string, m mutant) string {
	t.Helper()
	text, err := m.planted()
	if err != nil {
		t.Fatal(err)
	}
	original, err := filepath.Abs(m.file)
	if err != nil {
		t.Fatal(err)
	}
	mutated, list := filepath.Join(dir, m.file), filepath.Join(dir, "overlay.json")
	replace, err := json.Marshal(map[string]map[string]string{"Replace": {original: mutated}})
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{mutated: []byte(text), list: replace} {
		if err := os.WriteFile(name, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return list
}
