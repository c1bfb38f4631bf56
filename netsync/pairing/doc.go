// Package pairing is how two devices that do not know each other come together:
// invite links and the proof of their secret, and codes that one shows and the other types.
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
// A code is short, for people in one room: six digits. Who tries one learns nothing but
// whether it is that one (package cpace), and the one who shows it counts: three wrong tries from an address, ten
// in all, then another, longer code takes its place. The guest proves first that it knows the code, then the host; only
// then do they tell each other who they are.
//
// # Words
//
//	Invite  what a link says
//	issuer  the one who made the link
//	secret  16 random bytes, known to whoever has the link
//	ID      first 8 bytes of SHA-256(secret): names the invite without the secret
//	code    six digits, or twelve characters after too many wrong tries
//	host    the end whose screen shows the code; its Screen counts the tries
//	guest   the end where it is typed
//	try     one exchange over a code
//
// # Smallest example
//
//	link := pairing.Invite{Issuer: key, Secret: secret, Expires: t, Addrs: addrs}.Link()
//	invite, err := pairing.ParseLink(link)
//	proof := pairing.Proof(invite.Secret, exporter)
//
//	var screen pairing.Screen
//	effects := screen.Step(now, random, pairing.Show{}) // Shown{Code: "482913"}
//	guest := pairing.NewGuest("482913", exporter, random)
//
// # What it does not do
//
// It sends nothing, stores nothing and asks nobody. Whether an invite is open,
// and whether the person lets the newcomer in, is decided by the issuer's
// netsync node and library.
//
// # Bounds
//
// A screen shows one code, looks at one try at a time, for at most 2 s, and counts 1,024 addresses.
package pairing
