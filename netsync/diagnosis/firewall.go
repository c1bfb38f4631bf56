package diagnosis

import (
	"fmt"
	"slices"
	"strings"
)

// blame says what likely throws packets away, as the part of a sentence.
func blame(f Facts) string {
	switch {
	case len(f.Firewalls) > 0:
		return fmt.Sprintf("that is likely its firewall: %s is on", and(f.Firewalls))
	case f.System == "linux":
		return "that is likely a firewall of this computer; neither ufw nor firewalld seems to be on, so its rules were likely set in another way"
	}
	return "that is likely a firewall of this computer"
}

// openPort says how the person lets others in to a UDP port; 5353 is that of
// questions, another one the program's own, which is opened with it.
func openPort(f Facts, port int) string {
	ports := []int{port}
	if port != 5353 {
		ports = append(ports, 5353)
	}
	switch f.System {
	case "windows":
		return "Open Windows Security, Firewall & network protection, Allow an app through firewall, and allow Inkling on private networks; and see that Windows calls this network private."
	case "darwin":
		return "Open System Settings, Network, Firewall, Options, and let Inkling receive incoming connections; and allow it under Privacy & Security, Local Network."
	}
	var commands []string
	if slices.Contains(f.Firewalls, "ufw") {
		commands = append(commands, joined(ports, "sudo ufw allow %d/udp", " && "))
	}
	if slices.Contains(f.Firewalls, "firewalld") {
		commands = append(commands, "sudo firewall-cmd --permanent "+joined(ports, "--add-port=%d/udp", " ")+" && sudo firewall-cmd --reload")
	}
	if len(commands) > 0 {
		return "Open the port, then run inkling doctor again: " + strings.Join(commands, " && ")
	}
	return "Let in UDP port " + joined(ports, "%d", " and port ") + " from this network. An administrator sees the rules by `sudo nft list ruleset`, older ones by `sudo iptables -S`."
}

// joined formats each port and joins them.
func joined(ports []int, format, between string) string {
	var parts []string
	for _, p := range ports {
		parts = append(parts, fmt.Sprintf(format, p))
	}
	return strings.Join(parts, between)
}
