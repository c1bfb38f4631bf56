package storage

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"inkling/crdt"
)

// Salvage makes a new library of what can be read of a damaged one. Rows and parts of blocks are looked for on every page of the file, each
// by itself (salvage_page.go), and count when their checksums are right. What is lost so is looked for in the backups, the newest first,
// and in what earlier restores and salvages have kept: the changes of a document are a set, so that they may come from anywhere
// (salvage_document.go). All of them are verified. What builds on a change that is nowhere cannot be placed; the report names it.
// The new library goes into the old one's place as a backup does (backup_restore.go); the old one is kept in DIR/replaced-TIME, with the report beside it.

const (
	scratchFolder = "salvaging" // in the library's folder, while a salvage runs
	reportFile    = "salvage.txt"
	// salvagedKey is the state that says that a library was salvaged, until the person was told: a summary.
	salvagedKey = "salvaged"
)

// ErrNothingReadable says that there is nothing to make a library of.
var ErrNothingReadable = errors.New("nothing in it can be read")

// Salvage makes a new library of the one in dir, which nobody may have open, and puts it in its place. key is that of this device, for the
// changes of its own whose signature is lost; nil: they are not placed. It takes about as long as [Library.Check], for each
// backup once more where something is lost, and memory as opening the greatest document does.
// Errors: [*LockedError], [*NewerError], [*PlaceError], [ErrNothingReadable]; then nothing has changed.
func Salvage(ctx context.Context, dir string, key ed25519.PrivateKey) (*SalvageReport, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("storage: salvage %s: %w", dir, err)
	}
	if err := checkPlace(dir); err != nil {
		return nil, err
	}
	lock, err := acquireLock(dir)
	if err != nil {
		return nil, err
	}
	defer lock.Close()
	if err := finishRestore(dir); err != nil {
		return nil, err
	}
	s := &salvage{dir: dir, key: key, scratch: filepath.Join(dir, scratchFolder), report: &SalvageReport{At: time.Now()}}
	err = s.run(ctx)
	if err = errors.Join(err, s.close()); err != nil {
		return nil, fmt.Errorf("storage: salvage the library in %q: %w", dir, err)
	}
	return s.report, nil
}

// salvage is one call of Salvage.
type salvage struct {
	dir, scratch string
	key          ed25519.PrivateKey
	report       *SalvageReport
	own          *remains
	others       []*remains           // in the order of paths; nil: not looked at yet, or unreadable
	found        map[int64]crdt.DocID // documents whose row is lost, and that were found all the same
	paths        []string             // backups and what is kept, the newest first
}

func (s *salvage) run(ctx context.Context) error {
	if err := errors.Join(os.RemoveAll(s.scratch), os.MkdirAll(s.scratch, 0o700)); err != nil {
		return err
	}
	path := filepath.Join(s.dir, databaseFile)
	w, err := openWreck(path, s.scratch)
	if err != nil {
		return s.nothing(err)
	}
	if s.own, err = look(ctx, w); err != nil {
		return errors.Join(err, w.close())
	}
	if s.report.Pages, err = w.pages.count(); err != nil {
		return err
	}
	s.report.Unread = s.own.unread
	if len(s.own.docs) == 0 && len(s.own.rows) == 0 && len(s.own.parts) == 0 {
		return s.nothing(ErrNothingReadable)
	}
	if s.paths, err = copiesOf(s.dir); err != nil {
		return err
	}
	s.others = make([]*remains, len(s.paths))
	if err := s.write(ctx); err != nil {
		return err
	}
	return s.install()
}

// nothing says what a person may do who has nothing left here.
func (s *salvage) nothing(err error) error {
	list, listErr := Backups(s.dir)
	if listErr == nil && len(list) > 0 {
		return fmt.Errorf("%w; nothing was changed. `inkling restore %s` puts the newest backup in its place", err, list[0].Name)
	}
	return errors.Join(fmt.Errorf("%w, and there is no backup; nothing was changed", err), listErr)
}

// close gives up all files.
func (s *salvage) close() (err error) {
	for _, r := range append(slices.Clone(s.others), s.own) {
		if r != nil {
			err = errors.Join(err, r.w.close())
		}
	}
	return errors.Join(err, os.RemoveAll(s.scratch))
}

// copiesOf lists the files in dir in which changes may be that the library has lost.
func copiesOf(dir string) (paths []string, err error) {
	list, err := Backups(dir)
	for _, b := range list {
		paths = append(paths, b.Path)
	}
	aside, globErr := filepath.Glob(filepath.Join(dir, copyPrefix+"*", databaseFile))
	slices.Reverse(aside)
	return append(paths, aside...), errors.Join(err, globErr)
}

// other returns what is in the i-th of the copies, nil when it cannot be read.
func (s *salvage) other(ctx context.Context, i int) *remains {
	if s.others[i] != nil || s.paths[i] == "" {
		return s.others[i]
	}
	w, err := openWreck(s.paths[i], s.scratch)
	if err != nil {
		s.paths[i] = ""
		return nil
	}
	r, err := look(ctx, w)
	if err != nil {
		w.close()
		s.paths[i] = ""
		return nil
	}
	s.others[i] = r
	return r
}

// rescued puts a document together, with the help of the copies if need be.
func (s *salvage) rescued(ctx context.Context, d docRow) (*rescue, error) {
	r := &rescue{genesis: d.genesis, key: s.key, finds: []*find{s.own.find(d.name, d.id)}}
	if err := r.build(); err != nil {
		return nil, err
	}
	for i := 0; i < len(s.paths) && !r.whole(); i++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		from := s.other(ctx, i)
		if from == nil {
			continue
		}
		number, known := from.byID[d.name]
		if !known {
			continue
		}
		f := from.find(d.name, number)
		if !r.lacks(f) {
			continue
		}
		r.finds = append(r.finds, f)
		if err := r.build(); err != nil {
			return nil, err
		}
		if path := s.paths[i]; !slices.Contains(s.report.Backups, path) {
			s.report.Backups = append(s.report.Backups, path)
		}
	}
	return r, nil
}

// lacks says whether f has something that r has not placed.
func (r *rescue) lacks(f *find) bool {
	return slices.ContainsFunc(f.changes(), func(c *crdt.Change) bool { return !r.has[c.Hash] })
}

// lostRow returns the row of a document that the library has lost, out of the document's own blocks or of a copy of the library.
func (s *salvage) lostRow(ctx context.Context, number int64) (d docRow, known bool) {
	d = docRow{id: number, created: s.report.At.UnixMilli()}
	if d.genesis, known = s.own.genesisOf(number); known {
		d.name = d.genesis.DocID()
	}
	for i := range s.paths {
		from := s.other(ctx, i)
		if from == nil {
			continue
		}
		row, has := from.docs[number]
		if !has || known && row.name != d.name || !s.own.opensIn(number, row.name) {
			continue
		}
		return row, true
	}
	_, twice := s.own.byID[d.name]
	return d, known && !twice
}

// opensIn says whether the chains that begin among the rows of the document with a number are of the document called name. Without rows it
// goes by the number alone.
func (r *remains) opensIn(number int64, name crdt.DocID) bool {
	if _, known := r.byID[name]; known {
		return false
	}
	for _, row := range r.find(name, number).rows {
		if a, opens := row.change.Author(); opens {
			return a.Replica(name) == row.change.Replica
		}
	}
	return true
}

// describe adds a document to the report.
func (s *salvage) describe(d docRow, r *rescue, title string) {
	own := map[crdt.Hash]bool{}
	for _, c := range r.finds[0].changes() {
		own[c.Hash] = true
	}
	doc := SalvagedDocument{ID: d.name, Title: title, Changes: len(r.has), Faults: r.finds[0].faults}
	for h := range r.has {
		if !own[h] {
			doc.Fetched++
		}
	}
	places, waiting := r.lost()
	for _, place := range places {
		maker, known := s.own.maker(d.id, place)
		doc.Lost = append(doc.Lost, LostChange{place, known, maker.replica, maker.seq})
	}
	makers := r.makers(s.own.peers)
	for _, c := range waiting {
		w := WaitingChange{Change: c, Device: makers[c.Replica]}
		if e := r.bad[crdt.ID{Replica: c.Replica, Seq: c.Seq}]; e != nil {
			w.Reason = " (" + e.Reason + ")"
		}
		doc.Waiting = append(doc.Waiting, w)
	}
	s.report.Documents = append(s.report.Documents, doc)
}

// makers returns who writes as which replica, by name where that is known.
func (r *rescue) makers(peers []peerRow) map[crdt.ReplicaID]string {
	names := map[crdt.DeviceKey]string{}
	for _, p := range peers {
		names[crdt.DeviceKey(p.key)] = p.name
	}
	for _, m := range r.doc.Members() {
		if m.Name != "" {
			names[m.Device] = m.Name
		}
	}
	if r.key != nil {
		names[crdt.DeviceKey(r.key.Public().(ed25519.PublicKey))] = "this device"
	}
	makers := map[crdt.ReplicaID]string{}
	for _, f := range r.finds {
		for _, c := range f.changes() {
			if a, opens := c.Author(); opens {
				if makers[c.Replica] = names[a.Device]; makers[c.Replica] == "" {
					makers[c.Replica] = fmt.Sprintf("device %x", a.Device[:4])
				}
			}
		}
	}
	return makers
}

// nameless reports a document of which only its number is known.
func (s *salvage) nameless(number int64) {
	n := NamelessDocument{Number: number, Title: s.own.listings[number].title}
	var words strings.Builder
	for _, row := range s.own.find(crdt.DocID{}, number).rows {
		n.Changes++
		if words.Len() < maxWords {
			words.WriteString(row.change.Typed())
		}
	}
	if words.Len() > 0 {
		n.Words = shortWords(words.String())
	}
	s.report.Nameless = append(s.report.Nameless, n)
}

// install puts the new library, which is staged, in the old one's place, with the report beside that.
func (s *salvage) install() error {
	if err := s.close(); err != nil {
		return err
	}
	before, err := s.reports()
	if err == nil {
		err = finishRestore(s.dir)
	}
	if err != nil {
		return err
	}
	after, err := s.reports()
	for _, path := range after {
		if !slices.Contains(before, path) {
			s.report.Kept = filepath.Dir(path)
			err = errors.Join(err, os.WriteFile(path, []byte(s.report.String()), 0o600)) // which names the folder now
		}
	}
	return err
}

// reports returns the paths of the reports of all salvages.
func (s *salvage) reports() ([]string, error) {
	return filepath.Glob(filepath.Join(s.dir, replacedPrefix+"*", reportFile))
}

// Salvaged returns a summary of the salvage that the library came out of, until [Library.RestoreTold]; "" when it was not salvaged.
func (l *Library) Salvaged() (string, error) {
	value, err := l.State(crdt.DocID{}, salvagedKey)
	return string(value), err
}

// salvageAsked is the file by which the next start is asked to salvage the library.
const salvageAsked = "salvage-asked"

// AskSalvage has the next start salvage the library in dir: with that, nothing is written between the two.
func AskSalvage(dir string) error {
	f, err := os.OpenFile(filepath.Join(dir, salvageAsked), os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("storage: ask for a salvage: %w", err)
	}
	return errors.Join(f.Sync(), f.Close(), syncDir(dir))
}

// SalvageAsked says whether [AskSalvage] was called since the last [ForgetSalvage].
func SalvageAsked(dir string) bool {
	_, err := os.Lstat(filepath.Join(dir, salvageAsked))
	return err == nil
}

// ForgetSalvage takes that back.
func ForgetSalvage(dir string) error {
	err := os.Remove(filepath.Join(dir, salvageAsked))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
