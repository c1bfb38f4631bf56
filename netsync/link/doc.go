// Package link is one connection of two peers, without the connection: a state
// machine that proves who is at the other end, lets a known peer in, a stranger
// only ask, and notices silence.
//
// # Idea
//
// TLS 1.3 gives both ends a secret channel and an exporter: 32 bytes that only
// the two ends of this very channel know. The certificates prove nothing.
// Identity is proved inside, bound to the exporter, so that nobody in the middle
// can pass a proof on:
//
//	dialler                                   listener
//	Knock{HMAC(listener's key, exporter)}  →
//	                                       ←  Answer{signature(exporter, listener)}
//	Prove{key, signature(exporter, dialler)} →
//	                                       ←  Welcome
//	Hello{name}                            ↔  Hello{name}
//
// A listener whose key was not knocked for says Stranger and shows nothing
// lasting of itself. A listener that does not know the prover says Stranger too.
// After Stranger only pairing messages pass: Call (names, while both are visible),
// Join (an invite), and those of a code that the host shows and the guest types:
//
//	guest                                     host
//	Try{share}                             →
//	                                       ←  Share{share}
//	Confirm{tag}                           →
//	                                       ←  Reveal{tag, key, signature(exporter, binder, host)}
//	Present{key, signature(exporter, binder, guest), name} →
//	                                       ←  Joined
//
// Only who has proved to know the code is told a key or a name, so each end shows
// nothing lasting of itself to somebody who guesses. The dialler signs another string than the listener, so
// that no signature can be sent back to its maker.
//
// # Words
//
//	Link       one connection of two peers; here its Machine
//	exporter   TLS exporter (RFC 8446 §7.5), label "EXPORTER-inkling/1", 32 bytes
//	admitted   both ends know each other: documents may be spoken of
//	Event      what happened, given to Step
//	Effect     what is to be done, returned by Step
//
// # Smallest example
//
//	m := link.NewListener(link.Self{Key: key, Name: "Ana"}, exporter, now)
//	for _, effect := range m.Step(now, link.Received{Message: knock}) {
//		// link.Send{Message: wire.Answer{…}}
//	}
//
// # What it does not do
//
// It has no socket, goroutine, clock or randomness: time comes in with every
// Step, and whoever runs it sends, looks up and closes. It does not decide who
// is known (the answer to LookUp does), and does not sync documents
// (netsync/docsync).
package link
