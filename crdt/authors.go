package crdt

// Authorship says who wrote a stretch of the visible text, and when.
type Authorship struct {
	Len     int // code points
	Replica ReplicaID
	Device  DeviceKey
	Minutes int64 // wall time of the change, in minutes since the Unix epoch
}

// Authors returns who wrote the range [from, to), in stretches of one author and
// minute that make up the range. O(log n) for each stretch and span.
func (d *Doc) Authors(from, to int) (list []Authorship) {
	d.mustRange(from, to)
	d.stretches(from, to, func(lv, n uint32) {
		for n > 0 {
			a, here := d.authorship(lv, n)
			if k := len(list) - 1; k >= 0 && list[k].Replica == a.Replica && list[k].Minutes == a.Minutes {
				list[k].Len += a.Len
			} else {
				list = append(list, a)
			}
			lv, n = lv+here, n-here
		}
	})
	return list
}

// authorship returns who wrote element lv, and how many of the n from it on are of
// that author and minute for sure.
func (d *Doc) authorship(lv, n uint32) (a Authorship, alike uint32) {
	i := d.arrival(lv)
	r := d.replicas[d.arrivals[i].by]
	if i+1 < len(d.arrivals) {
		n = min(n, d.arrivals[i+1].lv-lv)
	}
	minutes := d.draft.minutes // of the open change
	if lv < d.changes.end {
		var end uint32
		minutes, end = d.changes.minutesFrom(lv)
		n = min(n, end-lv)
	}
	return Authorship{int(n), r.id, r.author.Device, minutes}, n
}
