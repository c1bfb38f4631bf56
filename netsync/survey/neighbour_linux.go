package survey

import (
	"bufio"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"syscall"

	"inkling/netsync/diagnosis"
)

const maxNeighbours = 4096

// The states of a neighbour and the attribute with its address (linux/neighbour.h).
const (
	nudReachable = 0x02
	nudFailed    = 0x20
	ndaDst       = 1
	ndmSize      = 12 // of struct ndmsg; the state is at 8, in the byte order of the machine
)

// ReadNeighbours reads the system's tables for IPv4 (ARP) and IPv6. A computer that has
// just been sent a packet is known within 3 s, one that answered earlier within 8 s.
func ReadNeighbours() (Neighbours, error) {
	all := Neighbours{}
	for _, family := range []int{syscall.AF_INET, syscall.AF_INET6} {
		raw, err := syscall.NetlinkRIB(syscall.RTM_GETNEIGH, family)
		if err != nil {
			return nil, fmt.Errorf("survey: read the neighbours: %w", err)
		}
		messages, err := syscall.ParseNetlinkMessage(raw)
		if err != nil {
			return nil, fmt.Errorf("survey: read the neighbours: %w", err)
		}
		for _, m := range messages {
			if m.Header.Type == syscall.RTM_NEWNEIGH && len(all) < maxNeighbours {
				all.add(m.Data)
			}
		}
	}
	return all, nil
}

// add takes one message, a struct ndmsg with attributes behind it.
func (all Neighbours) add(data []byte) {
	if len(data) < ndmSize {
		return
	}
	answer := diagnosis.Unknown
	switch state := binary.NativeEndian.Uint16(data[8:]); {
	case state&nudReachable != 0:
		answer = diagnosis.Yes
	case state&nudFailed != 0:
		answer = diagnosis.No
	default: // stale: it was there once; or the question is under way
		return
	}
	for rest := data[ndmSize:]; len(rest) >= 4; {
		length := int(binary.NativeEndian.Uint16(rest))
		kind := binary.NativeEndian.Uint16(rest[2:])
		if length < 4 || length > len(rest) {
			return
		}
		if addr, ok := netip.AddrFromSlice(rest[4:length]); ok && kind == ndaDst {
			all[addr.Unmap()] = max(answer, all[addr.Unmap()]) // fe80:: may be on several networks
		}
		rest = rest[min((length+3)&^3, len(rest)):]
	}
}

// Gateway returns the router by which the IPv4 packets of a network leave it; ok is
// false when there is none, or it is not known.
func Gateway(network string) (addr netip.Addr, ok bool) {
	f, err := os.Open("/proc/net/route")
	if err != nil {
		return addr, false
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// Iface Destination Gateway Flags …; addresses as numbers of the machine, in hexadecimal
		fields := strings.Fields(lines.Text())
		if len(fields) < 4 || fields[0] != network || fields[1] != "00000000" {
			continue
		}
		if addr, ok = nativeIPv4(fields[2]); ok && !addr.IsUnspecified() {
			return addr, true
		}
	}
	return netip.Addr{}, false
}

// nativeIPv4 reads an address that the kernel printed as a number: its bytes in memory
// are the address.
func nativeIPv4(s string) (netip.Addr, bool) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != 4 {
		return netip.Addr{}, false
	}
	var native [4]byte
	binary.NativeEndian.PutUint32(native[:], binary.BigEndian.Uint32(b))
	return netip.AddrFrom4(native), true
}
