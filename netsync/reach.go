package netsync

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// How often the interfaces are looked at. They say nothing by themselves on all systems.
const (
	reachPoll     = 5 * time.Second
	reachPollOpen = 2 * time.Second // while a shared document is open
)

// reach knows which addresses are of my own networks. Only those are dialled
// and accepted, unless a person named the address.
type reach struct {
	bound netip.Addr // the socket's own address; unspecified: all

	mu  sync.Mutex
	own []netip.Prefix // my addresses, each with the length of its network
}

func newReach(local net.Addr) *reach {
	r := &reach{bound: addrOf(local).Addr()}
	r.refresh()
	return r
}

// refresh looks at the interfaces and says whether an address came or went.
func (r *reach) refresh() (changed bool) {
	own := interfacePrefixes()
	if r.bound.IsValid() && !r.bound.IsUnspecified() {
		own = boundPrefix(r.bound, own)
	}
	slices.SortFunc(own, netip.Prefix.Compare)
	r.mu.Lock()
	defer r.mu.Unlock()
	changed = !slices.Equal(own, r.own)
	r.own = own
	return changed
}

// boundPrefix returns the network of the one address that the socket is bound
// to: as the interface has it, else the usual size.
func boundPrefix(bound netip.Addr, all []netip.Prefix) []netip.Prefix {
	for _, p := range all {
		if p.Addr() == bound {
			return []netip.Prefix{p}
		}
	}
	bits := 64
	if bound.Is4() {
		bits = 24
	}
	return []netip.Prefix{netip.PrefixFrom(bound, bits)}
}

func interfacePrefixes() (own []netip.Prefix) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil // no interfaces can be seen: nobody is within reach
	}
	for _, i := range interfaces {
		addrs, err := i.Addrs()
		if err != nil || i.Flags&net.FlagUp == 0 {
			continue
		}
		for _, a := range addrs {
			if p, err := netip.ParsePrefix(a.String()); err == nil {
				own = append(own, netip.PrefixFrom(p.Addr().Unmap(), p.Bits()))
			}
		}
	}
	return own
}

// contains says whether a is an address of this machine's networks.
func (r *reach) contains(a netip.Addr) bool {
	a = a.Unmap()
	if a.IsLoopback() || a.IsLinkLocalUnicast() {
		return true
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.ContainsFunc(r.own, func(p netip.Prefix) bool { return p.Masked().Contains(a.WithZone("")) })
}

// addresses returns at most limit of my own addresses for others to dial:
// private ones first, loopback only where there is nothing else, no link-local
// ones (they mean nothing without the other's zone).
func (r *reach) addresses(limit int) []netip.Addr {
	r.mu.Lock()
	defer r.mu.Unlock()
	var all []netip.Addr
	for _, p := range r.own {
		if a := p.Addr(); !a.IsLinkLocalUnicast() {
			all = append(all, a)
		}
	}
	slices.SortStableFunc(all, func(a, b netip.Addr) int { return cmp.Compare(distance(a), distance(b)) })
	if len(all) > 0 && !all[0].IsLoopback() {
		all = slices.DeleteFunc(all, netip.Addr.IsLoopback)
	}
	return all[:min(limit, len(all))]
}

// distance orders addresses by how likely a peer nearby can dial them.
func distance(a netip.Addr) int {
	switch {
	case a.IsLoopback():
		return 4
	case a.IsPrivate() && a.Is4():
		return 0
	case a.IsPrivate():
		return 1
	case a.Is4():
		return 2
	}
	return 3
}

// addrOf returns a as it is compared: IPv4 never mapped into IPv6.
func addrOf(a net.Addr) netip.AddrPort {
	u, ok := a.(*net.UDPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	p := u.AddrPort()
	return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
}
