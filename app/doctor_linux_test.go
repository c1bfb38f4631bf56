package app_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"

	"inkling/app/cli"
)

// doctor runs `inkling doctor` and returns what it says.
func (d *device) doctor(args ...string) report {
	d.t.Helper()
	exit, stdout, stderr := d.run(append([]string{"doctor"}, args...)...)
	if exit != cli.ExitOK && exit != cli.ExitError {
		d.t.Fatalf("inkling doctor %v: exit %d\n%s%s", args, exit, stdout, stderr)
	}
	d.t.Logf("%s: inkling doctor %v (exit %d)\n%s%s", d.name, args, exit, stdout, stderr)
	return report{d.t, stdout, exit}
}

// report is what the doctor said.
type report struct {
	t    *testing.T
	text string
	exit int
}

// finds says which line has all the words, and must be there with the mark.
func (r report) finds(mark string, words ...string) {
	r.t.Helper()
	for line := range strings.Lines(strings.ReplaceAll(r.text, "\n    ", " ")) { // a step with its finding
		if strings.HasPrefix(line, mark) && hasAll(line, words) {
			return
		}
	}
	r.t.Errorf("nothing marked %q says %q", mark, words)
}

// lacks wants no line to have the words.
func (r report) lacks(words string) {
	r.t.Helper()
	if strings.Contains(r.text, words) {
		r.t.Errorf("it says %q, which was not found out", words)
	}
}

func hasAll(line string, words []string) bool {
	for _, w := range words {
		if !strings.Contains(line, w) {
			return false
		}
	}
	return true
}

// The marks of lines.
const (
	good   = "ok "
	unsure = " ? "
	wrong  = "-> "
)

// All is well: with the program running and, for Ben, without.
func TestDoctorInHealth(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	r := ana.doctor()
	r.finds(good, "UDP port 7447", "type 10.77.0.1")
	r.finds(good, "10.77.0.0/24", "heard 1 other device")
	r.finds(good, "no firewall", "UDP port 7447", "10.77.0.0/24")
	r.finds(good, "Ben is here, at ")
	r.finds("All is well.")
	r = ana.doctor("10.77.0.2")
	r.finds(good, "Ben answers at 10.77.0.2, and is here now")

	ben.end()
	r = ben.doctor("10.77.0.1")       // it is a peer itself meanwhile
	r.finds(good, "Ana is here, at ") // whichever of her addresses answered first
	r.finds(good, "Ana answers at 10.77.0.1")
	r.finds("All is well.")

	r = ana.doctor() // Ben's computer is on, his Inkling is not
	r.finds(unsure, "Ben is not here", "The computer at 10.77.0.2 is on", "Start Inkling there")
	if r.exit != cli.ExitOK {
		t.Errorf("somebody who ended Inkling is no fault: exit %d", r.exit)
	}
	if exit, _, stderr := ana.run("doctor", "at home"); exit != cli.ExitError || !strings.Contains(stderr, `"at home" is not an address`) {
		t.Errorf("exit %d, %q", exit, stderr)
	}
}

// Another program has the port, and one keeps the port of questions to itself.
func TestDoctorPortTaken(t *testing.T) {
	if !inside(t) {
		return
	}
	lan := newLAN(t)
	ana := lan.device("Ana")
	ana.holds("7447")
	r := ana.doctor()
	r.finds(wrong, "UDP port 7447 is taken by another program (app.test)", "who types an address must type 10.77.0.1:", "inkling --port")
	ana.serve()
	ana.doctor().finds(wrong, "UDP port 7447 is taken by another program (app.test)")
	ana.end()

	ben := lan.device("Ben")
	ben.holds("5353")
	r = ben.doctor()
	r.finds(wrong, "UDP port 5353", "kept by another program (app.test)", "type the address")
	r.finds(good, "UDP port 7447")
}

// asHolder, in the environment, makes a process of this test binary a program that has
// the UDP port of its value, shared with nobody, until its input ends.
const asHolder = "INKLING_TEST_HOLD_PORT"

func holdPort(port string) error {
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	if _, err := net.ListenUDP("udp", &net.UDPAddr{Port: n}); err != nil {
		return err
	}
	fmt.Println("held")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// holds has another program of the machine take a UDP port until the test ends.
func (m *machine) holds(port string) {
	m.t.Helper()
	own, err := os.Executable()
	if err != nil {
		m.t.Fatal(err)
	}
	cmd := m.command(own)
	cmd.Env = append(os.Environ(), asHolder+"="+port)
	cmd.Stderr = os.Stderr
	input, err := cmd.StdinPipe()
	if err != nil {
		m.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		m.t.Fatal(err)
	}
	m.t.Cleanup(func() { input.Close(); cmd.Wait() })
	if !bufio.NewScanner(out).Scan() {
		m.t.Fatalf("port %s could not be taken", port)
	}
}

// No multicast: the interface carries none; the switch passes none between two who know
// each other; and no cable.
func TestDoctorNoMulticast(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	ben.end()
	ana.deafen()
	ben.deafen()
	ben.serve()
	wait(t, "Ben is back, by the address that was remembered", func() bool { return ana.sees(ben) && ben.sees(ana) })
	r := ben.doctor()
	r.finds(unsure, "Ana is here, at ", "but was found by its address", "Likely the network does not pass multicast")
	r.finds(unsure, "10.77.0.0/24", "nobody else", "inkling doctor ADDRESS")
	r.lacks("thrown away")

	ben.sh("ip link set eth0 multicast off")
	ben.doctor().finds(wrong, "10.77.0.0/24", "does not carry questions to all", "type the address")
	ben.sh("ip link set eth0 multicast on")
	ben.unplug()
	wait(t, "both are away to each other", func() bool { return !ana.sees(ben) && !ben.sees(ana) })
	ben.doctor().finds(wrong, `This computer is on no network: "eth0" has no cable or no Wi-Fi`)
}

// The other computer is on another network: without a way there, and with one.
func TestDoctorOtherSubnet(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	sh(t, "ip link add other type bridge stp_state 0 forward_delay 0 mcast_snooping 0")
	sh(t, "ip addr add 10.88.0.254/24 dev other")
	sh(t, "ip link set other up")
	sh(t, "ip link set %s master other", ben.port)
	ben.setAddress("10.88.0.2")
	wait(t, "Ben is away", func() bool { return !ana.sees(ben) })
	ana.sh("ip route del default")
	r := ana.doctor("10.88.0.2")
	r.finds(wrong, "knows no way to 10.88.0.2", "on no network of this computer, which is on 10.77.0.0/24", "Connect both to the same network")
	ben.end()
	r = ben.doctor()
	r.finds(good, "no firewall", "10.88.0.0/24") // by IPv4 alone
	r.finds(unsure, "Ana is not here", "met at 10.77.0.1, which is on no network of this computer", "10.88.0.0/24", "inkling doctor 10.77.0.1")

	ana.sh("ip route add default via 10.77.0.254")
	ben.sh("ip route add default via 10.88.0.254")
	ben.serve()
	if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
		t.Fatal(err)
	}
	ana.doctor("10.88.0.3").finds(wrong, "Nobody answers at 10.88.0.3", "on no network of this computer", "router between them")
	ana.doctor("10.88.0.2").finds(good, "Ben answers at 10.88.0.2", "the two do not find each other by themselves")
}

// A firewall of this computer, of the other one, and one that lets nothing out.
func TestDoctorFirewall(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	ben.end()
	ben.setAddress("10.77.0.2")
	ben.firewall("hook input", "udp dport 5353 accept", "meta l4proto udp drop")
	r := ben.doctor()
	r.finds(wrong, "to UDP port 7447 on the network 10.77.0.0/24", "was thrown away", "likely a firewall", "7447")
	r.lacks("does not even hear itself")
	ben.firewall("hook input", "udp dport 7447 accept", "meta l4proto udp drop")
	r = ben.doctor()
	r.finds(wrong, "does not even hear itself", "likely a firewall", "5353")
	r.finds(good, "no firewall of this computer keeps others from UDP port 7447")
	r.lacks("Likely the network does not pass multicast")

	ben.firewall("hook input", "ct state established accept", "meta l4proto udp drop")
	ben.serve()
	wait(t, "Ben is here: his own dial gets through", func() bool { return ana.sees(ben) })
	ben.doctor().finds(wrong, "who finds this computer cannot reach it")
	ben.end()
	ana.forget()
	ana.doctor("10.77.0.2").finds(wrong, "computer at 10.77.0.2 is on", "no Inkling answers on UDP port 7447", "firewall there")

	ben.firewall("hook output", "meta l4proto udp drop")
	ben.doctor().finds(wrong, "This computer forbids Inkling to ask", "likely a firewall")
}

// firewall sets the rules of one hook of the machine, in the place of all others.
func (m *machine) firewall(hook string, rules ...string) {
	m.t.Helper()
	script := "flush ruleset\ntable inet test {\n chain rules {\n type filter " + hook + " priority 0; policy accept;\niif lo accept\n" +
		strings.Join(rules, "\n") + "\n}\n}\n"
	if strings.Contains(hook, "output") {
		script = strings.Replace(script, "iif lo", "oif lo", 1)
	}
	cmd := m.command("nft", "-f", "-")
	cmd.Stdin = strings.NewReader(script)
	if out, err := cmd.CombinedOutput(); err != nil {
		m.t.Fatalf("nft: %v: %s\n%s", err, out, script)
	}
}

// An access point that keeps its devices apart; and a computer that is off.
func TestDoctorIsolation(t *testing.T) {
	if !inside(t) {
		return
	}
	ana, ben := pair(t)
	ana.isolate()
	ben.isolate()
	wait(t, "both are away to each other", func() bool { return !ana.sees(ben) && !ben.sees(ana) })
	ana.forget() // a minute passes
	r := ana.doctor()
	r.finds(unsure, "Ben is not here", "The router 10.77.0.254 answers, the computer at 10.77.0.2 does not", "likely when it is on", "client isolation")
	ana.doctor("10.77.0.2").finds(wrong, "The router 10.77.0.254 answers, the computer at 10.77.0.2 does not", "client isolation", "hotspot")
	if r.exit != cli.ExitOK {
		t.Errorf("somebody who may be away is no fault: exit %d", r.exit)
	}

	sh(t, "ip addr del 10.77.0.254/24 dev switch") // the router dies
	ana.forget()
	ana.doctor().finds(wrong, "Ben is not here", "nor does the router 10.77.0.254", "connection of this computer is broken")
}
