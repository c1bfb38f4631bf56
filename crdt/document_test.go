package crdt

import (
	"testing"
	"time"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestTypingSmallest(t *testing.T) {
	d := New()
	d.Attach(ReplicaID{1})
	d.Insert(0, "Hello", noon)
	d.Insert(5, " world\n", noon)
	d.Delete(0, 1, noon)
	d.Insert(0, "J", noon)
	if got := d.Text(); got != "Jello world\n" {
		t.Fatalf("text %q\n%s", got, d.Dump())
	}
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	e := New()
	for _, c := range d.Flush(noon) {
		c, err := DecodeChange(c.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := e.Apply(c); err != nil {
			t.Fatal(err)
		}
	}
	if e.Text() != d.Text() {
		t.Fatalf("%q\n%s", e.Text(), e.Dump())
	}
	if err := e.Check(); err != nil {
		t.Fatal(err)
	}
}
