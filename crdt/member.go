package crdt

import "slices"

// Member is a device that may write in a document.
type Member struct {
	Device DeviceKey
	Name   string // as the Grant has it; empty for the creator
	Grant  ID     // the root for the creator
}

// Members returns the devices that may write, in order of arrival, the creator first.
func (d *Doc) Members() []Member {
	list := []Member{{Device: d.genesis.Creator}}
	for _, lv := range d.grants {
		device, name := readGrant(d.other[lv])
		list = append(list, Member{Device: device, Name: name, Grant: d.id(lv)})
	}
	return list
}

// MemberCount returns how many there are of [Doc.Members], which only ever get more. O(1).
func (d *Doc) MemberCount() int { return 1 + len(d.grants) }

// membership returns the Grant by which a device is a member, none for the creator's.
func (d *Doc) membership(device DeviceKey) (grant uint32, ok bool) {
	if device == d.genesis.Creator {
		return none, true
	}
	i := slices.IndexFunc(d.grants, func(lv uint32) bool { return isGrant(d.other[lv], device) })
	if i < 0 {
		return none, false
	}
	return d.grants[i], true
}

// note keeps an op that does nothing to the text, and what it does beside it.
func (d *Doc) note(lv uint32, raw []byte) {
	d.addOther(lv, raw)
	switch kind := OpKind(raw[0] & kindMask); {
	case kind == Grant:
		d.grants = append(d.grants, lv)
	case kind > Pass:
		d.unknown++
	}
}

// isGrant says whether an op is a Grant of device.
func isGrant(raw []byte, device DeviceKey) bool {
	if len(raw) == 0 || OpKind(raw[0]&kindMask) != Grant {
		return false
	}
	granted, _ := readGrant(raw)
	return granted == device
}

// readGrant returns what a Grant says.
func readGrant(raw []byte) (device DeviceKey, name string) {
	r := bodyReader{reader: reader{b: raw}, seq: 1}
	o := r.op()
	copy(device[:], o.payload)
	return device, string(o.payload[len(device):])
}

// hasGrant says whether c holds a Grant. Its form has been checked.
func hasGrant(c *Change) bool {
	var b bodyReader
	b.readHead(c.Body, c.Seq)
	b.checkCauses()
	if b.flags&headGrant != 0 {
		b.grant()
	}
	for b.more() {
		if o := b.op(); o.kind == Grant {
			return true
		}
	}
	return false
}

// opAt returns the op of c that begins at seq as the body has it, nil when none does.
func opAt(c *Change, seq uint32) (raw []byte) {
	var b bodyReader
	b.readHead(c.Body, c.Seq)
	b.checkCauses()
	if b.flags&headGrant != 0 {
		b.grant()
	}
	for b.more() && b.seq <= seq {
		start, at := b.at, b.seq
		if b.op(); at == seq {
			return b.b[start:b.at]
		}
	}
	return nil
}
