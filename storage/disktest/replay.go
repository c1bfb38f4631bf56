package disktest

import (
	"hash/maphash"
	"maps"
	"math/rand/v2"
	"slices"
)

// sectorBytes is what a disk writes whole, or tears.
const sectorBytes = 512

// Replay goes through the record of a disk, see [Disk.Replay].
type Replay struct {
	// Lying makes the disk one that says that it synced and did not.
	Lying bool

	rng   *rand.Rand
	log   []event
	at    int
	files map[int]*remains
	names map[string]int // safe ones
	moves []event        // creations and deletions that are not safe yet
}

// remains is what there is of a file: safe bytes, and what was done since.
type remains struct {
	safe     []byte
	unsynced []event
}

// Replay returns the record from its beginning. Call Next before anything else. rng
// decides what failed syncs wrote.
func (d *Disk) Replay(rng *rand.Rand) *Replay {
	d.mu.Lock()
	defer d.mu.Unlock()
	r := &Replay{rng: rng, log: slices.Clip(d.log), at: -1, files: map[int]*remains{}, names: map[string]int{}}
	for name, f := range d.base {
		r.names[name] = f.id
		r.files[f.id] = &remains{safe: slices.Clone(f.data)}
	}
	return r
}

// Next goes on by one event, the first time to position 0, and says whether there was one.
// After the last it stays at the end.
func (r *Replay) Next() bool {
	if r.at == len(r.log) {
		return false
	}
	r.at++
	if r.at > 0 {
		r.step(r.log[r.at-1])
	}
	return true
}

// Position returns how many events have happened.
func (r *Replay) Position() int { return r.at }

// Settled says whether only one image is possible now.
func (r *Replay) Settled() bool {
	for _, f := range r.files {
		if len(f.unsynced) > 0 {
			return false
		}
	}
	return len(r.moves) == 0
}

func (r *Replay) step(e event) {
	f := r.files[e.file]
	if f == nil {
		f = &remains{}
		r.files[e.file] = f
	}
	switch e.kind {
	case wrote, truncated:
		f.unsynced = append(f.unsynced, e)
	case synced:
		r.sync(e.file, f)
	case syncFailed:
		f.safe = outcome(r.rng, f.safe, f.unsynced)
		f.unsynced = nil
	case created, deleted:
		r.moves = append(r.moves, e)
	case deletedSynced:
		r.moves = append(r.moves, e)
		r.settleNames()
	}
}

func (r *Replay) sync(id int, f *remains) {
	if r.Lying {
		return
	}
	for _, e := range f.unsynced {
		f.safe = apply(f.safe, e)
	}
	f.unsynced = nil
	if slices.ContainsFunc(r.moves, func(m event) bool { return m.kind == created && m.file == id }) {
		r.settleNames()
	}
}

func (r *Replay) settleNames() {
	if r.Lying {
		return
	}
	move(r.names, r.moves)
	r.moves = nil
}

func move(names map[string]int, moves []event) {
	for _, m := range moves {
		if m.kind == created {
			names[m.name] = m.file
		} else if names[m.name] == m.file {
			delete(names, m.name)
		}
	}
}

func apply(data []byte, e event) []byte {
	if e.kind == truncated {
		return cut(data, e.offset)
	}
	return put(data, e.data, e.offset)
}

// Image makes a disk as a power cut at this position may leave it. It must be closed.
func (r *Replay) Image(rng *rand.Rand) *Disk {
	names := maps.Clone(r.names)
	move(names, r.moves[:rng.IntN(len(r.moves)+1)])
	image := New()
	for _, name := range slices.Sorted(maps.Keys(names)) {
		f := r.files[names[name]]
		if f == nil {
			f = &remains{}
		}
		image.lastFile++
		image.names[name] = &file{id: image.lastFile, data: outcome(rng, f.safe, f.unsynced)}
	}
	return image
}

// Sum returns a hash of all that is on d; equal disks have equal ones with one seed.
func (d *Disk) Sum(seed maphash.Seed) uint64 {
	d.mu.Lock()
	defer d.mu.Unlock()
	var h maphash.Hash
	h.SetSeed(seed)
	for _, name := range slices.Sorted(maps.Keys(d.names)) {
		data := d.names[name].data
		maphash.WriteComparable(&h, name)
		maphash.WriteComparable(&h, len(data))
		h.Write(data)
	}
	return h.Sum64()
}

// outcome returns a copy of safe with some of the unsynced events. How many is drawn
// first: none, few, half, most or all, so that the ends are met often.
func outcome(rng *rand.Rand, safe []byte, unsynced []event) []byte {
	data := append(make([]byte, 0, len(safe)+sectorBytes), safe...)
	chance := []float64{0, 0.1, 0.5, 0.9, 0.99, 1}[rng.IntN(6)]
	for _, e := range unsynced {
		if e.kind == truncated {
			if rng.Float64() < chance {
				data = apply(data, e)
			}
			continue
		}
		data = someSectors(rng, chance, data, e)
	}
	return data
}

func someSectors(rng *rand.Rand, chance float64, data []byte, e event) []byte {
	for from := 0; from < len(e.data); {
		n := min(int(sectorBytes-(e.offset+int64(from))%sectorBytes), len(e.data)-from)
		piece := e.data[from : from+n]
		switch dice := rng.Float64(); {
		case dice < chance:
			data = put(data, piece, e.offset+int64(from))
		case dice < chance+0.02:
			data = put(data, piece[:rng.IntN(n)], e.offset+int64(from))
		}
		from += n
	}
	return data
}
