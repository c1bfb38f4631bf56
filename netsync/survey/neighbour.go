package survey

import (
	"net/netip"

	"inkling/netsync/diagnosis"
)

// Neighbours is what this computer knows of the computers of its networks, by their
// addresses, without zones; those of whom it does not know whether they are there now
// are left out.
type Neighbours map[netip.Addr]diagnosis.Answer
