// Package survey looks at this computer's networks with a person's rights, for
// package diagnosis.
//
// # Idea
//
// A packet that a computer multicasts on a network comes back to the computer itself
// by the way that everybody's packets take in, its firewall included; with the least
// lifetime it leaves the computer by no cable. So a program can try without an
// administrator's rights whether others would get in. What cannot be known by trying
// is read where the system shows it to everybody: which computers answered on the
// network, which router leads out of it, who has a port.
//
// # Words
//
//	inward      the way of a packet from a network to a port of this computer
//	neighbour   a computer of the same network, as the system's table of them has it
//
// # Smallest example
//
//	networks, err := survey.Networks()
//	lets := survey.Inward(ctx, "eth0", false, conn, next) // diagnosis.No: a packet to the own port was lost
//
// # Limits
//
// 32 networks and 4096 neighbours. A survey of packets sends 3 marks of 17 bytes for each
// network and family, and 6 packets of 1 byte to a place.
//
// # What it does not do
//
// It needs no rights and reads no firewall's rules, which are shown to administrators
// only. Elsewhere than on Linux it does not try the way inward, and knows no
// neighbours, routers, firewalls or holders of ports: there all these are unknown, and
// diagnosis says so.
package survey
