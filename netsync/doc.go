// Package netsync makes the documents of people who trust each other equal, over
// the local network and without a server.
//
// # Idea
//
// A [Node] is this device on the network: one UDP socket, one QUIC connection to each device it knows, one stream for
// each document that keeps the two busy. Devices find each other by mDNS, by the addresses where they last met, by an
// address somebody typed or by an invite link. Who is at the other end is proved inside the encrypted connection with
// Ed25519 device keys (netsync/link); a stranger gets nothing but the chance to show an invite, or to type the code
// that is on the screen (netsync/pairing). Two that meet find which of their documents differ in a few bytes
// (netsync/reconcile); these have a stream, and those that somebody looks at or writes. Changes leave after they are
// committed and are acknowledged after the other end has committed them (netsync/docsync). Who lacks much of a document
// is given it as a block, in parts, on a stream of its own that yields to changes (netsync/bulk).
//
// The node keeps no documents: a [Library] does, and the node asks it. What a
// stranger needs to write a peer is in PROTOCOL.md.
//
// # Words
//
//	Peer, PeerID   another device; the ID is its Ed25519 public key
//	pinned         its key is in the library: it may connect
//	member         it may have a certain document
//	Link           one connection of two peers
//	Block          many changes of a document in few bytes, verified as a whole
//	Sighting       a program seen on the local network, nothing proved
//	Nearby         somebody visible here now
//	Host           somebody whose screen shows a code, with which a guest comes in
//	Presence       where somebody's caret is
//	Proposal       a document that somebody puts to a device that knows nothing of it
//	Finder         finds sightings; netsync/discovery implements it
//	Survey         a look at what keeps peers from being found; netsync/diagnosis judges it
//
// # Smallest example
//
//	node, err := netsync.Start(netsync.Config{
//		Key: key, Name: name, Library: library, Events: events, Finder: discovery.New(logger),
//	})
//	link, err := node.NewInvite(doc, time.Now())  // give it to somebody
//	entry, err := node.Join(ctx, link)            // or take one
//	code := node.ShowCode(doc)                    // have it read to somebody
//	entry, err := node.JoinCode(ctx, code)        // or type one
//	node.Committed(doc)                           // after each commit
//
// # What it does not do
//
// It does not store, check or understand changes, does not know windows or
// persons, and relays only what its library has. It speaks with addresses of its
// own networks only, unless an address was typed or came with an invite.
//
// # Bounds
//
// At most 64 connections are not (yet) admitted, 4 of them from one address, and 16 of them are for addresses where
// pinned peers were met. Each has at most 64 KiB of unread data, about 90 KiB that QUIC and TLS need, 65 streams that
// nobody reads and 128 datagrams of 1,200 bytes: 30 MiB for all. When there are more, one goes that is there longest.
//
// An admitted peer has one connection with at most 8 MiB unread, 64 MiB for all together, and at most [MaxStreams]
// streams of documents, each with about 20 KiB of buffers and stacks, one frame (at most 1 MiB) being read and one
// being written, and 16,384 heads that the peer told, twice: 4 MiB. While two compare their documents, each end has 24
// bytes and an id for each of them. At most 4 blocks of 64 MiB at most are in memory to be sent; of those that come,
// parts of 32 KiB, one for each connection, and one block that is being verified: up to 64 MiB, and 1 GiB that it may
// claim. What has come of others is in files (netsync/bulk). Who takes or brings a block slowly makes way for others
// that wait. At most 20 proposals of a peer are looked at, and 20 to it wait for a reply. Events are merged while
// nobody takes them: the newest of each peer and document is kept. The library is told at most every 10 s what is new
// of a peer.
package netsync
