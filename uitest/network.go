//go:build linux

package uitest

import (
	"fmt"
	"strconv"
	"testing"
)

// network is a switch, as a namespace with a bridge, into which machines are plugged.
// Addresses are 10.77.0.0/24; the switch itself is the gateway 10.77.0.254, which
// leads nowhere.
type network struct {
	t      testing.TB
	middle *namespace
	ports  int
}

func newNetwork(t testing.TB) *network {
	t.Helper()
	lan := &network{t: t, middle: newNamespace(t)}
	// No spanning tree and no snooping: a port forwards everything at once.
	lan.middle.run(t, "ip", "link", "add", "switch", "type", "bridge", "stp_state", "0", "forward_delay", "0", "mcast_snooping", "0")
	lan.middle.run(t, "ip", "address", "add", "10.77.0.254/24", "dev", "switch")
	lan.middle.run(t, "ip", "link", "set", "switch", "up")
	return lan
}

// machine is a computer as far as a network can tell. The namespace of a machine
// without a cable has a loopback and nothing else.
type machine struct {
	*namespace
	t    testing.TB
	lan  *network // nil without a cable
	port string   // the switch's end of the cable
}

// lonelyMachine is a computer without any network.
func lonelyMachine(t testing.TB) *machine { return &machine{namespace: newNamespace(t), t: t} }

// machine plugs a new computer into the network.
func (lan *network) machine() *machine {
	lan.t.Helper()
	lan.ports++
	m := &machine{namespace: newNamespace(lan.t), t: lan.t, lan: lan, port: fmt.Sprintf("port%d", lan.ports)}
	lan.middle.run(lan.t, "ip", "link", "add", m.port, "type", "veth", "peer", "name", "eth0", "netns", strconv.Itoa(m.pid))
	lan.middle.run(lan.t, "ip", "link", "set", m.port, "master", "switch")
	lan.middle.run(lan.t, "ip", "link", "set", m.port, "up")
	m.run(lan.t, "ip", "link", "set", "eth0", "up")
	m.setAddress(lan.ports)
	return m
}

// setAddress gives the machine the address 10.77.0.last in place of any other.
func (m *machine) setAddress(last int) {
	m.t.Helper()
	m.run(m.t, "ip", "-4", "address", "flush", "dev", "eth0")
	m.run(m.t, "ip", "address", "add", fmt.Sprintf("10.77.0.%d/24", last), "dev", "eth0")
	m.run(m.t, "ip", "route", "add", "default", "via", "10.77.0.254")
}

// unplug pulls the cable out of the switch: the machine sees that it has no carrier.
func (m *machine) unplug() { m.lan.middle.run(m.t, "ip", "link", "set", m.port, "down") }

// plugIn puts the cable back.
func (m *machine) plugIn() { m.lan.middle.run(m.t, "ip", "link", "set", m.port, "up") }

// swallow makes the switch drop all that comes from and goes to the machine, which
// sees nothing of that: the carrier stays. plugIn after it changes nothing.
func (m *machine) swallow() { m.forward("0") }

// pass ends swallow.
func (m *machine) pass() { m.forward("3") }

// forward sets the state of the switch's port (0 disabled, 3 forwarding; linux/if_bridge.h).
func (m *machine) forward(state string) {
	m.lan.middle.run(m.t, "ip", "link", "set", m.port, "type", "bridge_slave", "state", state)
}

// dropMulticast makes the switch pass no multicast to any machine, as many a guest
// network does.
func (lan *network) dropMulticast() {
	for i := range lan.ports {
		lan.middle.run(lan.t, "ip", "link", "set", fmt.Sprintf("port%d", i+1), "type", "bridge_slave", "mcast_flood", "off")
	}
}
