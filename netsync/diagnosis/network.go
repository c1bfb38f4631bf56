package diagnosis

import (
	"fmt"
	"slices"
	"strings"
)

// instead is the step that helps wherever questions to all do not.
const instead = "type the address of the other computer in Together, or send an invite link"

// judgeNetworks says on which networks others can be found.
func judgeNetworks(f Facts) []Finding {
	if f.Unlisted != "" {
		return []Finding{{Mark: Wrong, What: "Inkling cannot see this computer's networks: " + f.Unlisted + ".",
			Do: "Allow it to, if something confines the program (a sandbox, a container)."}}
	}
	var list []Finding
	for _, n := range f.Networks {
		if n.usable() {
			list = append(list, judgeNetwork(f, n))
		}
	}
	if len(list) == 0 {
		list = append(list, alone(f.Networks))
	}
	return list
}

// alone says why no network leads to other computers.
func alone(networks []Network) Finding {
	off := Finding{Mark: Wrong, Do: "Connect to the Wi-Fi or the cable that the others use."}
	var why []string
	for _, n := range networks {
		switch {
		case n.Loopback:
		case !n.Up:
			why = append(why, fmt.Sprintf("%q is switched off", n.Name))
		case !n.Plugged:
			why = append(why, fmt.Sprintf("%q has no cable or no Wi-Fi", n.Name))
		default:
			why = append(why, fmt.Sprintf("%q has no address", n.Name))
		}
	}
	off.What = "This computer is on no network; only Inklings on this computer are found."
	if len(why) > 0 {
		off.What = fmt.Sprintf("This computer is on no network: %s. Only Inklings on this computer are found.", and(why))
	}
	return off
}

// judgeNetwork says whether others can be found on n.
func judgeNetwork(f Facts, n Network) Finding {
	name := n.where()
	if !n.Multicast {
		mark := Wrong
		if slices.ContainsFunc(f.Networks, func(o Network) bool { return o.usable() && o.Multicast }) {
			mark = Unsure // others may be on that one
		}
		return Finding{Mark: mark, What: fmt.Sprintf("The network %s does not carry questions to all (multicast), as many VPNs and mobile connections do not: nobody is found there by itself.", name),
			Do: "Use the Wi-Fi or the cable that the others use, or " + instead + "."}
	}
	if n.heard() {
		return judgeHeard(f, n, name)
	}
	for _, a := range n.Asked {
		switch {
		case a.Kept:
			return Finding{Mark: Wrong, What: fmt.Sprintf("UDP port 5353, by which computers find each other, is kept by %s, which shares it with nobody: on %s others do not find this computer.", program(a.Holder), name),
				Do: "End that program, or have it share the port; until then " + instead + "."}
		case a.Banned:
			return Finding{Mark: Wrong, What: fmt.Sprintf("This computer forbids Inkling to ask on the network %s (%s): %s.", name, a.Mute, blame(f)),
				Do: "Allow Inkling to send to UDP port 5353; until then " + instead + "."}
		case a.Mute != "":
			return Finding{Mark: Wrong, What: fmt.Sprintf("Inkling cannot ask on the network %s: %s.", name, a.Mute),
				Do: "Connect to that network anew; if it stays so, " + instead + "."}
		case a.Deaf != "":
			return Finding{Mark: Wrong, What: fmt.Sprintf("Inkling cannot hear the questions of others on the network %s: %s.", name, a.Deaf),
				Do: "Connect to that network anew; if it stays so, " + instead + "."}
		}
	}
	if len(n.Asked) == 0 {
		return Finding{Mark: Unsure, What: fmt.Sprintf("Whether others can be found on the network %s was not tried: it came or changed just now.", name), Do: "Run inkling doctor again."}
	}
	return Finding{Mark: Wrong, What: fmt.Sprintf("On the network %s Inkling asks who is there and does not even hear itself: questions do not get into this computer. %s.", name, capital(blame(f))),
		Do: openPort(f, 5353)}
}

// heard says whether this computer heard itself on n.
func (n Network) heard() bool {
	return slices.ContainsFunc(n.Asked, func(a Asking) bool { return a.Heard })
}

// judgeHeard says what is known of a network on which this computer hears itself. That the
// network passes questions from computer to computer is known only when somebody else
// was heard.
func judgeHeard(f Facts, n Network, name string) Finding {
	if others := n.others(); others > 0 {
		return Finding{What: fmt.Sprintf("On the network %s Inkling asks who is there, and heard %s.", name, count(others, "other device"))}
	}
	what := fmt.Sprintf("On the network %s Inkling asks who is there and hears itself, but nobody else. ", name)
	if n.selfAssigned() {
		return Finding{Mark: Wrong, What: what + "The network has given this computer no address, so it has taken one by itself: others likely have addresses that do not fit.",
			Do: "Connect to the network anew, or restart the router."}
	}
	if slices.ContainsFunc(f.Networks, func(o Network) bool { return o.usable() && o.others() > 0 }) {
		return Finding{What: strings.TrimSpace(what)} // people are on another one
	}
	return Finding{Mark: Unsure, What: what + "Either nobody is there, or the network does not pass such questions on (multicast); from one computer that cannot be told.",
		Do: "If the other computer is on, read its address in its Together panel and run: inkling doctor ADDRESS"}
}

// others is how many other computers were heard on n.
func (n Network) others() (most int) {
	for _, a := range n.Asked {
		most = max(most, a.Others)
	}
	return most
}

// selfAssigned says whether n has IPv4 addresses and none that the network gave.
func (n Network) selfAssigned() bool {
	own := false
	for _, p := range n.Prefixes {
		if p.Addr().Is4() {
			own = true
			if !p.Addr().IsLinkLocalUnicast() {
				return false
			}
		}
	}
	return own
}

// capital makes s begin a sentence.
func capital(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

// inwardOf says what is known of the way in from n: No if one family is kept out.
func inwardOf(n Network) Answer {
	known := Unknown
	for _, a := range n.Asked {
		if a.Inward == No {
			return No
		}
		known = max(known, a.Inward)
	}
	return known
}

// judgeInward says whether this computer lets others in to the own port.
func judgeInward(f Facts) []Finding {
	var in, out []string
	for _, n := range f.Networks {
		if !n.usable() {
			continue
		}
		switch inwardOf(n) {
		case Yes:
			in = append(in, n.where())
		case No:
			out = append(out, n.where())
		case Unknown:
		}
	}
	var list []Finding
	if len(out) > 0 {
		list = append(list, Finding{Mark: Wrong,
			What: fmt.Sprintf("A packet that this computer sent to itself, to UDP port %d on the network %s, was thrown away on it: who finds this computer cannot reach it. %s.",
				f.Port.Got, and(out), capital(blame(f))),
			Do: openPort(f, f.Port.Got)})
	}
	if len(in) > 0 {
		list = append(list, Finding{What: fmt.Sprintf("As far as it can be tried from here, no firewall of this computer keeps others from UDP port %d on the network %s.", f.Port.Got, and(in))})
	}
	if len(in)+len(out) == 0 {
		list = append(list, untried(f)...)
	}
	return list
}

// untried says what is known of a firewall where packets to oneself prove nothing.
func untried(f Facts) []Finding {
	if !slices.ContainsFunc(f.Networks, Network.usable) {
		return nil
	}
	return []Finding{{Mark: Unsure, What: fmt.Sprintf("Whether a firewall of this computer keeps others from UDP port %d cannot be tried from here.", f.Port.Got),
		Do: "If others do not see you: " + lower(openPort(f, f.Port.Got))}}
}

func lower(s string) string { return strings.ToLower(s[:1]) + s[1:] }
