package survey

import (
	"fmt"
	"net"
	"net/netip"

	"inkling/netsync/diagnosis"
)

// maxNetworks is how many interfaces are looked at, those with an address first.
const maxNetworks = 32

// Networks lists the interfaces of this computer: those that are connected first.
func Networks() ([]diagnosis.Network, error) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("survey: list network interfaces: %w", err)
	}
	var connected, others []diagnosis.Network
	for _, i := range ifaces {
		n := diagnosis.Network{
			Name: i.Name, Prefixes: prefixes(i),
			Loopback:  i.Flags&net.FlagLoopback != 0,
			Up:        i.Flags&net.FlagUp != 0,
			Plugged:   i.Flags&net.FlagRunning != 0,
			Multicast: i.Flags&net.FlagMulticast != 0,
		}
		if n.Up && n.Plugged && len(n.Prefixes) > 0 {
			connected = append(connected, n)
		} else {
			others = append(others, n)
		}
	}
	all := append(connected, others...)
	return all[:min(len(all), maxNetworks)], nil
}

// prefixes returns the addresses of i with the length of their networks. An
// interface that has just gone has none.
func prefixes(i net.Interface) []netip.Prefix {
	addrs, err := i.Addrs()
	if err != nil {
		return nil
	}
	var own []netip.Prefix
	for _, a := range addrs {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			own = append(own, netip.PrefixFrom(p.Addr().Unmap(), p.Bits()))
		}
	}
	return own
}
