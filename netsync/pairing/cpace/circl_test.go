package cpace

import (
	"bytes"
	"crypto"
	"math/rand/v2"
	"testing"
	"time"

	"filippo.io/edwards25519"
	"github.com/cloudflare/circl/expander"
	"github.com/cloudflare/circl/group"
)

// TestGroupEqualsCircl does the same with our group and with circl's: points from bytes, their multiples, sums,
// encodings, and what is refused.
func TestGroupEqualsCircl(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	dice := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16), byte(seed >> 24), byte(seed >> 32), byte(seed >> 40)})
	defer func() {
		if t.Failed() {
			t.Logf("seed %d", seed)
		}
	}()
	rounds := 500
	if testing.Short() {
		rounds = 200
	}
	for range rounds {
		message, wide := make([]byte, 20), [64]byte{}
		dice.Read(message)
		copy(wide[:], expander.NewExpanderMD(crypto.SHA512, []byte("test")).Expand(message, 64))
		theirs, ours := group.Ristretto255.HashToElement(message, []byte("test")), fromUniform(wide)
		same(t, "from 64 bytes", ours, theirs)

		var n [32]byte
		dice.Read(n[:])
		n[31] &= 0x0f
		scalar, err := edwards25519.NewScalar().SetCanonicalBytes(n[:])
		if err != nil {
			t.Fatal(err)
		}
		circlScalar := group.Ristretto255.NewScalar()
		if err := circlScalar.UnmarshalBinary(n[:]); err != nil {
			t.Fatal(err)
		}
		product := group.Ristretto255.NewElement().Mul(theirs, circlScalar)
		same(t, "multiple", ours.times(scalar), product)

		decoded, err := decode(ours.encode())
		if err != nil {
			t.Fatal(err)
		}
		same(t, "decoded", decoded, theirs)
	}
}

func same(t *testing.T, what string, ours point, theirs group.Element) {
	t.Helper()
	want, err := theirs.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	if got := ours.encode(); !bytes.Equal(got[:], want) {
		t.Fatalf("%s: %x, circl has %x", what, got, want)
	}
}

// FuzzDecode: bytes are either refused or the one encoding of a point, and circl thinks so too.
func FuzzDecode(f *testing.F) {
	base := point{edwards25519.NewGeneratorPoint()}.encode()
	f.Add(base[:])
	f.Add(make([]byte, 32))
	f.Add(bytes.Repeat([]byte{0xff}, 32))
	f.Add(unhex("edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f"))
	f.Add(unhex("0100000000000000000000000000000000000000000000000000000000000080"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) != 32 {
			return
		}
		p, err := decode([32]byte(b))
		theirs := group.Ristretto255.NewElement().UnmarshalBinary(b)
		if (err == nil) != (theirs == nil) {
			t.Fatalf("%x: %v, circl says %v", b, err, theirs)
		}
		if err == nil {
			if again := p.encode(); !bytes.Equal(again[:], b) {
				t.Fatalf("%x is read as a point that encodes to %x", b, again)
			}
		}
	})
}

// FuzzFinish: no share makes an exchange panic, and none but the other end's makes keys equal.
func FuzzFinish(f *testing.F) {
	terms := draftTerms()
	honest := Start(Responder, terms, [32]byte{2})
	share := honest.Share()
	f.Add(share[:], []byte{1})
	f.Add(make([]byte, 32), []byte{7})
	f.Fuzz(func(t *testing.T, b, random []byte) {
		if len(b) != 32 {
			return
		}
		var r [32]byte
		copy(r[:], random)
		x := Start(Initiator, terms, r)
		key, err := x.Finish([32]byte(b))
		other, err2 := honest.Finish(x.Share())
		if err != nil || err2 != nil {
			return
		}
		if key.Proves(other.Tag()) != bytes.Equal(b, share[:]) {
			t.Fatalf("share %x with secret %x: keys agree: %v", b, r, key.Proves(other.Tag()))
		}
	})
}
