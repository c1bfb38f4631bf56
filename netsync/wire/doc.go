// Package wire is the bytes that two Inkling programs exchange: frames on
// streams, and datagrams.
//
// # Idea
//
// A stream is one version byte and then frames; a frame is a type byte, the
// length of its payload as a uvarint, and the payload. Small control messages
// are CBOR (RFC 8949, core deterministic encoding, maps with integer keys),
// heads and changes are written by hand. There is one encoding of every message: the
// decoder refuses any other bytes, so "decoded and encoded again is the same" is
// a law (see the fuzz targets). netsync/PROTOCOL.md tells the whole story to
// somebody who writes a peer.
//
// # Words
//
//	frame     type, length, payload
//	message   what a frame or a datagram means: one Go type each
//	critical  the top bit of a type: who does not know the type must not go on
//	code      why a stream or a connection was closed
//
// # Smallest example
//
//	b := wire.AppendFrame([]byte{wire.Version}, wire.Hello{Name: "Ana"})
//	r := wire.NewReader(bytes.NewReader(b), wire.ControlStream)
//	m, err := r.Next() // wire.Hello{Name: "Ana"}
//
// # What it does not do
//
// It has no sockets, goroutines, clocks or keys, and does not know which message
// may follow which: that is netsync/link and netsync/docsync.
//
// # Limits
//
// A control message has at most 4 KiB, one that compares documents 64 KiB, a message 16,384 heads, a
// message of changes 64 KiB or one change, a part of a block 32 KiB. A reader allocates as bytes arrive
// and not as they are announced.
package wire
