package diagnosis

import "net/netip"

// Answer is what is known about a question of yes or no.
type Answer int

// The answers. The zero value claims nothing.
const (
	Unknown Answer = iota
	No
	Yes
)

// Facts are what a survey saw.
type Facts struct {
	System    string // as runtime.GOOS names it
	Port      Port
	Unlisted  string // why this computer's networks are not known; "" when they are
	Networks  []Network
	Firewalls []string // the firewalls of this computer that are known to be on: "ufw", "firewalld"
	Peers     []Peer
	Unasked   int    // peers that are away and were not looked for: there are too many
	Named     *Place // the address that the person named
}

// Port is the UDP port of this program.
type Port struct {
	Wanted  int
	Got     int
	Holder  string // the program that has Wanted in this one's place; "" when that is not known
	Address string // what others type to reach this computer; "" when it is on no network
}

// Network is one interface of this computer.
type Network struct {
	Name      string
	Prefixes  []netip.Prefix // own addresses, each with the length of its network
	Loopback  bool
	Up        bool // switched on
	Plugged   bool // with a cable or a radio's connection
	Multicast bool // it can carry multicast
	Asked     []Asking
}

// Asking is what came of asking who is there, with one IP family.
type Asking struct {
	IPv6   bool
	Deaf   string // why questions cannot be heard, "" when they can
	Kept   bool   // ... because another program keeps port 5353 to itself
	Holder string // that program; "" when it is not known
	Mute   string // why questions cannot be sent, "" when they can
	Banned bool   // ... because this computer forbids it
	Heard  bool   // the own question came back
	Others int    // other computers that were heard
	Inward Answer // a packet from this network to the own port arrived
}

// Knock is what came back from a place.
type Knock int

// The knocks. Inkling means a program that speaks this version of the protocol.
const (
	Silence Knock = iota
	Inkling
	Foreign // a program that does not speak this version
	Refused // the computer says that nothing listens there
	NoRoute // this computer knows no way there
	Banned  // this computer forbids sending there
)

// Who is who an Inkling at a place turned out to be.
type Who int

// The answers to who is there.
const (
	Nobody    Who = iota // not looked at
	Wanted               // the one looked for; or for a named address somebody who is known
	Estranged            // the one looked for, but it does not know this device
	Stranger             // somebody who is not known
)

// Place is an address at which somebody was looked for.
type Place struct {
	Addr      netip.AddrPort
	Own       bool   // it is of this computer
	Network   string // of this computer, in which the address lies; "" when there is none
	Knock     Knock
	Who       Who
	Name      string     // of the one who is Wanted
	Neighbour Answer     // the computer answers the question that every computer of a network answers (ARP, NDP)
	Gateway   netip.Addr // the router of Network; not valid when none is known
	Router    Answer     // it answers that question
}

// Peer is a device that this one knows.
type Peer struct {
	Name    string
	Here    bool
	At      netip.AddrPort // where it is; not valid when it is away
	Sighted bool           // it answered a question to all
	Places  []Place        // where it was looked for, when it is away
	Far     []netip.Addr   // where it was met, on no network of this computer: it was not looked for there
}
