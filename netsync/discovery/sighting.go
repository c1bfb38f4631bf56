package discovery

import "net/netip"

// Advert is what this program tells the local network about itself.
type Advert struct {
	Port int      // UDP port; 0 means not advertised
	TXT  []string // "key=value" strings of the TXT record
}

// Sighting is a program seen on the local network.
type Sighting struct {
	TXT   []string
	Addrs []netip.AddrPort // candidates, not proved
}
