package crdt_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// tracesFolder is where the traces are unless INKLING_TRACES says otherwise.
const tracesFolder = "../../shared/traces"

// BenchmarkTrace replays recorded editing sessions, sequential and concurrent, through
// the public API: one change per transaction, with its time. Every replay is
// compared with the trace's end text, and texts of the past with what was there. An edit
// is one inserted or deleted code point.
//
//	local-ns/edit   Insert, Delete and Flush, with undo and history kept
//	remote-ns/edit  Load of the changes one by one, with patches, without hashing
//	seal-ns/change  hash and sign
//	merge-ms        frames to document: DecodeFrame and Load of everything
//	write-ms        document to history block
//	file-B          history block, and each of its columns
//	load-ms         history block to document, then one edit, its undo, and a DeltaSince
//	load-all-ms     history block to document with its deleted text, and all text of that
//	verify-ms       history block to document, then all hashes and signatures
//	travel-ms       TextAt the middle of the history
//	open-write-ms   document to open-block
//	open-ms         open-block to document
//	later-B/change  later blocks of 1,000 changes
//	wire-B/key      body of a change that is one typed character: median, mean, 99th percentile
func BenchmarkTrace(b *testing.B) {
	folder := os.Getenv("INKLING_TRACES")
	if folder == "" {
		folder = tracesFolder
	}
	paths, _ := filepath.Glob(filepath.Join(folder, "*.json.gz"))
	if len(paths) == 0 {
		b.Skip("no traces in " + folder + ": set INKLING_TRACES to a folder with *.json.gz from https://github.com/josephg/editing-traces")
	}
	for _, path := range paths {
		trace, err := crdttest.LoadTrace(path)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(strings.TrimSuffix(filepath.Base(path), ".json.gz"), func(b *testing.B) { benchTrace(b, trace) })
	}
}

func benchTrace(b *testing.B, trace *crdttest.Trace) {
	m := measures{}
	edits := countEdits(trace)
	for b.Loop() {
		r := newReplay(trace)
		r.run()
		m.put("local-ns/edit", float64(r.local)/float64(edits))
		m.put("seal-ns/change", float64(r.sealing)/float64(len(r.changes)))
		var d *crdt.Doc
		m.since("remote-ns/edit", edits, func() { d = r.loadChanges(b) })
		if d.Text() != trace.End {
			b.Fatal("the replay ends with another text")
		}
		frames := r.frames()
		m.ms("merge-ms", func() { r.loadFrames(b, frames) })
		benchBlocks(b, m, r, edits)
		m.put("heap-B/edit", float64(heap(func() any { return r.loadChanges(b) }))/float64(edits))
		r.wire(m)
		r.checkPast(b, d)
	}
	m.report(b)
}

// benchBlocks writes all kinds of blocks and reads them again.
func benchBlocks(b *testing.B, m measures, r *replay, edits int) {
	d := r.loadChanges(b)
	var block []byte
	m.ms("write-ms", func() { block = value(d.HistoryBlock()) })
	m.put("file-B", float64(len(block)))
	m.put("file-B/edit", float64(len(block))/float64(edits))
	for name, size := range crdt.BlockSizes(block) {
		m.put("file-"+name+"-B", float64(size))
	}
	m.often("load-ms", func() { touch(b, value(crdt.LoadBlock(block)), r) })
	m.ms("load-all-ms", func() { r.mustEnd(b, unpacked(value(crdt.LoadBlock(block)))) })
	m.ms("verify-ms", func() {
		if err := value(crdt.LoadBlock(block)).Verify(); err != nil {
			b.Fatal(err)
		}
	})
	half := r.half()
	m.ms("travel-ms", func() { value(d.TextAt(half)) })

	var open []byte
	m.ms("open-write-ms", func() { open = value(d.OpenBlock()) })
	m.put("open-B", float64(len(open)))
	m.often("open-ms", func() { value(crdt.Open(open)) })
	r.mustEnd(b, value(crdt.Open(open)))
	r.benchLater(b, m)
}

// mustEnd ends the benchmark unless d has the text in which the trace ends.
func (r *replay) mustEnd(b *testing.B, d *crdt.Doc) {
	if d.Text() != r.trace.End {
		b.Fatal("the block has another text")
	}
}

// unpacked returns d with its deleted text.
func unpacked(d *crdt.Doc) *crdt.Doc {
	x := d.DeletedText()
	if err := x.Decode(); err != nil {
		panic(err)
	}
	d.FillDeleted(x)
	return d
}

// benchLater writes a later block for each thousand changes.
func (r *replay) benchLater(b *testing.B, m measures) {
	d, whole := crdt.New(r.people[0].Genesis()), crdt.New(r.people[0].Genesis())
	have, size, count := []crdt.Head(nil), 0, 0
	for i, c := range r.changes {
		value(d.Load(c))
		if (i+1)%1000 == 0 && i >= r.first {
			block := value(d.LaterBlock(have))
			if err := whole.LoadLater(block); err != nil {
				b.Fatal(err)
			}
			have, size, count = d.Heads(), size+len(block), i+1
		}
	}
	m.put("later-B/change", float64(size)/float64(count))
	if whole.Text() == "" {
		b.Fatal("later blocks have no text")
	}
}

// touch makes an edit, takes it back, restoring what it deleted, and asks for a delta.
func touch(b *testing.B, d *crdt.Doc, r *replay) {
	p := r.people[0]
	if err := d.Attach(p.Author); err != nil {
		b.Fatal(err)
	}
	before := d.Version()
	d.Delete(0, 1, noon)
	if _, ok := d.Undo(noon); !ok {
		b.Fatal("nothing to undo")
	}
	p.Flush(d)
	if len(d.DeltaSince(before)) != 1 {
		b.Fatal("the delta is not the one change")
	}
}

func value[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// heap returns how many bytes what make makes holds.
func heap(make func() any) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&before)
	v := make()
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&after)
	runtime.KeepAlive(v)
	return after.HeapAlloc - before.HeapAlloc
}

// measures collects figures by name; what is reported is the median.
type measures map[string][]float64

func (m measures) put(name string, v float64) { m[name] = append(m[name], v) }

// since measures f, in nanoseconds for each of n.
func (m measures) since(name string, n int, f func()) {
	runtime.GC()
	start := time.Now()
	f()
	m.put(name, float64(time.Since(start).Nanoseconds())/float64(n))
}

func (m measures) ms(name string, f func()) {
	runtime.GC()
	start := time.Now()
	f()
	m.put(name, float64(time.Since(start).Nanoseconds())/1e6)
}

// often is ms of a short f: the median of many times.
func (m measures) often(name string, f func()) {
	for range 21 {
		m.ms(name, f)
	}
}

func (m measures) report(b *testing.B) {
	b.ReportMetric(0, "ns/op")
	for name, values := range m {
		slices.Sort(values)
		b.ReportMetric(values[len(values)/2], name)
	}
}

// replay is a trace played by its people, each in a copy of the document.
type replay struct {
	trace   *crdttest.Trace
	people  []crdttest.Person
	docs    []*crdt.Doc
	batches []crdt.Batch   // by txn, while they are not sealed
	changes []*crdt.Change // those that make the people members, then by txn
	first   int            // the place of the first txn's change in changes
	local   time.Duration  // that edits took
	sealing time.Duration

	sample map[int]bool // txns behind which the text is compared later
	past   []moment
}

// moment is what a text was at a version.
type moment struct {
	version crdt.VersionVector
	text    string
}

// samples is how many versions of the past are compared.
const samples = 100

func newReplay(trace *crdttest.Trace) *replay {
	r := &replay{trace: trace, people: crdttest.People(trace.Agents), sample: map[int]bool{}}
	rng := rand.New(rand.NewPCG(1, uint64(len(trace.Txns))))
	for range samples {
		r.sample[rng.IntN(len(trace.Txns))] = true
	}
	for range r.people {
		r.docs = append(r.docs, crdt.New(r.people[0].Genesis()))
	}
	for i, p := range r.people {
		if i > 0 {
			r.docs[0].Grant(p.Author.Device, p.Name, noon)
			grant := r.people[0].Flush(r.docs[0])
			r.changes = append(r.changes, grant...)
			for _, d := range r.docs[1:] {
				value(d.Apply(grant...))
			}
		}
		if err := r.docs[i].Attach(p.Author); err != nil {
			panic(err)
		}
	}
	r.first = len(r.changes)
	r.batches = make([]crdt.Batch, len(trace.Txns))
	return r
}

// run plays the whole trace and makes changes of it.
func (r *replay) run() {
	runtime.GC()
	if r.trace.Agents > 1 {
		r.runTogether()
		return
	}
	start := time.Now()
	for i := range r.trace.Txns {
		r.edit(i, r.docs[0])
	}
	r.local = time.Since(start)
	start = time.Now()
	for i := range r.batches {
		r.seal(i, r.people[0])
	}
	r.sealing = time.Since(start)
	for i := range r.changes {
		r.docs[0].Sealed(r.changes[i : i+1])
	}
	r.batches = nil
	r.remember()
}

// remember makes the trace's edits in a slice of code points, for the texts of the past.
func (r *replay) remember() {
	var text []rune
	for i, txn := range r.trace.Txns {
		for _, e := range txn.Edits {
			text = slices.Replace(text, e.At, e.At+e.Delete, []rune(e.Insert)...)
		}
		if r.sample[i] {
			c := r.changes[r.first+i]
			r.past = append(r.past, moment{crdt.VersionVector{c.Replica: c.Next}, string(text)})
		}
	}
}

// checkPast compares texts at versions with what was there.
func (r *replay) checkPast(b *testing.B, d *crdt.Doc) {
	for _, p := range r.past {
		if value(d.TextAt(p.version)) != p.text {
			b.Fatalf("the text at version %v is another", p.version)
		}
	}
}

// seal makes the change of txn i, and signs it.
func (r *replay) seal(i int, p crdttest.Person) {
	b := &r.batches[i]
	if i > 0 && r.trace.Agents == 1 {
		b.After(r.changes[len(r.changes)-1])
	}
	r.changes = append(r.changes, b.Seal(p.Key)...)
}

// runTogether plays the trace, each txn in the copy of its agent, when that has just
// what the txn was made in knowledge of.
func (r *replay) runTogether() {
	known := make([][]bool, len(r.docs))
	for a := range known {
		known[a] = make([]bool, len(r.trace.Txns))
	}
	for i, txn := range r.trace.Txns {
		d, p := r.docs[txn.Agent], r.people[txn.Agent]
		for _, k := range r.missing(known[txn.Agent], txn.Parents) {
			if r.trace.Txns[k].Agent != txn.Agent {
				value(d.Apply(r.changes[r.first+k]))
			}
		}
		known[txn.Agent][i] = true
		start := time.Now()
		r.edit(i, d)
		sealing := time.Now()
		r.seal(i, p)
		r.local += sealing.Sub(start)
		r.sealing += time.Since(sealing)
		d.Sealed(r.changes[len(r.changes)-1:])
		if r.sample[i] {
			r.past = append(r.past, moment{d.Version(), d.Text()})
		}
	}
}

// missing returns the txns that are at or above the given ones and not known,
// ascending, and makes them known.
func (r *replay) missing(known []bool, txns []int) (list []int) {
	for queue := slices.Clone(txns); len(queue) > 0; {
		k := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		if !known[k] {
			known[k] = true
			list = append(list, k)
			queue = append(queue, r.trace.Txns[k].Parents...)
		}
	}
	slices.Sort(list)
	return list
}

// edit makes the edits of a txn.
func (r *replay) edit(i int, d *crdt.Doc) {
	txn := &r.trace.Txns[i]
	for _, e := range txn.Edits {
		if e.Delete > 0 {
			d.Delete(e.At, e.At+e.Delete, txn.Time)
		}
		if e.Insert != "" {
			d.Insert(e.At, e.Insert, txn.Time)
		}
	}
	r.batches[i] = d.Flush()
}

// loadChanges builds the document from all changes, one by one.
func (r *replay) loadChanges(b *testing.B) *crdt.Doc {
	d := crdt.New(r.people[0].Genesis())
	for _, c := range r.changes {
		if _, err := d.Load(c); err != nil {
			b.Fatal(err)
		}
	}
	return d
}

// loadFrames builds the document from the frames of all changes.
func (r *replay) loadFrames(b *testing.B, frames []byte) {
	d := crdt.New(r.people[0].Genesis())
	for rest := frames; len(rest) > 0; {
		c, more, err := crdt.DecodeFrame(rest)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := d.Load(c); err != nil {
			b.Fatal(err)
		}
		rest = more
	}
}

// wire reports how many bytes a typed character takes.
func (r *replay) wire(m measures) {
	var sizes []float64
	sum := 0.0
	for i, txn := range r.trace.Txns {
		if len(txn.Edits) == 1 && txn.Edits[0].Delete == 0 && utf8.RuneCountInString(txn.Edits[0].Insert) == 1 {
			size := float64(len(r.changes[r.first+i].Body))
			sizes = append(sizes, size)
			sum += size
		}
	}
	slices.Sort(sizes)
	m.put("wire-B/key", sizes[len(sizes)/2])
	m.put("wire-mean-B/key", sum/float64(len(sizes)))
	m.put("wire-p99-B/key", sizes[len(sizes)*99/100])
}

// countEdits returns how many code points a trace inserts and deletes.
func countEdits(trace *crdttest.Trace) (n int) {
	for _, txn := range trace.Txns {
		for _, e := range txn.Edits {
			n += e.Delete + utf8.RuneCountInString(e.Insert)
		}
	}
	return n
}

func (r *replay) frames() (b []byte) {
	for _, c := range r.changes {
		b = c.AppendFrame(b)
	}
	return b
}

// half returns the version in the middle of the trace.
func (r *replay) half() crdt.VersionVector {
	v := crdt.VersionVector{}
	for _, c := range r.changes[:len(r.changes)/2] {
		v[c.Replica] = c.Next
	}
	return v
}
