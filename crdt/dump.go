package crdt

import (
	"fmt"
	"strings"
)

// Dump returns a readable picture of d for failure messages: what it has seen, its
// ops in order of arrival, and its elements in document order, those that are deleted in
// brackets. Replicas are shown by the first four digits of their ids.
func (d *Doc) Dump() string {
	_ = d.needText() // what cannot be read is shown as it stands
	var b strings.Builder
	fmt.Fprintf(&b, "%d code points, %d paragraphs, %d ops and elements, %d changes wait\n", d.Len(), d.Lines(), d.next, d.pending.count)
	for _, r := range d.replicas {
		fmt.Fprintf(&b, "replica %s next %d, Lamport %d, signed to %d", r.short(), r.next, r.lamport, r.signature.next)
		for i := range r.table {
			fmt.Fprintf(&b, ", declares %s %d", r.table[i].of.short(), r.table[i].last())
		}
		if r == d.own {
			fmt.Fprintf(&b, ", own, flushed to %d", d.draft.first)
		}
		b.WriteByte('\n')
	}
	b.WriteString("ops\n")
	for i := range d.runs {
		d.dumpRun(&b, i)
	}
	b.WriteString("elements\n")
	for s := range d.tree.All() {
		text := ""
		d.contents(s.First, s.N, func(t []byte) { text += string(t) })
		open, shut := "", ""
		if s.Dead {
			open, shut = "[", "]"
		}
		fmt.Fprintf(&b, "  %s %s%q%s\n", d.short(s.First), open, text, shut)
	}
	return b.String()
}

func (d *Doc) dumpRun(b *strings.Builder, i int) {
	r := &d.runs[i]
	n := d.end(i) - r.lv
	fmt.Fprintf(b, "  %s+%d ", d.short(r.lv), n)
	switch r.kind {
	case runInsert:
		fmt.Fprintf(b, "insert behind %s", d.short(r.ref))
		if r.aux != none {
			fmt.Fprintf(b, " in front of %s, chain %s", d.short(r.aux), d.short(r.chain))
		}
	case runDelete:
		fmt.Fprintf(b, "delete %d from %s", r.aux, d.short(r.ref))
	case runBack:
		fmt.Fprintf(b, "delete back from %s", d.short(r.ref))
	case runRestore:
		fmt.Fprintf(b, "restore what %s deleted", d.short(r.ref))
	case runOther:
		fmt.Fprintf(b, "other % x", d.other[r.lv])
	}
	b.WriteByte('\n')
}

// short returns the name of lv, abbreviated.
func (d *Doc) short(lv uint32) string {
	if lv == none {
		return "root"
	}
	r, seq := d.op(lv)
	return fmt.Sprintf("%s:%d", r.short(), seq)
}

func (r *replica) short() string { return r.id.String()[:4] }
