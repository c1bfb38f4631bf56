package discovery

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
)

// maxNetworks is how many interfaces are used. Computers have a few; those
// that run containers may have hundreds, none of which leads to a person.
const maxNetworks = 32

// network is one interface of this computer as it was when it was listed.
type network struct {
	iface net.Interface
	addrs []netip.Prefix // own addresses with the length of their prefix, sorted, without zone
}

// listNetworks returns the interfaces that are up and have an address, and for
// those which cannot be used a sentence that says why.
func listNetworks() (usable []network, trouble []string, err error) {
	ifaces, err := net.Interfaces()
	if err != nil {
		return nil, nil, fmt.Errorf("discovery: list network interfaces: %w", err)
	}
	for _, iface := range ifaces {
		n := network{iface: iface, addrs: ownAddrs(iface)}
		switch {
		case iface.Flags&net.FlagUp == 0 || iface.Flags&net.FlagRunning == 0 || len(n.addrs) == 0:
		case len(usable) == maxNetworks:
			trouble = append(trouble, cannotLook(n.name(), fmt.Sprintf("there are more than %d networks", maxNetworks)))
		case iface.Flags&net.FlagMulticast == 0 && !n.loopback(): // Linux sends multicast on lo without the flag
			trouble = append(trouble, cannotLook(n.name(), "this network does not carry multicast"))
		default:
			usable = append(usable, n)
		}
	}
	return usable, trouble, nil
}

// ownAddrs returns the addresses of iface. An interface that has just gone has
// none.
func ownAddrs(iface net.Interface) []netip.Prefix {
	addrs, err := iface.Addrs()
	if err != nil {
		return nil
	}
	var own []netip.Prefix
	for _, a := range addrs {
		p, err := netip.ParsePrefix(a.String())
		if err == nil && !p.Addr().IsMulticast() && !p.Addr().IsUnspecified() {
			own = append(own, p)
		}
	}
	slices.SortFunc(own, netip.Prefix.Compare)
	return slices.Compact(own)
}

func (n network) name() string   { return n.iface.Name }
func (n network) loopback() bool { return n.iface.Flags&net.FlagLoopback != 0 }

// equal says whether n and m are the same interface with the same addresses.
func (n network) equal(m network) bool {
	return n.iface.Index == m.iface.Index && n.iface.Name == m.iface.Name &&
		n.iface.Flags == m.iface.Flags && slices.Equal(n.addrs, m.addrs)
}

// first returns an own address of family f; ok is false when there is none.
func (n network) first(f family) (addr netip.Addr, ok bool) {
	for _, p := range n.addrs {
		if p.Addr().Is4() == (f == ipv4Family) {
			return p.Addr(), true
		}
	}
	return netip.Addr{}, false
}

// owns says whether addr is an address of this computer on n.
func (n network) owns(addr netip.Addr) bool {
	addr = addr.Unmap().WithZone("")
	return slices.ContainsFunc(n.addrs, func(p netip.Prefix) bool { return p.Addr() == addr })
}

// near says whether a packet from addr came from n itself, not through a
// router: addr lies in the prefix of an own address. A link-local address
// names its interface as zone.
func (n network) near(addr netip.Addr) bool {
	addr = addr.Unmap()
	if zone := addr.Zone(); zone != "" || addr.Is6() && addr.IsLinkLocalUnicast() {
		return zone == n.name()
	}
	return slices.ContainsFunc(n.addrs, func(p netip.Prefix) bool { return p.Contains(addr) })
}

// candidate returns addr as an address that can be dialled, when it can be one
// on n; asker and answerer share n, so a link-local address gets n as zone if
// it came over IPv6 from there.
func (n network) candidate(addr netip.Addr, from netip.Addr) (netip.Addr, bool) {
	addr = addr.Unmap()
	switch {
	case !addr.IsValid() || addr.IsUnspecified() || addr.IsMulticast():
		return addr, false
	case addr.IsLoopback():
		return addr, n.loopback()
	case addr.Is6() && addr.IsLinkLocalUnicast():
		return addr.WithZone(n.name()), from.Zone() == n.name()
	}
	return addr.WithZone(""), true
}
