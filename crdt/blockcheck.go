package crdt

// checkUnusual checks what the columns cannot exclude by their form.
func (r *blockReader) checkUnusual() {
}
