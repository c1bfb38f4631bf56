package diagnosis

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Judge says what follows from f, the nearest things first: the port, the networks,
// the firewall, the people, the address that was named.
func Judge(f Facts) []Finding {
	list := []Finding{judgePort(f)}
	list = append(list, judgeNetworks(f)...)
	list = append(list, judgeInward(f)...)
	list = append(list, judgePeers(f)...)
	if f.Named != nil {
		list = append(list, judgeNamed(f, *f.Named))
	}
	return list
}

// judgePort says on which port the program is, and what it means that another
// program has the usual one.
func judgePort(f Facts) Finding {
	p := f.Port
	if p.Got == p.Wanted {
		return Finding{What: fmt.Sprintf("Inkling listens on UDP port %d.%s", p.Got, reachedAt(p))}
	}
	address := fmt.Sprintf("this computer's address with :%d behind it", p.Got)
	if p.Address != "" {
		address = p.Address
	}
	return Finding{Mark: Wrong,
		What: fmt.Sprintf("UDP port %d is taken by %s. Inkling uses port %d instead, until it ends: others find it there by themselves, but who types an address "+
			"must type %s, and a firewall that was opened for port %d lets nobody in.",
			p.Wanted, program(p.Holder), p.Got, address, p.Wanted),
		Do: "End the other program and start Inkling again, or start Inkling with a port of its own (inkling --port 7448) and open that one in the firewall."}
}

// reachedAt is a sentence with the address that others type.
func reachedAt(p Port) string {
	if p.Address == "" {
		return ""
	}
	return " Others who do not find this computer by themselves type " + p.Address + "."
}

// program names another program.
func program(name string) string {
	switch name {
	case "":
		return "another program"
	case "inkling":
		return "another Inkling on this computer"
	}
	return "another program (" + name + ")"
}

// usable says whether n leads to other computers.
func (n Network) usable() bool {
	return !n.Loopback && n.Up && n.Plugged && len(n.Prefixes) > 0
}

// networks names the networks of this computer that lead to others, with their
// addresses.
func networks(f Facts) string {
	var names []string
	for _, n := range f.Networks {
		if n.usable() {
			names = append(names, n.where())
		}
	}
	if len(names) == 0 {
		return "no network"
	}
	return and(names)
}

// where is n for a person: its addresses as networks, and its name.
func (n Network) where() string {
	var shown []string
	for _, p := range n.Prefixes {
		if !p.Addr().IsLinkLocalUnicast() {
			shown = append(shown, p.Masked().String())
		}
	}
	if len(shown) == 0 {
		return fmt.Sprintf("%q", n.Name)
	}
	return fmt.Sprintf("%s (%q)", strings.Join(slices.Compact(shown), ", "), n.Name)
}

// and joins names as a person does.
func and(names []string) string {
	if len(names) < 2 {
		return strings.Join(names, "")
	}
	return strings.Join(names[:len(names)-1], ", ") + " and " + names[len(names)-1]
}

// count is "1 other computer", "3 other computers".
func count(n int, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// typed is an address as a person types it.
func typed(at netip.AddrPort, usual int) string {
	if int(at.Port()) == cmp.Or(usual, int(at.Port())) {
		return at.Addr().String()
	}
	return at.String()
}
