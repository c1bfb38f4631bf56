// Package discovery finds the Inkling programs of a local network, and lets
// them find this one, by multicast DNS (RFC 6762, 6763), service _inkling._udp.
//
// # Idea
//
// Nobody announces and nobody remembers. A program that wants to know who is
// there asks the network, and all who hear the question answer the one who
// asked, with their port, their addresses and a few short strings. The asker
// dials; so one working direction is enough, also behind an access point that
// keeps multicast from some of its stations. The answers prove nothing: who
// somebody is, is found out after dialling, elsewhere.
//
// # Words
//
//	network   one interface of this computer, with its addresses
//	station   what this program does on one network with one IP family: a socket
//	          that answers questions and a socket that asks them
//	advert    what is answered about this program
//	sighting  what somebody answered
//	burst     questions after 0, 0.25, 0.5, 1, 2 … s; then one a minute
//	call      a question that also asks its hearers to look for themselves
//	trial     a question that a person's examination asks, of anybody who answers multicast DNS
//
// # On the network
//
// A question is a DNS message to 224.0.0.251 or ff02::fb, port 5353, that asks
// for PTR records of _inkling._udp.local. and prefers unicast answers. A call
// has a second question, for _call._sub._inkling._udp.local.; who hears it asks
// too, within 1.25 s. An answer is one DNS message back to the asker with PTR,
// SRV, TXT, A and AAAA records of one instance. Instance and host are named
// "<64 random bits>-<interface index>", new at each start: nothing in an answer
// tells the computer, the person or the documents, but for what the advert says.
//
// # Smallest example
//
//	s := discovery.New(logger)
//	s.SetAdvert(discovery.Advert{Port: 7447, TXT: []string{"v=1"}})
//	err := s.Run(ctx, func(seen discovery.Sighting) { dial(seen.Addrs) })
//
// # Why not all of hashicorp/mdns
//
// The records are made by it. Its sockets are not used. Its client goes on
// writing to an entry that it has handed over, so two answers of one name are a
// data race that any host can cause; it multicasts one more question for every
// incomplete answer that it hears and remembers without limit. Its server answers
// whoever reaches port 5353, also from other networks (CERT VU#550620), and on
// Linux answers on every network with the addresses of each. A station answers
// and listens only to addresses on its own network.
//
// # Limits
//
// 32 networks; packets of 9000 bytes; 50 answers a second, 100 at once, and 5
// questions a second for each station; 256 sightings for each question; 8
// sightings a packet, with 8 addresses and 400 bytes of text each.
//
// # What it does not do
//
// It knows no keys, names or documents. It does not notice that somebody left,
// does not merge the sightings of one program, does not dial. It does not answer
// ordinary multicast browsers as the RFC asks, as all its answers are unicast. An
// access point that drops multicast in both directions cannot be noticed from
// here.
package discovery
