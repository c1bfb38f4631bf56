package cpace

import (
	"crypto/rand"
	"testing"
)

func random() (b [32]byte) {
	rand.Read(b[:])
	return b
}

// meet lets two ends exchange shares and says which of them believes the other's tag.
func meet(t *testing.T, a, b Terms) (initiator, responder bool) {
	t.Helper()
	x, y := Start(Initiator, a, random()), Start(Responder, b, random())
	xKey, err := x.Finish(y.Share())
	if err != nil {
		t.Fatal(err)
	}
	yKey, err := y.Finish(x.Share())
	if err != nil {
		t.Fatal(err)
	}
	if initiator = xKey.Proves(yKey.Tag()); initiator != (xKey.Derive("x") == yKey.Derive("x")) {
		t.Error("equal keys and good tags are not the same")
	}
	return initiator, yKey.Proves(xKey.Tag())
}

// TestTermsMustAgree: both believe each other exactly when all terms are the same.
func TestTermsMustAgree(t *testing.T) {
	good := draftTerms()
	if a, b := meet(t, good, good); !a || !b {
		t.Error("equal terms, and no equal keys")
	}
	for name, change := range map[string]func(*Terms){
		"code":            func(x *Terms) { x.Code = "password" },
		"channel":         func(x *Terms) { x.Channel = []byte("another") },
		"session":         func(x *Terms) { x.Session = []byte("another") },
		"initiator's":     func(x *Terms) { x.Notes[Initiator] = "another" },
		"responder's":     func(x *Terms) { x.Notes[Responder] = "another" },
		"roles exchanged": func(x *Terms) { x.Notes[0], x.Notes[1] = x.Notes[1], x.Notes[0] },
	} {
		other := good
		change(&other)
		if a, b := meet(t, good, other); a || b {
			t.Errorf("another %s: believed %v %v", name, a, b)
		}
	}
}

// TestReflection: an end whose share and tag are sent back to it does not take them for another's.
func TestReflection(t *testing.T) {
	for _, role := range []Role{Initiator, Responder} {
		x := Start(role, draftTerms(), random())
		key, err := x.Finish(x.Share())
		if err == nil && key.Proves(key.Tag()) {
			t.Errorf("role %d believes itself", role)
		}
	}
}

// BenchmarkExchange is the work of one end: its share, the key, both tags.
func BenchmarkExchange(b *testing.B) {
	other := Start(Responder, draftTerms(), random()).Share()
	for b.Loop() {
		if _, err := Start(Initiator, draftTerms(), random()).Finish(other); err != nil {
			b.Fatal(err)
		}
	}
}
