package storage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"
	"testing/synctest"

	"inkling/storage"
	"inkling/storage/disktest"
)

// holding is what documents hold: names and contents, by the document's number.
type holding map[int]map[string]string

func (h holding) clone() holding {
	c := holding{}
	for n, files := range h {
		c[n] = maps.Clone(files)
	}
	return c
}

func (h holding) equal(g holding) bool {
	return maps.EqualFunc(h, g, func(a, b map[string]string) bool { return maps.Equal(a, b) })
}

// fileTrial is a library on a disk in memory, in which files are attached and taken off, one act after the other.
// states[n] is what documents hold after n acts, told[n] the position of the disk when act n had returned.
type fileTrial struct {
	t       testing.TB
	rng     *rand.Rand
	disk    *disktest.Disk
	library *storage.Library
	days    int // counted
	states  []holding
	told    []int
}

// documentsOfFiles is how many documents a trial of files has.
const documentsOfFiles = 3

// newFileTrial makes a library with empty documents on a disk that records from then on.
func newFileTrial(t testing.TB, rng *rand.Rand) *fileTrial {
	t.Helper()
	tr := &fileTrial{t: t, rng: rng, disk: disktest.New()}
	if err := storage.CreateIn(tr.disk); err != nil {
		t.Fatal(err)
	}
	l, err := storage.OpenIn(tr.disk)
	if err != nil {
		t.Fatal(err)
	}
	empty := holding{}
	for n := range documentsOfFiles {
		add(t, l, n+1)
		empty[n+1] = map[string]string{}
	}
	count(t, l, day)
	tr.library, tr.states = l, []holding{empty}
	tr.disk.Record()
	return tr
}

// run does n acts and closes the library.
func (tr *fileTrial) run(n int) {
	for range n {
		next := tr.states[len(tr.states)-1].clone()
		if err := tr.act(next, 1+tr.rng.IntN(documentsOfFiles)); err != nil {
			tr.library.Close()
			tr.t.Fatal(err)
		}
		tr.states, tr.told = append(tr.states, next), append(tr.told, tr.disk.Position())
	}
	if err := tr.library.Close(); err != nil {
		tr.t.Fatal(err)
	}
}

// act does something with a document, and notes in now what it then holds.
func (tr *fileTrial) act(now holding, n int) error {
	l, doc := tr.library, genesis(n).DocID()
	names := slices.Sorted(maps.Keys(now[n]))
	switch dice := tr.rng.IntN(10); {
	case dice < 2 && len(names) > 0:
		name := names[tr.rng.IntN(len(names))]
		content := now[n][name]
		delete(now[n], name)
		return l.Detach(doc, name, hashOf(content), day)
	case dice == 2:
		for range storage.BinDays {
			tr.days++
			if _, err := l.CountDay(day.AddDate(0, 0, tr.days)); err != nil {
				return err
			}
		}
		return l.SweepDestroyed()
	case dice == 3:
		if err := l.Welcome(genesis(n), deviceKey(), day); err != nil { // it may be destroyed already
			return err
		}
		now[n] = map[string]string{}
		if err := l.Delete(doc, day); err != nil {
			return err
		}
		return l.Destroy(doc, day) // it comes back, empty, by the next case
	default:
		if err := l.Welcome(genesis(n), deviceKey(), day); err != nil {
			return err
		}
		content, name := tr.content(), fmt.Sprint(len(tr.states))
		now[n][name] = content
		_, err := l.Attach(context.Background(), doc, name, -1, bytes.NewReader([]byte(content)), day)
		return err
	}
}

// content returns one of a few contents, mostly short ones.
func (tr *fileTrial) content() string {
	n := []int{0, 1, 3000, 9000, storage.PartBytes + 1, 2*storage.PartBytes + 5000}[min(tr.rng.IntN(8), 5)]
	return string(bytes.Repeat([]byte{byte('a' + tr.rng.IntN(3))}, n))
}

func hashOf(content string) storage.FileHash { return sha256.Sum256([]byte(content)) }

// judge looks at what a power cut left when the disk was at position: what documents hold is what they held after all
// acts that had returned, or after the one more that was under way. All can be read, and a sweep leaves just that.
func (tr *fileTrial) judge(image *disktest.Disk, position int) (lost, corrupt error) {
	l, err := storage.OpenIn(image)
	if err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	defer l.Close()
	if err := checkAll(l); err != nil {
		return nil, err
	}
	held, err := heldBy(l)
	if err != nil {
		return nil, err
	}
	done := 0
	for done < len(tr.told) && tr.told[done] <= position {
		done++
	}
	if !held.equal(tr.states[done]) && (done+1 >= len(tr.states) || !held.equal(tr.states[done+1])) {
		if slices.ContainsFunc(tr.states[:done], held.equal) {
			return fmt.Errorf("what is held is older than what was told, after %d acts", done), nil
		}
		return nil, fmt.Errorf("what is held was never so, after %d acts", done)
	}
	return nil, checkSwept(l)
}

// heldBy returns what the documents hold, as it can be read.
func heldBy(l *storage.Library) (holding, error) {
	held := holding{}
	for n := 1; n <= documentsOfFiles; n++ {
		held[n] = map[string]string{}
		list, err := l.Attachments(genesis(n).DocID())
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			content, err := contentOf(l, a.Hash)
			if err != nil {
				return nil, err
			}
			if !a.IsDetached() {
				held[n][a.Name] = string(content)
			}
		}
	}
	return held, nil
}

// checkSwept says that after a sweep there are just the parts of what documents hold.
func checkSwept(l *storage.Library) error {
	if err := l.SweepDestroyed(); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	lengths := map[storage.FileHash]int64{}
	for n := 1; n <= documentsOfFiles; n++ {
		list, err := l.Attachments(genesis(n).DocID())
		if err != nil {
			return err
		}
		for _, a := range list {
			lengths[a.Hash] = a.Length
		}
	}
	want := int64(0)
	for _, n := range lengths {
		want += n
	}
	rows, err := storage.PartRows(l)
	got := int64(0)
	for _, n := range rows {
		got += n
	}
	contents, err2 := storage.Count(l, `SELECT count(*) FROM attachment`)
	if err := errors.Join(err, err2); err != nil || got != want || contents != len(lengths) {
		return fmt.Errorf("after a sweep %d contents of %d bytes are left, want %d of %d (%w)", contents, got, len(lengths), want, err)
	}
	return checkAll(l)
}

// imagesOfFiles is what part of the images asked for is looked at here: they are long.
const imagesOfFiles = 4

// Whenever the power fails while files are attached, taken off and swept, what documents hold is what they held before
// or after that.
func TestCrashWithFiles(t *testing.T) {
	lookAtFiles(t, false, max(*imagesWanted/imagesOfFiles, 25), t.Errorf)
}

// The same run finds the losses of a library that does not wait for the disk, and of a disk that lies.
func TestCrashTestsWithFilesHaveTeeth(t *testing.T) {
	restore := storage.SetPragma("synchronous", "normal")
	c := lookAtFiles(t, false, 400, func(string, ...any) {})
	restore()
	if c.lost == 0 {
		t.Errorf("%+v: nothing lost with synchronous=NORMAL", c)
	}
	if c = lookAtFiles(t, true, 400, func(string, ...any) {}); c.lost+c.corrupt == 0 {
		t.Errorf("%+v: a disk that lies about syncing was not found out", c)
	}
}

// lookAtFiles looks at images, until there are enough, or, where nobody is told, until losses were found.
func lookAtFiles(t *testing.T, lying bool, enough int, tell func(format string, args ...any)) (c crashes) {
	t.Helper()
	rng := crashSeed(t)
	for c.images < enough && !t.Failed() && (c.lost == 0 || enough != 400) {
		pages := []string{"4", "64", "256"}[rng.IntN(3)]
		restore := storage.SetPragma("wal_autocheckpoint", pages)
		synctest.Test(t, func(t *testing.T) {
			tr := newFileTrial(t, rng)
			defer tr.disk.Close()
			tr.run(12)
			r := tr.disk.Replay(rng)
			r.Lying = lying
			c.sample(r, rng, enough, 40/float64(tr.disk.Position()), tr.judge, tell)
		})
		restore()
	}
	t.Logf("images=%d lost=%d corrupt=%d", c.images, c.lost, c.corrupt)
	return c
}

// Whichever write, sync or read the disk refuses while a file comes in: it is held whole, or not at all; when the disk
// works again it can be attached, and nothing is left over.
func TestEveryFaultWhileAFileComesIn(t *testing.T) {
	rng := crashSeed(t)
	defer storage.SetPragma("wal_autocheckpoint", "64")()
	content := noise(rng, 2*storage.PartBytes+9)
	for _, kind := range []disktest.FaultKind{disktest.FullWrite, disktest.FailedSync, disktest.FailedRead} {
		step, tried, failed := 1, 0, 0
		if kind == disktest.FullWrite {
			step = *faultStep * 3 // a part is dozens of them
		}
		for nth := 1 + rng.IntN(step); !t.Failed(); nth += step {
			hit := false
			synctest.Test(t, func(t *testing.T) {
				tr := newFileTrial(t, rng)
				defer tr.disk.Close()
				doc := genesis(1).DocID()
				tr.disk.Break(disktest.Fault{Kind: kind, Nth: nth, Lasting: rng.IntN(2) == 0})
				_, err := tr.library.Attach(context.Background(), doc, "a", -1, bytes.NewReader(content), day)
				hit = tr.disk.Refusals() > 0
				tr.disk.Heal()
				if err != nil {
					failed++
				}
				if list, listErr := tr.library.Attachments(doc); listErr != nil || err == nil && len(list) != 1 {
					t.Errorf("%v at %d: held are %v, %v; attaching said %v", kind, nth, list, listErr, err)
				}
				if _, err := tr.library.Attach(context.Background(), doc, "a", -1, bytes.NewReader(content), day); err != nil {
					t.Errorf("%v at %d: attaching again: %v", kind, nth, err)
				}
				held, err := heldBy(tr.library)
				if err != nil || len(held[1]) != 1 || held[1]["a"] != string(content) {
					t.Errorf("%v at %d: held are %d files, %v", kind, nth, len(held[1]), err)
				}
				if err := errors.Join(checkSwept(tr.library), tr.library.Close()); err != nil {
					t.Errorf("%v at %d: %v", kind, nth, err)
				}
			})
			if !hit {
				break
			}
			tried++
		}
		t.Logf("%v: %d tried, attaching failed in %d", kind, tried, failed)
		if tried == 0 || failed == 0 {
			t.Errorf("%v: no fault was met, or none did harm: the test says nothing", kind)
		}
	}
}
