package portable

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// sample returns a small file with a fork, or without one, and its parcel.
func sample(t testing.TB, forks bool) ([]byte, *Parcel) {
	t.Helper()
	for seed := uint64(1); ; seed++ {
		rng := rand.New(rand.NewPCG(seed, 1))
		group := newGroup(t, rng, 2)
		play(rng, group, 40, false, func(*writer) {})
		if forks {
			group[0].setBack(rng)
			play(rng, group, 20, false, func(*writer) {})
		}
		settle(group)
		if p := group[0].gather(); p.forked == forks {
			return file(t, p), p
		}
	}
}

// TestEveryFlip: no bit of a file can be another one.
func TestEveryFlip(t *testing.T) {
	for _, forks := range []bool{false, true} {
		b, _ := sample(t, forks)
		for i := range len(b) * 8 {
			b[i/8] ^= 1 << (i % 8)
			var newer *NewerError // what is flipped may be the version
			if _, err := Read(bytes.NewReader(b)); !isFormat(err) && (i/8 != len(magic) || !errors.As(err, &newer)) {
				t.Fatalf("bit %d of %d: %v", i, len(b)*8, err)
			}
			b[i/8] ^= 1 << (i % 8)
		}
		read(t, b)
	}
}

// isFormat says whether err names what is wrong with a file and where.
func isFormat(err error) bool {
	var format *FormatError
	return errors.As(err, &format) && format.Reason != "" && format.Section != "" && format.Offset >= 0
}

// TestEveryLength: a file that was cut off anywhere, or goes on, is damaged; one that cannot be read is not called that.
func TestEveryLength(t *testing.T) {
	b, _ := sample(t, true)
	for n := range b {
		if _, err := Read(bytes.NewReader(b[:n])); !isFormat(err) {
			t.Fatalf("%d bytes of %d: %v", n, len(b), err)
		}
	}
	if _, err := Read(bytes.NewReader(append(bytes.Clone(b), 0))); !isFormat(err) {
		t.Fatalf("a byte more: %v", err)
	}
	if _, err := Read(iotest.OneByteReader(bytes.NewReader(b))); err != nil {
		t.Fatalf("byte by byte: %v", err)
	}
	broken := errors.New("the stick was pulled out")
	for n := range b {
		if _, err := Read(io.MultiReader(bytes.NewReader(b[:n]), iotest.ErrReader(broken))); !errors.Is(err, broken) {
			t.Fatalf("a disk that fails at %d: %v", n, err)
		}
	}
	p := read(t, b)
	for n := range b {
		if _, err := p.WriteTo(&limited{left: n}); !errors.Is(err, io.ErrShortWrite) {
			t.Fatalf("a disk that is full at %d: %v", n, err)
		}
	}
}

// limited is a disk with little room.
type limited struct{ left int }

func (l *limited) Write(b []byte) (int, error) {
	n := min(l.left, len(b))
	if l.left -= n; n < len(b) {
		return n, io.ErrShortWrite
	}
	return n, nil
}

// seal makes a file of such sections, each in one piece or more, with the right root and seal.
func seal(parts ...part) []byte {
	b := append([]byte(magic), version)
	root := sha256.New()
	for _, p := range parts {
		for piece := range slices.Chunk(p.bytes, pieceSize) {
			b = append(b, p.section, packingNone)
			b = append(binary.AppendUvarint(b, uint64(len(piece))), piece...)
		}
		if p.section == sectionChanges {
			root.Write(p.bytes)
		}
	}
	return finish(b, root.Sum(nil))
}

func finish(b, root []byte) []byte {
	b = append(append(b, 0), root...)
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

type part struct {
	section byte
	bytes   []byte
}

// TestUnknownSections: what may be skipped is, what may not makes a file a newer program's, and neither harms the rest.
func TestUnknownSections(t *testing.T) {
	b, p := sample(t, false)
	changes, signatures := sections(t, b)
	known := []part{{sectionChanges, changes}, {sectionSignatures, signatures}}
	picture := part{0x84, bytes.Repeat([]byte("picture"), 1<<18)}
	if q := read(t, seal(append(known, picture)...)); q.Root() != p.Root() {
		t.Error("another root with a section that is not known")
	}
	var newer *NewerError
	if _, err := Read(bytes.NewReader(seal(append(known, part{0x03, []byte("?")}, picture)...))); !errors.As(err, &newer) {
		t.Errorf("a section that must be known: %v", err)
	}
	b[len(magic)] = 2
	if _, err := Read(bytes.NewReader(b)); !errors.As(err, &newer) {
		t.Errorf("version 2: %v", err)
	}
	for name, wrong := range map[string][]part{
		"out of order": append(slices.Clone(known), picture, part{0x83, []byte("?")}),
		"twice":        append(slices.Clone(known), known[1], picture, known[1]),
		"no changes":   {known[1]},
		"swapped":      {known[1], known[0]},
		"nothing":      nil,
	} {
		if _, err := Read(bytes.NewReader(seal(wrong...))); !isFormat(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestOtherForms: what says the same in another form is refused, and a root that is not that of the changes.
func TestOtherForms(t *testing.T) {
	b, p := sample(t, false)
	changes, signatures := sections(t, b)
	root := p.Root()
	build := func(root []byte, pieces ...[]byte) []byte {
		b := append([]byte(magic), version)
		return finish(append(b, slices.Concat(pieces...)...), root)
	}
	piece := func(section byte, b []byte) []byte {
		return append(binary.AppendUvarint([]byte{section, packingNone}, uint64(len(b))), b...)
	}
	signed := piece(sectionSignatures, signatures)
	read(t, build(root[:], piece(sectionChanges, changes), signed))
	read(t, build(root[:], piece(sectionChanges, changes[:60]), piece(sectionChanges, changes[60:]), signed)) // cut otherwise

	pack, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	small := pack.EncodeAll(changes[:1], nil) // more than one byte
	large := append(binary.AppendUvarint([]byte{sectionChanges, packingZstd, 1}, uint64(len(small))), small...)
	long := binary.AppendUvarint([]byte{sectionChanges, packingNone}, uint64(len(changes)))
	long[len(long)-1] |= 0x80
	long = append(append(long, 0), changes...)
	wider := slices.Concat(changes[:49], []byte{0x80, 0}, changes[50:]) // forked: 0 in two bytes
	sum := sha256.Sum256(wider)
	for name, wrong := range map[string][]byte{
		"another root":               build(make([]byte, len(root)), piece(sectionChanges, changes), signed),
		"packed and no smaller":      build(root[:], large, piece(sectionChanges, changes[1:]), signed),
		"a longer size":              build(root[:], long, signed),
		"a longer number":            build(sum[:], piece(sectionChanges, wider), signed),
		"an empty piece":             build(root[:], piece(sectionChanges, changes), piece(sectionChanges, nil), signed),
		"an unknown packing":         build(root[:], []byte{sectionChanges, 2, 1, 0}, piece(sectionChanges, changes[1:]), signed),
		"bytes behind the changes":   build(root[:], piece(sectionChanges, append(bytes.Clone(changes), 0)), signed),
		"half a signature":           build(root[:], piece(sectionChanges, changes), piece(sectionSignatures, signatures[:70])),
		"signatures without changes": build(root[:], piece(sectionChanges, changes), piece(sectionSignatures, slices.Concat(signatures, signatures, signatures))),
	} {
		if _, err := Read(bytes.NewReader(wrong)); !isFormat(err) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestForged: a file that is whole, but not what the members signed, is none.
func TestForged(t *testing.T) {
	ana, ben, eve := crdttest.NewPerson("Ana"), crdttest.NewPerson("Ben"), crdttest.NewPerson("Eve")
	d := crdt.New(ana.Genesis())
	if err := d.Attach(ana.Author); err != nil {
		t.Fatal(err)
	}
	d.Grant(ben.Author.Device, "Ben", noon)
	d.Insert(0, "one", noon)
	base := ana.Flush(d)
	d.Insert(3, " two", noon)
	more := ana.Flush(d)
	all := slices.Concat(base, more)
	parcel := func(edit func(p *Parcel)) *Parcel {
		p, err := Gather(ana.Genesis(), journal(travelledWithHashes(t, all)))
		if err != nil {
			t.Fatal(err)
		}
		edit(p)
		return p
	}
	read(t, file(t, parcel(func(*Parcel) {})))
	last := len(all) - 1
	for name, edit := range map[string]func(p *Parcel){
		"a body":                 func(p *Parcel) { b := p.changes[last].Body; b[len(b)-1] ^= 1 },
		"a signature":            func(p *Parcel) { p.changes[last].Signature = make([]byte, signatureSize) },
		"a signature before":     func(p *Parcel) { p.changes[0].Signature = make([]byte, signatureSize) },
		"no signature":           func(p *Parcel) { p.changes[last].Signature = nil },
		"a hash":                 func(p *Parcel) { p.chains[0].hash[3] ^= 1 },
		"the end":                func(p *Parcel) { p.changes, p.of = p.changes[:last], p.of[:last]; p.chains[0].next = all[last].Seq },
		"a chain that is a tail": func(p *Parcel) { p.chains[0].replica[2] ^= 1 },
	} {
		var forged *ForgedError
		if _, err := Read(bytes.NewReader(file(t, parcel(edit)))); !errors.As(err, &forged) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(bytes.NewReader(file(t, parcel(func(p *Parcel) { p.forked = true })))); !isFormat(err) {
		t.Errorf("forked without a fork: %v", err)
	}
	// Eve, whom nobody let in, writes.
	oracle := crdttest.NewNaive(ana.Genesis())
	oracle.Apply(crdttest.Frames(all)...)
	wrong := crdttest.NewScribe(oracle, eve, &crdt.ID{Replica: all[0].Replica}).Write([]crdttest.Cause{{Replica: all[0].Replica, Next: all[0].Next}}, crdttest.InsertOp(crdt.ID{}, "eve"))
	p := parcel(func(*Parcel) {})
	p.changes, p.of = append(p.changes, wrong), append(p.of, 1)
	p.chains = append(p.chains, chain{wrong.Replica, 0, wrong.Next, wrong.Hash})
	var refused *crdt.ChangeError
	if _, err := Read(bytes.NewReader(file(t, p))); !errors.As(err, &refused) || !strings.Contains(err.Error(), "grant") {
		t.Errorf("a stranger's change: %v", err)
	}
}

// travelledWithHashes returns copies of changes as a disk keeps them.
func travelledWithHashes(t testing.TB, changes []*crdt.Change) (all []*crdt.Change) {
	t.Helper()
	for _, c := range changes {
		k, err := crdt.NewChange(c.Replica, c.Seq, bytes.Clone(c.Body), c.Hash, c.Signature)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, k)
	}
	return all
}

// TestOtherOrder: the same changes in another order, or chains numbered otherwise, are not the document's file.
func TestOtherOrder(t *testing.T) {
	eachSeed(t, func(t *testing.T, rng *rand.Rand) {
		group := newGroup(t, rng, 2)
		play(rng, group, 60, rng.IntN(2) == 0, func(*writer) {})
		p := group[0].gather()
		i := rng.IntN(len(p.changes))
		k := rng.IntN(len(p.changes))
		if i == k {
			return
		}
		p.changes[i], p.changes[k] = p.changes[k], p.changes[i]
		p.of[i], p.of[k] = p.of[k], p.of[i]
		var forged *ForgedError
		if _, err := Read(bytes.NewReader(file(t, p))); !errors.As(err, &forged) && !isFormat(err) {
			t.Fatalf("changes %d and %d swapped: %v", i, k, err)
		}
	})
}

// TestBombs: small files that claim much are refused before room is made for it.
func TestBombs(t *testing.T) {
	genesis := crdttest.NewPerson("Ana").Genesis().Bytes()
	pack, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	bomb := func(section byte, plain []byte, size uint64, pieces int) []byte {
		packed := pack.EncodeAll(plain, nil)
		b := append([]byte(magic), version)
		for range pieces {
			b = append(b, section, packingZstd)
			b = binary.AppendUvarint(binary.AppendUvarint(b, size), uint64(len(packed)))
			b = append(b, packed...)
		}
		return finish(b, make([]byte, 32))
	}
	number := func(b []byte, numbers ...uint64) []byte {
		b = bytes.Clone(b)
		for _, n := range numbers {
			b = binary.AppendUvarint(b, n)
		}
		return b
	}
	replica := number(nil, 1)
	replica = append(replica, make([]byte, 15)...)
	for name, b := range map[string][]byte{
		"pieces of zeros":          bomb(sectionChanges, make([]byte, pieceSize), pieceSize, 1000),
		"more than it says":        bomb(sectionChanges, make([]byte, 64<<20), pieceSize, 1),
		"much more than it says":   bomb(sectionChanges, make([]byte, 256<<20), 100_000, 1),
		"less than it says":        bomb(sectionChanges, genesis, pieceSize, 1),
		"many chains":              seal(part{sectionChanges, number(append(genesis, 0), 1<<32-1)}),
		"many chains of zeros":     bomb(sectionChanges, append(number(append(genesis, 0), 1<<32-1), make([]byte, 1<<20-60)...), pieceSize, 100),
		"many changes":             seal(part{sectionChanges, number(append(genesis, 0), 0, 1<<32-1, 0, 1<<32-1)}),
		"a long body":              seal(part{sectionChanges, number(append(number(append(append(number(append(genesis, 0), 1), replica...), 0), 9), make([]byte, 32)...), 1, 0, 1, 1<<20)}),
		"a longer body":            seal(part{sectionChanges, number(append(number(append(append(number(append(genesis, 0), 1), replica...), 0), 9), make([]byte, 32)...), 1, 0, 1, 1<<20+1)}),
		"a number without an end":  seal(part{sectionChanges, append(append(genesis, 0), bytes.Repeat([]byte{0xff}, 1000)...)}),
		"a section without an end": append(append([]byte(magic), version, sectionChanges, packingNone), 0x80, 0x80, 0x40),
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := Read(bytes.NewReader(b))
			runtime.ReadMemStats(&after)
			if !isFormat(err) {
				t.Errorf("error %v", err)
			}
			if n := after.TotalAlloc - before.TotalAlloc; n > costSlack+costGrowth*uint64(len(b)) {
				t.Errorf("%d bytes of memory for a file of %d", n, len(b))
			}
			t.Logf("%d bytes, %d KB of memory: %v", len(b), (after.TotalAlloc-before.TotalAlloc)>>10, err)
		})
	}
}

// TestRegularText: text that packs a thousand times and more can be written and read like any other.
func TestRegularText(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	w := newGroup(t, rng, 1)[0]
	for range 24 {
		w.doc.Insert(0, strings.Repeat("a", 1<<20), noon)
		w.flush()
	}
	b := file(t, w.gather())
	if p := read(t, b); p.Doc().Len() != 24<<20 {
		t.Fatalf("%d code points", p.Doc().Len())
	}
	t.Logf("%d bytes", len(b))

	// A packer that minds nothing makes a bomb of it.
	changes, signatures := sections(t, b)
	packed := append([]byte(magic), version)
	pack, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for piece := range slices.Chunk(changes, pieceSize) {
		short := pack.EncodeAll(piece, nil)
		packed = append(packed, sectionChanges, packingZstd)
		packed = binary.AppendUvarint(binary.AppendUvarint(packed, uint64(len(piece))), uint64(len(short)))
		packed = append(packed, short...)
	}
	packed = append(packed, sectionSignatures, packingNone, byte(len(signatures)%128|0x80), byte(len(signatures)/128))
	root := sha256.Sum256(changes)
	_, err = Read(bytes.NewReader(finish(append(packed, signatures...), root[:])))
	if !isFormat(err) || !strings.Contains(err.Error(), "claims more") {
		t.Errorf("%d bytes: %v", len(packed), err)
	}
}
