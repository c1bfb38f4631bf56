//go:build !linux

package survey

import (
	"context"
	"net"

	"inkling/netsync/diagnosis"
)

// Inward is not tried here: on these systems a packet to oneself passes the firewall
// by another way than that of others, or does not come back to a socket that many
// networks share.
func Inward(context.Context, string, bool, *net.UDPConn, func(context.Context, []byte) (int, error)) diagnosis.Answer {
	return diagnosis.Unknown
}
