package textmodel

import "math/bits"

// Probabilities of a one are in 1/65536; stretched ones, ln(p/(1−p)), in 1/256.

// stretchLimit is where squash reaches one in 65536.
const stretchLimit = 2815

// squashed is squash of −stretchLimit … stretchLimit.
var squashed = func() (table [2*stretchLimit + 1]uint16) {
	const (
		one  = 1 << 40
		step = 1103814994613 // e^(1/256) · one
	)
	power := uint64(one) // e^(i/256)
	for i := range stretchLimit + 1 {
		odds := power >> 16
		p := odds << 16 / (odds + one>>16)
		table[stretchLimit+i] = uint16(p)
		table[stretchLimit-i] = uint16(1<<16 - p)
		high, low := bits.Mul64(power, step)
		power = high<<24 | low>>40
	}
	return table
}()

// stretched is stretch of every probability, in 1/4096.
var stretched = func() (table [4096]int16) {
	x := int32(-stretchLimit)
	for p := range table {
		for x < stretchLimit && squash(x) < int32(p)<<4+8 {
			x++
		}
		table[p] = int16(x)
	}
	return table
}()

// squash gives the probability with the stretch x, 1/(1+e^−x).
func squash(x int32) int32 {
	return int32(squashed[clamp(x)+stretchLimit])
}

// stretch is the inverse of squash, to 12 bits of p.
func stretch(p uint16) int32 { return int32(stretched[p>>4]) }

func clamp(x int32) int32 { return min(max(x, -stretchLimit), stretchLimit) }
