package survey

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"time"

	"inkling/netsync/diagnosis"
)

// pokes is how often a place is sent a packet, and pokeEvery how long apart.
const (
	pokes     = 6 // systems answer about one a second
	pokeEvery = 500 * time.Millisecond
)

// poke is a packet that nobody takes for the beginning of anything: no QUIC packet
// begins so.
var poke = []byte{0}

// Poke sends a place packets that need no answer and returns what the systems on the
// way say of that: that nothing listens there, that there is no way, or nothing
// (Silence). It also makes this computer ask the network for the place's address. It
// takes 3 s unless something comes back.
func Poke(ctx context.Context, at netip.AddrPort) diagnosis.Knock {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(at))
	if err != nil {
		return refusal(err)
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	for range pokes {
		if _, err := conn.Write(poke); err != nil {
			if said := refusal(err); said != diagnosis.Silence {
				return said
			}
		}
		conn.SetReadDeadline(time.Now().Add(pokeEvery))
		if _, err := conn.Read(make([]byte, 1)); err != nil {
			if said := refusal(err); said != diagnosis.Silence {
				return said
			}
		}
	}
	return diagnosis.Silence
}

// refusal reads an error of a socket that is connected to a place.
func refusal(err error) diagnosis.Knock {
	var code syscall.Errno
	if !errors.As(err, &code) {
		return diagnosis.Silence
	}
	switch code {
	case refused, reset:
		return diagnosis.Refused
	case noNetwork:
		return diagnosis.NoRoute
	case noPermission, noAccess:
		return diagnosis.Banned
	}
	// That a host is unreachable is said by this computer when ARP stays without
	// an answer, and by firewalls: it says too little.
	return diagnosis.Silence
}

// Forbidden says whether err is this computer forbidding a program to send.
func Forbidden(err error) bool { return refusal(err) == diagnosis.Banned }

// Taken says whether err is another program having the port.
func Taken(err error) bool { return errors.Is(err, inUse) }

// Reason returns what the system says in err, without the calls and addresses around it.
func Reason(err error) string {
	var code syscall.Errno
	switch {
	case err == nil:
		return ""
	case errors.As(err, &code):
		return code.Error()
	}
	return err.Error()
}
