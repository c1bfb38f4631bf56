//go:build !linux

package survey

import (
	"errors"
	"net/netip"
)

// ReadNeighbours gives errors.ErrUnsupported here.
func ReadNeighbours() (Neighbours, error) { return nil, errors.ErrUnsupported }

// Gateway knows none here.
func Gateway(string) (addr netip.Addr, ok bool) { return netip.Addr{}, false }

// Firewalls knows none here.
func Firewalls() []string { return nil }

// Holder does not know here who has a port.
func Holder(int) string { return "" }
