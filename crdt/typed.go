package crdt

// Typed returns the text that c inserts, in the order of its ops, and none where the bytes are no body. It asks for nothing else of c's chain, so
// it tells of a change that cannot be applied what is lost with it. O(length).
func (c *Change) Typed() string {
	var r bodyReader
	r.readHead(c.Body, c.Seq)
	r.checkCauses()
	if r.flags&headGrant != 0 {
		r.grant()
	}
	var text []byte
	for r.more() {
		if o := r.op(); r.err == nil && o.kind == Insert {
			text = append(text, o.text...)
		}
	}
	if r.err != nil {
		return ""
	}
	return string(text)
}
