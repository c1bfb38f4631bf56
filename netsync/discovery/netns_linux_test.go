package discovery

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// insideVariable is set in a test program that runs in namespaces of its own.
const insideVariable = "INKLING_TEST_INSIDE"

// inside says whether this program already runs in its own user, network and
// mount namespaces, where it may do with networks what it likes. If not, it
// runs the calling test again there and reports its result. The kernel drops
// everything with the last program.
func inside(t *testing.T) bool {
	t.Helper()
	if os.Getenv(insideVariable) == "1" {
		return true
	}
	if os.Getenv("INKLING_NO_NETNS") == "1" {
		t.Skip("INKLING_NO_NETNS=1 is set: discovery between computers was NOT tested")
	}
	enter, err := enterNamespaces()
	if err != nil {
		t.Fatalf("this system does not let the test make network namespaces (%v). "+
			"Allow it (kernel.unprivileged_userns_clone, AppArmor), or run as root, "+
			"or set INKLING_NO_NETNS=1 to leave this test out.", err)
	}
	cmd := exec.Command(enter[0], append(enter[1:], os.Args[0], "-test.v", "-test.run", "^"+regexp.QuoteMeta(t.Name())+"$")...)
	cmd.Env = append(os.Environ(), insideVariable+"=1")
	out, err := cmd.CombinedOutput()
	t.Logf("in namespaces of its own:\n%s", out)
	if err != nil {
		t.Errorf("in namespaces of its own: %v", err)
	}
	return false
}

// enterNamespaces finds the command that runs another one in namespaces of its own.
// What the system allows is found by trying; a uid says too little. Anybody may do it
// as root of a user namespace, where the system lets him; in a container only root
// may; and in a chroot, whose / is no mount point, only with propagation left alone.
func enterNamespaces() (enter []string, err error) {
	for _, how := range []string{"--map-root-user --net --mount", "--net --mount", "--net --mount --propagation unchanged"} {
		enter = append(append([]string{"unshare"}, strings.Fields(how)...), "--")
		out, tried := exec.Command(enter[0], append(enter[1:], "ip", "link", "set", "lo", "up")...).CombinedOutput()
		if tried == nil {
			return enter, nil
		}
		err = errors.Join(err, fmt.Errorf("unshare %s: %w: %s", how, tried, out))
	}
	return nil, err
}

// sh runs one command.
func sh(t *testing.T, command string, args ...any) {
	t.Helper()
	words := strings.Fields(fmt.Sprintf(command, args...))
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s", strings.Join(words, " "), err, out)
	}
}

// bridge makes computers that are joined by a switch; each is a namespace with
// an interface eth0 that has the address given, and a port "port-NAME" on the
// switch. Flooding of multicast is the switch's default.
func bridge(t *testing.T, addrs map[string]string) {
	t.Helper()
	sh(t, "mount -t tmpfs none /run")
	sh(t, "ip link add switch type bridge mcast_snooping 0")
	sh(t, "ip link set switch up")
	for name, addr := range addrs {
		sh(t, "ip netns add %s", name)
		sh(t, "ip link add port-%s type veth peer name eth0 netns %s", name, name)
		sh(t, "ip link set port-%s master switch up", name)
		enter := "nsenter --net=/run/netns/" + name // "ip -n" mounts, which a chroot does not let it
		sh(t, "%s ip link set lo up", enter)
		sh(t, "%s ip addr add %s dev eth0", enter, addr)
		sh(t, "%s ip link set eth0 up", enter)
	}
}

// on runs a host on one of the computers.
func on(t *testing.T, name string) *host {
	return startHost(t, name, "nsenter", "--net=/run/netns/"+name)
}

// trouble returns the host's sentences.
func (h *host) trouble() []string {
	h.t.Helper()
	if _, err := io.WriteString(h.in, "trouble\n"); err != nil {
		h.t.Fatal(err)
	}
	h.wait("end of trouble")
	return h.said("trouble ")
}

func TestTwoComputersMeet(t *testing.T) {
	if !inside(t) {
		return
	}
	bridge(t, map[string]string{"ana": "192.0.2.1/24", "ben": "192.0.2.2/24"})
	ana, ben := on(t, "ana"), on(t, "ben")
	ana.wait("seen ben 192.0.2.2")
	ben.wait("seen ana 192.0.2.1")
	ana.wait("seen ben fe80::") // over IPv6, with the zone to dial it by
	for _, line := range ana.said("seen ben ") {
		if strings.Contains(line, "fe80:") && !strings.HasSuffix(line, "%eth0") || strings.Contains(line, "127.0.0.1") {
			t.Errorf("Ana: %s, which she cannot dial", line)
		}
	}
	if trouble := ana.trouble(); len(trouble) != 0 {
		t.Errorf("trouble on a network that works: %q", trouble)
	}
}

// A computer without a network: two programs on it meet all the same.
func TestOnlyLoopback(t *testing.T) {
	if !inside(t) {
		return
	}
	sh(t, "ip link set lo up")
	ana, ben := startHost(t, "ana"), startHost(t, "ben")
	ana.wait("seen ben 127.0.0.1")
	ben.wait("seen ana 127.0.0.1")
	if trouble := strings.Join(ana.trouble(), "\n"); trouble != "trouble "+noNetwork {
		t.Errorf("trouble is %q, want %q", trouble, noNetwork)
	}
}

// An access point that keeps multicast from Ana: Ben's questions never reach
// her, hers reach him, and she finds him.
func TestOneWayMulticast(t *testing.T) {
	if !inside(t) {
		return
	}
	bridge(t, map[string]string{"ana": "192.0.2.1/24", "ben": "192.0.2.2/24", "cleo": "192.0.2.3/24"})
	sh(t, "bridge link set dev port-ana mcast_flood off")
	ana, ben, cleo := on(t, "ana"), on(t, "ben"), on(t, "cleo")
	ana.wait("seen ben 192.0.2.2")
	ana.wait("seen cleo 192.0.2.3")
	ben.wait("seen cleo 192.0.2.3")
	cleo.wait("seen ben 192.0.2.2")
	if lines := ben.said("seen ana"); lines != nil {
		t.Errorf("multicast reached Ana: the test tests nothing: %q", lines)
	}
}

// A trial hears itself, and a host beside it on each of the networks that lead there, but
// does not take this computer's other network for another computer.
func TestTrial(t *testing.T) {
	if !inside(t) {
		return
	}
	bridge(t, map[string]string{"ana": "192.0.2.1/24", "ben": "192.0.2.2/24"})
	sh(t, "ip addr add 192.0.2.9/24 dev switch")
	on(t, "ana")
	on(t, "ben")
	waitFor(t, "both are heard", func() bool {
		trials, err := Try(context.Background(), 200*time.Millisecond)
		if err != nil {
			t.Fatal(err)
		}
		return slices.ContainsFunc(trials, func(r Trial) bool {
			if r.Others > 2 {
				t.Errorf("%d others were heard, and there are two: %+v", r.Others, r)
			}
			return r.Network == "switch" && !r.IPv6 && r.Heard && r.Others == 2 && r.Ask == nil && r.Listen == nil
		})
	})
}

// Somebody from another network who reaches port 5353 gets no answer; somebody
// who asks the same from this network does.
func TestOtherNetworksGetNoAnswer(t *testing.T) {
	if !inside(t) {
		return
	}
	sh(t, "ip link set lo up")
	sh(t, "ip link add eth0 type veth peer name eth1")
	sh(t, "ip addr add 192.0.2.1/24 dev eth0")
	sh(t, "ip addr add 198.51.100.9/32 dev lo") // of no network that the service serves
	sh(t, "ip link set eth0 up")
	sh(t, "ip link set eth1 up")
	ana := New(slog.New(slog.DiscardHandler))
	ana.list = func() ([]network, []string, error) {
		networks, trouble, err := listNetworks()
		networks = slices.DeleteFunc(networks, network.loopback)
		return networks, trouble, err
	}
	ana.SetAdvert(Advert{Port: 7447, TXT: []string{"v=1"}})
	run(t, ana)

	far, near := ask(t, "198.51.100.9"), ask(t, "192.0.2.1")
	waitFor(t, "the neighbour is answered", func() bool {
		send(t, far, 7)
		send(t, near, 7)
		return answered(near)
	})
	send(t, far, 7)
	send(t, near, 7)
	waitFor(t, "the neighbour is answered again", func() bool { return answered(near) })
	if answered(far) {
		t.Error("somebody from another network was answered")
	}
}

// ask opens the socket of somebody at addr.
func ask(t *testing.T, addr string) *net.UDPConn {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.ParseIP(addr)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}

// send asks by unicast.
func send(t *testing.T, conn *net.UDPConn, id uint16) {
	t.Helper()
	if _, err := conn.WriteToUDP(question(id, false), &net.UDPAddr{IP: net.IPv4(192, 0, 2, 1), Port: Port}); err != nil {
		t.Fatal(err)
	}
}

// answered says whether a packet has come to conn.
func answered(conn *net.UDPConn) bool {
	conn.SetReadDeadline(time.Now().Add(10 * time.Millisecond))
	_, _, err := conn.ReadFromUDP(make([]byte, maxPacket))
	return err == nil
}
