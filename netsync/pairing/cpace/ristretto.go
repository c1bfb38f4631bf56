package cpace

import (
	"crypto/subtle"
	"errors"
	"math/big"
	"slices"

	"filippo.io/edwards25519"
	"filippo.io/edwards25519/field"
)

// point is an element of ristretto255: a point of edwards25519 that stands for all those which encode alike.
type point struct{ p *edwards25519.Point }

// errPoint is what bytes give that are not the encoding of a point.
var errPoint = errors.New("cpace: not the encoding of a point")

// The constants of RFC 9496, section 4.1.
var (
	one           = new(field.Element).One()
	minusOne      = new(field.Element).Negate(one)
	curveD        = decimal("37095705934669439343138083508754565189542113879843219016388785533085940283555")
	sqrtMinusOne  = decimal("19681161376707505956807079304988542015446066515923890162744021073123829784752")
	sqrtADLessOne = decimal("25063068953384623474111414158702152701244531502492656460079210482610430750235")
	invSqrtALessD = decimal("54469307008909316920995813868745141605393597292927456921205312896311721017578")
	oneLessDSq    = new(field.Element).Subtract(one, new(field.Element).Square(curveD))
	dLessOneSq    = new(field.Element).Square(new(field.Element).Subtract(curveD, one))
)

func decimal(s string) *field.Element {
	n, ok := new(big.Int).SetString(s, 10)
	if !ok {
		panic("cpace: a constant is no number")
	}
	b := n.FillBytes(make([]byte, 32))
	slices.Reverse(b)
	e, err := new(field.Element).SetBytes(b)
	if err != nil {
		panic("cpace: " + err.Error())
	}
	return e
}

func mul(a, b *field.Element) *field.Element { return new(field.Element).Multiply(a, b) }
func add(a, b *field.Element) *field.Element { return new(field.Element).Add(a, b) }
func sub(a, b *field.Element) *field.Element { return new(field.Element).Subtract(a, b) }
func square(a *field.Element) *field.Element { return new(field.Element).Square(a) }
func neg(a *field.Element) *field.Element    { return new(field.Element).Negate(a) }
func abs(a *field.Element) *field.Element    { return new(field.Element).Absolute(a) }

// choose returns a if condition is 1, and b if it is 0, in constant time.
func choose(condition int, a, b *field.Element) *field.Element {
	return new(field.Element).Select(a, b, condition)
}

// encode is Encode of RFC 9496, section 4.3.2.
func (e point) encode() [32]byte {
	x0, y0, z0, t0 := e.p.ExtendedCoordinates()
	u1 := mul(add(z0, y0), sub(z0, y0))
	u2 := mul(x0, y0)
	invSqrt, _ := new(field.Element).SqrtRatio(one, mul(u1, square(u2))) // a square always
	den1, den2 := mul(invSqrt, u1), mul(invSqrt, u2)
	zInv := mul(mul(den1, den2), t0)
	rotate := mul(t0, zInv).IsNegative()
	x := choose(rotate, mul(y0, sqrtMinusOne), x0)
	y := choose(rotate, mul(x0, sqrtMinusOne), y0)
	denInv := choose(rotate, mul(den1, invSqrtALessD), den2)
	y = choose(mul(x, zInv).IsNegative(), neg(y), y)
	return [32]byte(abs(mul(denInv, sub(z0, y))).Bytes())
}

// decode is Decode of RFC 9496, section 4.3.1: each point has one encoding, and all other bytes are refused.
func decode(b [32]byte) (point, error) {
	s, err := new(field.Element).SetBytes(b[:])
	if err != nil || subtle.ConstantTimeCompare(s.Bytes(), b[:]) != 1 || s.IsNegative() == 1 {
		return point{}, errPoint
	}
	ss := square(s)
	u1, u2 := sub(one, ss), add(one, ss)
	u2Sq := square(u2)
	v := sub(neg(mul(curveD, square(u1))), u2Sq)
	invSqrt, wasSquare := new(field.Element).SqrtRatio(one, mul(v, u2Sq))
	denX := mul(invSqrt, u2)
	denY := mul(mul(invSqrt, denX), v)
	x := abs(mul(add(s, s), denX))
	y := mul(u1, denY)
	t := mul(x, y)
	if wasSquare == 0 || t.IsNegative() == 1 || y.Equal(new(field.Element)) == 1 {
		return point{}, errPoint
	}
	return extended(x, y, one, t), nil
}

// fromUniform is the one-way map of RFC 9496, section 4.3.4, from 64 bytes.
func fromUniform(b [64]byte) point {
	p, q := elligator([32]byte(b[:32])), elligator([32]byte(b[32:]))
	return point{new(edwards25519.Point).Add(p.p, q.p)}
}

// elligator is MAP of RFC 9496, section 4.3.4. The highest bit of b does not count.
func elligator(b [32]byte) point {
	t, err := new(field.Element).SetBytes(b[:])
	if err != nil {
		panic("cpace: " + err.Error()) // only a wrong length is refused
	}
	r := mul(sqrtMinusOne, square(t))
	u := mul(add(r, one), oneLessDSq)
	v := mul(sub(minusOne, mul(r, curveD)), add(r, curveD))
	s, wasSquare := new(field.Element).SqrtRatio(u, v)
	s = choose(wasSquare, s, neg(abs(mul(s, t))))
	c := choose(wasSquare, minusOne, r)
	n := sub(mul(mul(c, sub(r, one)), dLessOneSq), v)
	w0, w1 := mul(add(s, s), v), mul(n, sqrtADLessOne)
	w2, w3 := sub(one, square(s)), add(one, square(s))
	return extended(mul(w0, w3), mul(w2, w1), mul(w1, w3), mul(w0, w2))
}

func extended(x, y, z, t *field.Element) point {
	p, err := new(edwards25519.Point).SetExtendedCoordinates(x, y, z, t)
	if err != nil {
		panic("cpace: " + err.Error()) // the formulas give points of the curve
	}
	return point{p}
}

// times returns n times the point, in constant time.
func (e point) times(n *edwards25519.Scalar) point {
	return point{new(edwards25519.Point).ScalarMult(n, e.p)}
}
