package crdt

import (
	"fmt"
	"strings"
)

// Dump returns a readable picture of d for failure messages: what it has seen,
// and its runs in document order with tombstones in brackets. Replicas are shown
// by the first four digits of their ids.
func (d *Doc) Dump() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d code points, %d paragraphs, %d blocks, %d pending\n", d.Len(), d.Lines(), len(d.seq.blocks), len(d.pending.held))
	for _, r := range d.replicas.sorted() {
		own := ""
		if r == d.own {
			own = ", own"
		}
		fmt.Fprintf(&b, "replica %s next %d, last Lamport %d, %d records%s\n", r.short(), r.next, r.last(), len(r.log), own)
	}
	for i, bl := range d.seq.blocks {
		fmt.Fprintf(&b, "block %d\n", i)
		for j := range bl.runs {
			bl.runs[j].dump(&b)
		}
	}
	return b.String()
}

func (r *run) dump(b *strings.Builder) {
	origin := "root"
	if o := r.by.origin(r.seq); o.by != nil {
		origin = fmt.Sprintf("%s:%d", o.by.short(), o.seq)
	}
	text := fmt.Sprintf("%q", r.content())
	if !r.visible() {
		text = fmt.Sprintf("[%s] deleted by %d", text, r.deletes)
	}
	fmt.Fprintf(b, "  %s:%d+%d after %s chain %d Lamport %d %s\n", r.by.short(), r.seq, r.n, origin, r.chain, r.by.lamport(r.seq), text)
}

func (r *replica) short() string { return r.id.String()[:4] }
