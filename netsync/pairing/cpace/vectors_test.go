package cpace

import (
	"bytes"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"math/big"
	"slices"
	"testing"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// The exchange of the draft's appendix on ristretto255 (B.3), from the file testvectors.json beside the draft, where the
// group is called G_Coffee25519.
var draft = struct{ generator, secretA, shareA, secretB, shareB, k, isk string }{
	generator: "a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30b36b",
	secretA:   "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08",
	shareA:    "d40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a",
	secretB:   "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d",
	shareB:    "08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307",
	k:         "e22b1ef7788f661478f3cddd4c600774fc0f41e6b711569190ff88fa0e607e09",
	isk: "4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d" +
		"8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8239f87f2e02ed1",
}

func draftTerms() Terms {
	return Terms{
		Code: "Password", Channel: []byte("oc\x0bB_responder\x0bA_initiator"),
		Session: unhex("7e4b4791d6a8ef019b936c79fb7f2c57"), Notes: [2]string{"ADa", "ADb"},
	}
}

func TestDraftVectors(t *testing.T) {
	if g := generator(draftTerms()).encode(); !bytes.Equal(g[:], unhex(draft.generator)) {
		t.Errorf("generator %x", g)
	}
	a := Start(Initiator, draftTerms(), [32]byte(unhex(draft.secretA)))
	b := Start(Responder, draftTerms(), [32]byte(unhex(draft.secretB)))
	if s := a.Share(); !bytes.Equal(s[:], unhex(draft.shareA)) {
		t.Errorf("share of the initiator %x", s)
	}
	if s := b.Share(); !bytes.Equal(s[:], unhex(draft.shareB)) {
		t.Errorf("share of the responder %x", s)
	}
	other, err := decode(b.Share())
	if err != nil {
		t.Fatal(err)
	}
	if k := other.times(a.secret).encode(); !bytes.Equal(k[:], unhex(draft.k)) {
		t.Errorf("K %x", k)
	}
	for _, x := range []struct {
		end   *Exchange
		share [ShareSize]byte
	}{{a, b.Share()}, {b, a.Share()}} {
		key, err := x.end.Finish(x.share)
		if err != nil || !bytes.Equal(key.isk[:], unhex(draft.isk)) {
			t.Errorf("ISK %x, %v", key.isk, err)
		}
	}
}

// TestDraftPoints: the valid and the invalid point of appendix B.3.
func TestDraftPoints(t *testing.T) {
	s, err := edwards25519.NewScalar().SetCanonicalBytes(unhex("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05"))
	if err != nil {
		t.Fatal(err)
	}
	p, err := decode([32]byte(unhex("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c")))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.times(s).encode(); !bytes.Equal(got[:], unhex("7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e")) {
		t.Errorf("got %x", got)
	}
	x := Start(Initiator, draftTerms(), [32]byte{1})
	for name, share := range map[string]string{
		"no point": "2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c",
		"identity": "0000000000000000000000000000000000000000000000000000000000000000",
	} {
		if _, err := x.Finish([32]byte(unhex(share))); !errors.Is(err, ErrShare) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestPadding: the strings of appendix A.
func TestPadding(t *testing.T) {
	for _, c := range []struct {
		in   []byte
		want string
	}{{nil, "00"}, {[]byte("1234"), "0431323334"}, {make([]byte, 127), "7f"}, {make([]byte, 128), "8001"}} {
		if got := lengthAndValue(nil, c.in); !bytes.HasPrefix(got, unhex(c.want)) || len(got) < len(c.in)+1 {
			t.Errorf("%d bytes: %x", len(c.in), got)
		}
	}
	if n := bytes.Index(generatorString(draftTerms()), []byte("oc\x0b")); n != sha512.BlockSize+1 {
		t.Errorf("the channel begins at byte %d: code and padding do not fill the block", n)
	}
}

// TestConstants: what RFC 9496 says the constants are.
func TestConstants(t *testing.T) {
	inverse := func(e *field.Element) *field.Element { return new(field.Element).Invert(e) }
	fraction := func(n int64) *field.Element { return decimal(big.NewInt(n).String()) }
	same := func(name string, got, want *field.Element) {
		if got.Equal(want) != 1 {
			t.Errorf("%s: %x, want %x", name, got.Bytes(), want.Bytes())
		}
	}
	same("d", curveD, neg(mul(fraction(121665), inverse(fraction(121666)))))
	same("sqrt(-1)²", square(sqrtMinusOne), minusOne)
	same("sqrt(ad-1)²", square(sqrtADLessOne), sub(neg(curveD), one))
	same("1/sqrt(a-d)²", inverse(square(invSqrtALessD)), sub(minusOne, curveD))
	if slices.Contains([]int{sqrtMinusOne.IsNegative(), invSqrtALessD.IsNegative()}, 1) {
		t.Error("a root is the negative one")
	}
}

// TestSmallMultiples: RFC 9496, appendix A.1.
func TestSmallMultiples(t *testing.T) {
	want := []string{
		"0000000000000000000000000000000000000000000000000000000000000000",
		"e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76",
		"6a493210f7499cd17fecb510ae0cea23a110e8d5b901f8acadd3095c73a3b919",
		"94741f5d5d52755ece4f23f044ee27d5d1ea1e2bd196b462166b16152a9d0259",
	}
	p := point{edwards25519.NewIdentityPoint()}
	for i, w := range want {
		got := p.encode()
		if !bytes.Equal(got[:], unhex(w)) {
			t.Errorf("%d times the base: %x, want %s", i, got, w)
		}
		p.p.Add(p.p, edwards25519.NewGeneratorPoint())
	}
}
