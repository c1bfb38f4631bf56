// Package cpace makes a strong key out of a short code that two people share: CPace, a balanced
// password-authenticated key exchange, as draft-irtf-cfrg-cpace-21 specifies it, in the cipher suite
// CPACE-RISTR255-SHA512, with an initiator and a responder and with its explicit key confirmation.
//
// # Idea
//
// The code picks a point of the group, the generator; on it both make a Diffie-Hellman exchange. Who has another code has
// another generator and gets another key. What goes over the line says nothing about the code: one exchange tests one
// code, online, and the one who is asked can count. Both then prove to each other that they have the key.
//
// # Words
//
//	share      what one end sends: its secret number times the generator, 32 bytes
//	channel    where the exchange takes place, known to both before (the draft: CI)
//	session    what is unique to this exchange (the draft: sid)
//	note       what an end says in the open with its share (the draft: ADa, ADb)
//	tag        the proof that an end has the key, 64 bytes
//
// # Smallest example
//
//	x := cpace.Start(cpace.Initiator, terms, random)
//	send(x.Share())
//	key, err := x.Finish(receive())
//	send(key.Tag())
//	ok := key.Proves(receive())
//
// # The group
//
// ristretto255 (RFC 9496) has prime order, so that there are no small subgroups to be led into. Its points are encoded and
// found here (ristretto.go), in constant time; the arithmetic below is filippo.io/edwards25519, the code of Go's own
// crypto/ed25519. gtank/ristretto255 would be the whole group, but rests on a copy of that code of 2019 which nobody keeps;
// circl has the group, but not the map from 64 bytes to a point that the draft wants. The tests compare with circl.
//
// # What it does not do
//
// It sends nothing, has no randomness, and does not count tries: netsync/pairing does.
package cpace
