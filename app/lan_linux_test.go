package app_test

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// lan is a switch into which machines are plugged. Its addresses are 10.77.0.0/24; the
// switch itself is the router 10.77.0.254, which leads nowhere.
type lan struct {
	t     *testing.T
	ports int
}

// newLAN makes the switch in the namespace of the test, see inside.
func newLAN(t *testing.T) *lan {
	t.Helper()
	sh(t, "ip link set lo up")
	sh(t, "ip link add switch type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
	sh(t, "ip addr add 10.77.0.254/24 dev switch")
	sh(t, "ip link set switch up")
	return &lan{t: t}
}

// machine is a computer as far as a network can tell: a network namespace, which lives as
// long as a program that waits in it.
type machine struct {
	t    *testing.T
	pid  int
	port string // the switch's end of its cable
}

// machine plugs a new computer in. The addresses are 10.77.0.1, 10.77.0.2 …
func (l *lan) machine() *machine {
	l.t.Helper()
	l.ports++
	m := &machine{t: l.t, port: fmt.Sprintf("port%d", l.ports)}
	m.hold()
	sh(l.t, "ip link add %s type veth peer name eth0 netns %d", m.port, m.pid)
	sh(l.t, "ip link set %s master switch up", m.port)
	m.sh("ip link set lo up")
	m.sh("ip link set eth0 up")
	m.sh("ip addr add 10.77.0.%d/24 dev eth0", l.ports)
	m.sh("ip route add default via 10.77.0.254")
	return m
}

// hold starts the program that keeps the namespace: it ends with its input, so with the test.
func (m *machine) hold() {
	m.t.Helper()
	holder := exec.Command("cat")
	holder.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	input, err := holder.StdinPipe()
	if err == nil {
		err = holder.Start()
	}
	if err != nil {
		m.t.Fatalf("make a network namespace: %v", err)
	}
	m.pid = holder.Process.Pid
	m.t.Cleanup(func() { input.Close(); holder.Wait() })
}

// command returns a command that will run on the machine.
func (m *machine) command(name string, args ...string) *exec.Cmd {
	enter := []string{"--net=/proc/" + strconv.Itoa(m.pid) + "/ns/net", "--", name}
	return exec.Command("nsenter", append(enter, args...)...)
}

// sh runs one command on the machine, which must succeed.
func (m *machine) sh(command string, args ...any) {
	m.t.Helper()
	words := strings.Fields(fmt.Sprintf(command, args...))
	if out, err := m.command(words[0], words[1:]...).CombinedOutput(); err != nil {
		m.t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
}

// setAddress gives the machine an address in place of all others, those of IPv6 too.
func (m *machine) setAddress(address string) {
	m.t.Helper()
	m.sh("ip addr flush dev eth0")
	m.sh("ip addr add %s/24 dev eth0", address)
}

// unplug pulls the cable out of the switch; plugIn puts it back.
func (m *machine) unplug() { sh(m.t, "ip link set %s down", m.port) }
func (m *machine) plugIn() { sh(m.t, "ip link set %s up", m.port) }

// deafen has the switch pass no multicast to the machine; what it sends goes on.
func (m *machine) deafen() { sh(m.t, "bridge link set dev %s mcast_flood off", m.port) }

// isolate has the switch pass nothing between the machine and others that are isolated,
// as access points do for guests.
func (m *machine) isolate() { sh(m.t, "bridge link set dev %s isolated on", m.port) }

// forget empties the machine's table of neighbours, as time does.
func (m *machine) forget() { m.sh("ip neigh flush all") }
