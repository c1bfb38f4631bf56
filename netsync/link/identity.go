package link

import (
	"crypto/ed25519"
	"crypto/hmac"
	"crypto/sha256"
	"slices"
)

// ExporterLabel and ExporterSize name the TLS exporter that proofs are bound to.
const (
	ExporterLabel = "EXPORTER-inkling/1"
	ExporterSize  = 32
)

// Exporter is the keying material of one TLS connection.
type Exporter [ExporterSize]byte

// PeerID is the Ed25519 public key of a device.
type PeerID [32]byte

// role is the end of the connection that signs.
type role string

const (
	roleDialler  role = "inkling/1 dialler"
	roleListener role = "inkling/1 listener"
	roleGuest    role = "inkling/1 guest" // has typed a code
	roleHost     role = "inkling/1 host"  // has shown it
)

// knockMAC is what a dialler sends to the one it looks for.
func knockMAC(listener PeerID, e Exporter) [32]byte {
	mac := hmac.New(sha256.New, listener[:])
	mac.Write(e[:])
	return [32]byte(mac.Sum(nil))
}

// signed is role, a zero byte, the exporter, and what else the proof is bound to.
func signed(r role, e Exporter, bound ...[]byte) []byte {
	return slices.Concat(append([][]byte{[]byte(r), {0}, e[:]}, bound...)...)
}

func sign(key ed25519.PrivateKey, r role, e Exporter, bound ...[]byte) [64]byte {
	return [64]byte(ed25519.Sign(key, signed(r, e, bound...)))
}

func verify(id PeerID, r role, e Exporter, signature [64]byte, bound ...[]byte) bool {
	return ed25519.Verify(id[:], signed(r, e, bound...), signature[:])
}
