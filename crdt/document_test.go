package crdt_test

import (
	"testing"

	"inkling/crdt"
	"inkling/crdt/crdttest"
)

// TestEmptyDocument: all questions have an answer before the first edit.
func TestEmptyDocument(t *testing.T) {
	d := crdt.New(crdttest.NewPerson("Ana").Genesis())
	if err := d.Check(); err != nil {
		t.Error(err)
	}
	if err := d.Verify(); err != nil {
		t.Error(err)
	}
	if text, err := d.TextAt(nil); text != "" || err != nil {
		t.Errorf("text %q, %v", text, err)
	}
	if d.Text() != "" || d.Len() != 0 || d.Lines() != 1 || len(d.DeltaSince(nil)) != 0 || len(d.Version()) != 0 || d.Pending() != 0 {
		t.Errorf("it is not empty: %s", d.Dump())
	}
	if b := d.Flush(); !b.Empty() {
		t.Error("there is something to flush")
	}
}
