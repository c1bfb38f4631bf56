package disktest

// Fault says what a disk refuses.
type Fault struct {
	Kind FaultKind
	// Nth is the first write, sync or read that fails, counted from 1 since [Disk.Break].
	Nth int
	// Lasting: all that follow of its kind fail too, until [Disk.Heal].
	Lasting bool
}

// FaultKind is a kind of refusal.
type FaultKind int

const (
	// FullWrite is a write that ends half-way because the disk is full.
	FullWrite FaultKind = iota + 1
	// FailedSync is a sync that says that the disk is broken. See the package comment
	// for what becomes of the bytes.
	FailedSync
	// FailedRead is a read that says that the disk is broken.
	FailedRead
)

func (k FaultKind) String() string {
	return map[FaultKind]string{FullWrite: "full disk at write", FailedSync: "failed sync", FailedRead: "failed read"}[k]
}

// faults counts what may fail. The zero value refuses nothing.
type faults struct {
	fault Fault
	seen  int // of fault.Kind
	hits  int
}

// Break makes d refuse from now on.
func (d *Disk) Break(f Fault) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.faults = faults{fault: f}
}

// Heal ends all refusing.
func (d *Disk) Heal() { d.Break(Fault{}) }

// Refusals returns how often d refused since Break.
func (d *Disk) Refusals() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.faults.hits
}

// refuse counts a write, sync or read and says whether it fails.
func (f *faults) refuse(k FaultKind) bool {
	if f.fault.Kind != k {
		return false
	}
	f.seen++
	if f.seen == f.fault.Nth || f.fault.Lasting && f.seen > f.fault.Nth {
		f.hits++
		return true
	}
	return false
}
