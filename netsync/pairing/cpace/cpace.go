package cpace

import (
	"crypto/hmac"
	"crypto/sha512"
	"encoding/binary"
	"errors"

	"filippo.io/edwards25519"
)

// The draft's names for the group and for what is derived (sections 8.3, 9.4 and 10.4).
const (
	dsi       = "CPaceRistretto255"
	dsiKey    = dsi + "_ISK"
	dsiTag    = "CPaceMac"
	dsiResult = "inkling/1 code "
)

// Sizes in bytes.
const (
	ShareSize = 32
	TagSize   = 64
)

// ErrShare is given for the other end's share when it is not the encoding of a point, or of the one that makes every key
// the same.
var ErrShare = errors.New("cpace: the share is no point to make a key with")

// Role is the end of an exchange. The initiator's share is sent first.
type Role int

const (
	Initiator Role = iota
	Responder
)

// Terms are what both ends must have alike, or their keys differ.
type Terms struct {
	Code    string
	Channel []byte
	Session []byte
	Notes   [2]string // of the Initiator and of the Responder
}

// Exchange is one end of one exchange, between its share and the other's.
type Exchange struct {
	role   Role
	terms  Terms
	secret *edwards25519.Scalar
	share  [ShareSize]byte
}

// Start begins an exchange with 32 random bytes that are used for nothing else.
func Start(role Role, terms Terms, random [32]byte) *Exchange {
	random[31] &= 0x0f // 252 bits, below the order of the group (draft, section 8.3)
	secret, err := edwards25519.NewScalar().SetCanonicalBytes(random[:])
	if err != nil {
		panic("cpace: " + err.Error())
	}
	return &Exchange{role: role, terms: terms, secret: secret, share: generator(terms).times(secret).encode()}
}

// Share returns what is to be sent to the other end.
func (x *Exchange) Share() [ShareSize]byte { return x.share }

// generator is calculate_generator of the draft.
func generator(t Terms) point {
	return fromUniform(sha512.Sum512(generatorString(t)))
}

// generatorString pads the code so that it fills the first block of the hash.
func generatorString(t Terms) []byte {
	first := len(lengthAndValue(nil, []byte(dsi))) + len(lengthAndValue(nil, []byte(t.Code)))
	pad := make([]byte, max(0, sha512.BlockSize-1-first))
	return concatenate([]byte(dsi), []byte(t.Code), pad, t.Channel, t.Session)
}

// Finish makes the key with the share of the other end. The error is [ErrShare].
func (x *Exchange) Finish(theirs [ShareSize]byte) (*Key, error) {
	other, err := decode(theirs)
	if err != nil {
		return nil, ErrShare
	}
	k := other.times(x.secret).encode()
	if k == (point{edwards25519.NewIdentityPoint()}).encode() {
		return nil, ErrShare
	}
	shares := [2][ShareSize]byte{x.share, theirs}
	if x.role == Responder {
		shares[0], shares[1] = shares[1], shares[0]
	}
	spoken := [2][]byte{ // what each end has said
		concatenate(shares[Initiator][:], []byte(x.terms.Notes[Initiator])),
		concatenate(shares[Responder][:], []byte(x.terms.Notes[Responder])),
	}
	isk := sha512.New()
	isk.Write(concatenate([]byte(dsiKey), x.terms.Session, k[:]))
	isk.Write(spoken[Initiator])
	isk.Write(spoken[Responder])
	key := &Key{isk: [64]byte(isk.Sum(nil))}
	tagKey := sha512.New()
	tagKey.Write([]byte(dsiTag))
	tagKey.Write(x.terms.Session)
	tagKey.Write(key.isk[:])
	sum := tagKey.Sum(nil)
	key.own = mac(sum, spoken[x.role])
	key.theirs = mac(sum, spoken[1-x.role])
	return key, nil
}

// Key is what an exchange comes to. The other end has the same if it has the same terms; [Key.Proves] tells.
type Key struct {
	isk         [64]byte
	own, theirs [TagSize]byte
}

// Tag returns the proof that this end has the key.
func (k *Key) Tag() [TagSize]byte { return k.own }

// Proves says whether tag is the other end's proof, in constant time. One's own tag sent back is not.
func (k *Key) Proves(tag [TagSize]byte) bool { return hmac.Equal(tag[:], k.theirs[:]) }

// Derive returns 32 bytes for a purpose, which both ends have alike and nobody else has.
func (k *Key) Derive(purpose string) [32]byte {
	all := mac(k.isk[:], []byte(dsiResult+purpose))
	return [32]byte(all[:32])
}

func mac(key, text []byte) [64]byte {
	m := hmac.New(sha512.New, key)
	m.Write(text)
	return [64]byte(m.Sum(nil))
}

// concatenate is lv_cat of the draft: each part behind its length.
func concatenate(parts ...[]byte) (b []byte) {
	for _, p := range parts {
		b = lengthAndValue(b, p)
	}
	return b
}

// lengthAndValue is prepend_len of the draft: the length as LEB128, then the bytes.
func lengthAndValue(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}
