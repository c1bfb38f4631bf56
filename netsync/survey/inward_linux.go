package survey

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"slices"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/net/ipv6"

	"inkling/netsync/diagnosis"
)

// The packets by which the way inward is tried.
const (
	marks     = 3 // packets
	markEvery = 200 * time.Millisecond
	// markSize: a mark begins with a zero byte, as no QUIC packet does, and then
	// has 16 random ones.
	markSize = 17
)

// Inward tries whether a packet of a network gets to conn, this program's own socket
// on port. next returns the next packet that came there and is no QUIC packet; it ends
// with its context. What is sent leaves the computer on no network. It takes 0.6 s
// when nothing comes.
func Inward(ctx context.Context, network string, v6 bool, conn *net.UDPConn, next func(context.Context, []byte) (int, error)) diagnosis.Answer {
	mouth, group, leave, err := meet(network, v6, conn)
	if err != nil {
		return diagnosis.Unknown
	}
	defer leave()
	defer mouth.Close()
	mark := make([]byte, markSize)
	rand.Read(mark[1:]) // never fails (crypto/rand)
	ctx, cancel := context.WithTimeout(ctx, marks*markEvery)
	defer cancel()
	sent := make(chan bool, 1)
	go func() { sent <- repeat(ctx, mouth, group, mark) }()
	answer := diagnosis.No
	if await(ctx, mark, next) {
		answer = diagnosis.Yes
	}
	cancel()
	if !<-sent && answer == diagnosis.No {
		return diagnosis.Unknown // what was not sent cannot come
	}
	return answer
}

// meet has conn listen to the group of questions on a network and returns a socket to
// send to it from. leave undoes it.
func meet(network string, v6 bool, conn *net.UDPConn) (mouth *net.UDPConn, group *net.UDPAddr, leave func(), err error) {
	iface, err := net.InterfaceByName(network)
	if err != nil {
		return nil, nil, nil, fmt.Errorf("survey: %w", err)
	}
	port := conn.LocalAddr().(*net.UDPAddr).Port
	family := "udp4"
	group = &net.UDPAddr{IP: net.IPv4(224, 0, 0, 251), Port: port}
	if v6 {
		family = "udp6"
		group = &net.UDPAddr{IP: net.ParseIP("ff02::fb"), Port: port, Zone: network}
	}
	if mouth, err = net.ListenUDP(family, nil); err != nil {
		return nil, nil, nil, fmt.Errorf("survey: open a socket: %w", err)
	}
	if v6 {
		leave, err = meet6(iface, group, mouth, conn)
	} else {
		leave, err = meet4(iface, group, mouth, conn)
	}
	if err != nil {
		mouth.Close()
		return nil, nil, nil, fmt.Errorf("survey: join %v on %s: %w", group, network, err)
	}
	return mouth, group, leave, nil
}

func meet4(iface *net.Interface, group *net.UDPAddr, mouth, conn *net.UDPConn) (leave func(), err error) {
	out, in := ipv4.NewPacketConn(mouth), ipv4.NewPacketConn(conn)
	if err := out.SetMulticastInterface(iface); err != nil {
		return nil, err
	}
	if err := out.SetMulticastTTL(0); err != nil { // not beyond this computer
		return nil, err
	}
	if err := in.JoinGroup(iface, group); err != nil {
		return nil, err
	}
	return func() { in.LeaveGroup(iface, group) }, nil
}

func meet6(iface *net.Interface, group *net.UDPAddr, mouth, conn *net.UDPConn) (leave func(), err error) {
	out, in := ipv6.NewPacketConn(mouth), ipv6.NewPacketConn(conn)
	if err := out.SetMulticastInterface(iface); err != nil {
		return nil, err
	}
	if err := out.SetMulticastHopLimit(0); err != nil {
		return nil, err
	}
	if err := in.JoinGroup(iface, group); err != nil {
		return nil, err
	}
	return func() { in.LeaveGroup(iface, group) }, nil
}

// repeat sends mark until ctx ends and says whether it was sent at all.
func repeat(ctx context.Context, mouth *net.UDPConn, group *net.UDPAddr, mark []byte) (sent bool) {
	for range marks {
		if _, err := mouth.WriteToUDP(mark, group); err == nil {
			sent = true
		}
		select {
		case <-ctx.Done():
			return sent
		case <-time.After(markEvery):
		}
	}
	return sent
}

// await says whether mark is among what comes until ctx ends.
func await(ctx context.Context, mark []byte, next func(context.Context, []byte) (int, error)) bool {
	for buf := make([]byte, 2*markSize); ; {
		n, err := next(ctx, buf)
		if err != nil {
			return false
		}
		if slices.Equal(buf[:n], mark) {
			return true
		}
	}
}
