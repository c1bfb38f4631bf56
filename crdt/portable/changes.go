package portable

import "encoding/binary"

// The changes section and the signatures section, as FORMAT-FILE.md has them.

const (
	sectionChanges    = 0x01
	sectionSignatures = 0x02
	maySkip           = 0x80
	lastSection       = 0xff

	signatureSize = 64
)

// writeChanges calls put with the bytes of the changes section, one after the other, and begin in front of each change.
func (p *Parcel) writeChanges(put func([]byte), begin func()) {
	b := p.doc.Genesis().Bytes()
	forked := byte(0)
	if p.forked {
		forked = 1
	}
	b = binary.AppendUvarint(append(b, forked), uint64(len(p.chains)))
	for _, k := range p.chains {
		b = append(b, k.replica[:]...)
		b = binary.AppendUvarint(b, uint64(k.from))
		b = binary.AppendUvarint(b, uint64(k.next))
		b = append(b, k.hash[:]...)
	}
	put(binary.AppendUvarint(b, uint64(len(p.changes))))
	for i := 0; i < len(p.changes); {
		n := p.group(i)
		b = binary.AppendUvarint(b[:0], uint64(p.of[i]))
		put(binary.AppendUvarint(b, uint64(n)))
		for _, c := range p.changes[i : i+n] {
			begin()
			b = binary.AppendUvarint(b[:0], uint64(len(c.Body)))
			b = append(b, c.Body...)
			if p.forked {
				b = append(b, c.Stamp[:]...)
			}
			put(b)
		}
		i += n
	}
}

// group returns how many changes from the ith on are of one chain.
func (p *Parcel) group(i int) (n int) {
	for i+n < len(p.of) && p.of[i+n] == p.of[i] {
		n++
	}
	return n
}

// writeSignatures calls put with the bytes of the signatures section.
func (p *Parcel) writeSignatures(put func([]byte)) {
	bare := 0
	for _, c := range p.changes {
		if c.Signature == nil {
			bare++
			continue
		}
		put(append(binary.AppendUvarint(nil, uint64(bare)), c.Signature...))
		bare = 0
	}
}
