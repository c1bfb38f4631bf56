package discovery

import (
	"fmt"
	"net/netip"
	"slices"
)

// Limits of what is said and believed. A TXT of 400 bytes leaves an answer
// below one Ethernet frame, with the 8 addresses.
const (
	maxTXT       = 400 // bytes, the sum of an advert's strings
	maxTXTString = 255 // bytes, what its length byte can say (RFC 1035)
	maxAddrs     = 8   // of one instance
)

// Advert is what this program tells the local network about itself. Each string
// of TXT is 1 to 255 bytes of printable ASCII without quotes and backslashes;
// together they have at most 400 bytes.
type Advert struct {
	Port int      // UDP port; 0 means not advertised
	TXT  []string // "key=value" strings of the TXT record
}

// Sighting is a program seen on the local network, as it describes itself.
// Anybody on the network can send any number of them. TXT keeps the rules of
// [Advert]; strings that do not are left out. Addrs are 1 to 8 candidates, not
// proved; the first is the one that the answer came from.
type Sighting struct {
	TXT   []string
	Addrs []netip.AddrPort
}

// check panics when a breaks the rules: adverts are written by this program.
func (a Advert) check() {
	if a.Port < 0 || a.Port > 65535 {
		panic(fmt.Sprintf("discovery: advert with port %d", a.Port))
	}
	if kept := plainStrings(a.TXT); !slices.Equal(kept, a.TXT) {
		panic(fmt.Sprintf("discovery: advert with text %q", a.TXT))
	}
}

// plainStrings returns the strings of txt that keep the rules of [Advert], up
// to the first that would make them too long.
func plainStrings(txt []string) []string {
	var kept []string
	sum := 0
	for _, s := range txt {
		if !plain(s) {
			continue
		}
		if sum += len(s); sum > maxTXT {
			break
		}
		kept = append(kept, s)
	}
	return kept
}

// plain says whether s is 1 to 255 bytes that read the same in a packet and in
// the DNS library, which shows all other bytes as escapes.
func plain(s string) bool {
	if s == "" || len(s) > maxTXTString {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			return false
		}
	}
	return true
}
