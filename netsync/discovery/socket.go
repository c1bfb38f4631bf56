package discovery

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"
)

// Port is the UDP port of questions.
const Port = 5353

// family is an IP family as package net names it.
type family string

const (
	ipv4Family family = "udp4"
	ipv6Family family = "udp6"
)

var families = []family{ipv4Family, ipv6Family}

// group returns the address that questions on n are sent to.
func (f family) group(n network) *net.UDPAddr {
	if f == ipv4Family {
		return &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: Port}
	}
	return &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: Port, Zone: n.name()}
}

// listen opens the socket that hears the questions on n. Other programs of the
// computer may hear them as well.
func (f family) listen(n network) (*net.UDPConn, error) {
	group := f.group(n)
	group.Zone = "" // the interface is told by itself
	return net.ListenMulticastUDP(string(f), &n.iface, group)
}

// dial opens the socket that asks on n and hears the answers.
func (f family) dial(n network) (*net.UDPConn, error) {
	local := new(net.UDPAddr)
	if addr, ok := n.first(f); ok && f == ipv4Family {
		// On the loopback no source would be chosen. An IPv6 address may still
		// be in its duplicate test; there the system chooses at each question.
		local.IP = addr.AsSlice()
	}
	conn, err := net.ListenUDP(string(f), local)
	if err != nil {
		return nil, err
	}
	if f == ipv4Family {
		err = ipv4.NewPacketConn(conn).SetMulticastInterface(&n.iface)
	} else {
		err = ipv6.NewPacketConn(conn).SetMulticastInterface(&n.iface)
	}
	if err != nil {
		conn.Close()
		return nil, err
	}
	return conn, nil
}

// receive calls handle for each packet on conn until conn is closed. The slice
// is handle's until it returns. After an error, such as an interface that has
// gone, it waits a little: it may come back at once and for ever.
func receive(ctx context.Context, conn *net.UDPConn, handle func(packet []byte, from netip.AddrPort)) {
	const longest = time.Second
	buf := make([]byte, maxPacket)
	wait := 10 * time.Millisecond
	for {
		n, from, err := conn.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			wait = 10 * time.Millisecond
			handle(buf[:n], netip.AddrPortFrom(from.Addr().Unmap(), from.Port()))
		case errors.Is(err, net.ErrClosed):
			return
		default:
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			wait = min(2*wait, longest)
		}
	}
}
