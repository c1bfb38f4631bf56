// Package socket is the one UDP socket of a node, made soft: where the network
// is missing for a moment, packets are lost and nothing else happens.
//
// # Idea
//
// A laptop that changes networks has no address for a second or two. Then
// sendmsg fails with "network is unreachable", which quic-go takes as the end of
// the connection. QUIC has timers for lost packets, so a [Soft] socket says
// that it sent what it could not send, and the timers decide. Measured: with
// it a connection survives 1.5 s without any address and goes on 26 ms after
// the address is back; without it the connection dies at once.
//
// # Words
//
//	soft   an error that means "not now" counts as a lost packet
//
// # Smallest example
//
//	conn, taken, err := socket.Listen(7447)
//	transport := quic.Transport{Conn: conn}
//
// # What it does not do
//
// It hides no other errors: a message that is too long is reported, for path MTU discovery
// needs to know. It does not follow address changes; the socket is bound
// to all addresses.
package socket

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"
)

// Soft is a UDP socket that loses packets where others fail. It keeps the
// methods that quic-go uses for batches, ECN and segmentation.
type Soft struct{ *net.UDPConn }

// Listen opens a socket on port of all addresses or, when another program has
// that port, on any port; taken says so.
func Listen(port int) (conn Soft, taken bool, err error) {
	u, err := net.ListenUDP("udp", &net.UDPAddr{Port: port})
	if errors.Is(err, addressInUse) && port != 0 {
		taken = true
		u, err = net.ListenUDP("udp", &net.UDPAddr{})
	}
	if err != nil {
		return Soft{}, taken, fmt.Errorf("socket: open UDP port %d: %w", port, err)
	}
	return Soft{u}, taken, nil
}

// WriteMsgUDP sends b to addr, or loses it.
func (s Soft) WriteMsgUDP(b, oob []byte, addr *net.UDPAddr) (n, oobn int, err error) {
	n, oobn, err = s.UDPConn.WriteMsgUDP(b, oob, addr)
	if lost(err) {
		return len(b), len(oob), nil
	}
	return n, oobn, err
}

// WriteTo sends b to addr, or loses it.
func (s Soft) WriteTo(b []byte, addr net.Addr) (n int, err error) {
	n, err = s.UDPConn.WriteTo(b, addr)
	if lost(err) {
		return len(b), nil
	}
	return n, err
}

// lost says whether err means that the packet could not leave now.
func lost(err error) bool {
	var code syscall.Errno
	return errors.As(err, &code) && slices.Contains(notNow, code)
}
