// Package pairing is how two devices that do not know each other come together:
// invite links and the proof of their secret.
//
// # Idea
//
// An invite names the device that made it, where it can be reached, and a secret
// that is good for one newcomer and a day. The newcomer dials, makes sure that
// the one who answers has the invite's device key (netsync/link), and sends a
// proof: an HMAC under the secret over the TLS exporter of this connection. The
// secret itself is never sent, and a proof that somebody passes on is worth
// nothing on another connection.
//
// # Words
//
//	Invite  what a link says
//	issuer  the one who made the link
//	secret  16 random bytes, known to whoever has the link
//	ID      first 8 bytes of SHA-256(secret): names the invite without the secret
//
// # Smallest example
//
//	link := pairing.Invite{Issuer: key, Secret: secret, Expires: t, Addrs: addrs}.Link()
//	invite, err := pairing.ParseLink(link)
//	proof := pairing.Proof(invite.Secret, exporter)
//
// # What it does not do
//
// It sends nothing, stores nothing and asks nobody. Whether an invite is open,
// and whether the person lets the newcomer in, is decided by the issuer's
// netsync node and library.
package pairing
