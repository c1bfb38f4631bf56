package diagnosis

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// judgePeers says of each known device whether it is here, and if not, what was
// found where it used to be.
func judgePeers(f Facts) []Finding {
	var list []Finding
	connected := slices.ContainsFunc(f.Networks, Network.usable)
	for _, p := range f.Peers {
		switch {
		case p.Here:
			list = append(list, judgeHere(f, p))
		case !connected, p.isNamed(f): // nothing follows, or it is said below
		case len(p.Places) > 0:
			list = append(list, judgeAway(f, p))
		case len(p.Far) > 0:
			list = append(list, judgeFar(f, p))
		default:
			list = append(list, Finding{Mark: Unsure, What: fmt.Sprintf("%s is not here, and Inkling knows no address of that computer on this network.", p.Name),
				Do: fmt.Sprintf("If %s is on this network, run with the address in that computer's Together panel: inkling doctor ADDRESS", p.Name)})
		}
	}
	if connected && f.Unasked > 0 {
		list = append(list, Finding{Mark: Unsure, What: fmt.Sprintf("%s that are away were not looked for.", count(f.Unasked, "more device")),
			Do: "To look for one of them, run: inkling doctor ADDRESS"})
	}
	return list
}

// isNamed says whether p was looked for at the address that the person named.
func (p Peer) isNamed(f Facts) bool {
	return f.Named != nil && slices.ContainsFunc(p.Places, func(place Place) bool { return place.Addr == f.Named.Addr })
}

func judgeHere(f Facts, p Peer) Finding {
	at := typed(p.At, f.Port.Wanted)
	if n, ok := near(f, p.At.Addr()); p.Sighted || !ok || !n.heard() {
		return Finding{What: fmt.Sprintf("%s is here, at %s.", p.Name, at)}
	}
	return Finding{Mark: Unsure,
		What: fmt.Sprintf("%s is here, at %s, but was found by its address: it does not answer this computer's question to all. Likely the network does not pass multicast on between the two.", p.Name, at),
		Do:   "Nothing, as long as the addresses stay the same. Else " + instead + "; or see whether the access point has a setting for multicast (IGMP snooping, multicast filter)."}
}

// near returns the network of this computer that a lies in; ok is false when there is none.
func near(f Facts, a netip.Addr) (n Network, ok bool) {
	for _, n := range f.Networks {
		for _, p := range n.Prefixes {
			if zoned := a.Zone() == "" || a.Zone() == n.Name; zoned && p.Masked().Contains(a.WithZone("")) {
				return n, true
			}
		}
	}
	return Network{}, false
}

// judgeAway tells the most telling of the places where p was looked for.
func judgeAway(f Facts, p Peer) Finding {
	best := p.Places[0]
	for _, place := range p.Places[1:] {
		if telling(place) > telling(best) {
			best = place
		}
	}
	at := typed(best.Addr, f.Port.Wanted)
	switch {
	case best.Who == Wanted:
		return Finding{What: fmt.Sprintf("%s is here, at %s.", p.Name, at)}
	case best.Who == Estranged:
		return Finding{Mark: Wrong, What: fmt.Sprintf("%s's Inkling answers at %s, but it does not know this device any more.", p.Name, at),
			Do: fmt.Sprintf("Ask %s to invite you again, or invite %s.", p.Name, p.Name)}
	case best.Who == Stranger:
		return Finding{Mark: Unsure, What: fmt.Sprintf("%s is not here. At %s, where that computer was met, is somebody else's Inkling now: %s likely has another address.", p.Name, at, p.Name),
			Do: fmt.Sprintf("If %s is on this network, run with the address in that computer's Together panel: inkling doctor ADDRESS", p.Name)}
	}
	found := judgePlace(f, best)
	if broken := best.Router == No; !broken && (best.Knock == Silence || best.Knock == Refused || best.Knock == NoRoute) {
		found.Mark = Unsure // most of the time, who is away has just ended Inkling, switched the computer off or left
	}
	found.What = fmt.Sprintf("%s is not here. Where that computer was met: %s%s", p.Name, found.What, elsewhere(f, best))
	return found
}

// telling orders places by how much they say; of two that say the same, by whether a
// person knows such addresses.
func telling(p Place) int {
	much := 0
	switch {
	case p.Who != Nobody:
		much = 3 + int(Stranger-p.Who)
	case p.Knock != Silence:
		much = 2
	case p.Neighbour == Yes:
		much = 1
	}
	much *= 2
	if !p.Addr.Addr().IsLinkLocalUnicast() {
		much++
	}
	return much
}

func judgeFar(f Facts, p Peer) Finding {
	var far []string
	for _, a := range p.Far {
		far = append(far, a.String())
	}
	return Finding{Mark: Unsure,
		What: fmt.Sprintf("%s is not here. That computer was met at %s, which is on no network of this computer: this computer is on %s. Inkling looks in other networks only when told to.", p.Name, strings.Join(far, ", "), networks(f)),
		Do:   fmt.Sprintf("Connect both to the same network; or type that computer's address in Together, if a router leads from one network to the other. inkling doctor %s tries that.", far[0])}
}

// judgeNamed says what was found at the address that the person named.
func judgeNamed(f Facts, p Place) Finding {
	at, far := typed(p.Addr, f.Port.Wanted), elsewhere(f, p)
	switch {
	case p.Own:
		return Finding{Mark: Wrong, What: fmt.Sprintf("%s is an address of this computer.", at),
			Do: "Read the address in the Together panel of the other computer."}
	case p.Who == Wanted:
		return Finding{What: fmt.Sprintf("%s answers at %s, and is here now.%s", p.Name, at, far)}
	case p.Who == Stranger:
		return Finding{Mark: Wrong, What: fmt.Sprintf("An Inkling answers at %s, so the network between the two is well; but the two do not know each other yet.%s", at, far),
			Do: fmt.Sprintf("Have one of you invite the other: choose Invite somebody there, and type the six digits here: inkling join CODE --at %s", at)}
	}
	found := judgePlace(f, p)
	found.What += far
	return found
}

// elsewhere is the sentence about a place on no network of this computer; "" for others.
func elsewhere(f Facts, p Place) string {
	if p.Own || p.Network != "" {
		return ""
	}
	return fmt.Sprintf(" It is on no network of this computer, which is on %s: the two do not find each other by themselves.", networks(f))
}

// judgePlace says what was found at an address where no Inkling of this version answered.
func judgePlace(f Facts, p Place) Finding {
	at, port := typed(p.Addr, f.Port.Wanted), p.Addr.Port()
	wrong := Finding{Mark: Wrong}
	switch p.Knock {
	case Inkling:
		return Finding{Mark: Unsure, What: fmt.Sprintf("An Inkling answers at %s, so the network between the two is well; but who that is could not be found out.", at),
			Do: "Run inkling doctor again."}
	case Foreign:
		wrong.What = fmt.Sprintf("At %s a program answers that does not speak this Inkling's language: it is likely another version of Inkling.", at)
		wrong.Do = "Bring both to the newest Inkling."
	case Refused:
		wrong.What = fmt.Sprintf("The computer at %s is on, and says that it lets nobody in on UDP port %d: Inkling is not running there, has another port, or a firewall there refuses.", p.Addr.Addr(), port)
		wrong.Do = "Start Inkling there and run `inkling doctor` there: it names the port and looks at the firewall."
	case NoRoute:
		wrong.What = fmt.Sprintf("This computer knows no way to %s.", p.Addr.Addr())
		wrong.Do = "Connect both to the same network."
	case Banned:
		wrong.What = fmt.Sprintf("This computer forbids Inkling to send to %s; %s.", at, blame(f))
		wrong.Do = fmt.Sprintf("Allow Inkling to send to UDP port %d.", port)
	case Silence:
		return judgeSilence(f, p)
	}
	return wrong
}

// judgeSilence says what follows from no answer at all.
func judgeSilence(f Facts, p Place) Finding {
	at := typed(p.Addr, f.Port.Wanted)
	check := "See that the other computer is on and not asleep, and which address it has now: its Together panel shows it."
	network, _ := near(f, p.Addr.Addr())
	switch {
	case p.Network == "":
		return Finding{Mark: Wrong, What: fmt.Sprintf("Nobody answers at %s.", at),
			Do: "Connect both to the same Wi-Fi or cable. If they are to stay on two networks, a router between them must pass UDP on to that address."}
	case inwardOf(network) == No:
		return Finding{Mark: Wrong, What: fmt.Sprintf("Nobody answers at %s; but what keeps others from this computer, see above, may keep the answer out.", at),
			Do: "Open the port of this computer first, then run inkling doctor again."}
	case p.Neighbour == Yes:
		return Finding{Mark: Wrong, What: fmt.Sprintf("The computer at %s is on, or was until a moment ago, but no Inkling answers on UDP port %d. Likely Inkling is not running there, or a firewall there keeps others out; "+
			"less likely, the access point answers in its place and keeps its devices apart (client isolation).", p.Addr.Addr(), p.Addr.Port()),
			Do: "Start Inkling there and run `inkling doctor` there: it looks at that computer's firewall."}
	case p.Neighbour == No && p.Router == No:
		return Finding{Mark: Wrong, What: fmt.Sprintf("Nobody answers at %s, nor does the router %s: likely the connection of this computer is broken.", p.Addr.Addr(), p.Gateway),
			Do: "Connect to the network anew, then run inkling doctor again."}
	case p.Neighbour == No && p.Router == Yes:
		return Finding{Mark: Wrong, What: fmt.Sprintf("The router %s answers, the computer at %s does not, not even to the question that each computer of a network answers (%s). That computer is off, asleep or has another address; "+
			"or, likely when it is on, the network keeps its devices apart (client isolation, usual in guest networks).", p.Gateway, p.Addr.Addr(), asking(p.Addr.Addr())),
			Do: check + " If that is right: switch client isolation (AP isolation, guest network) off in the router or access point, use a cable, or let one computer open a hotspot for the other."}
	case p.Neighbour == No:
		return Finding{Mark: Wrong, What: fmt.Sprintf("The computer at %s does not answer, not even to the question that each computer of a network answers (%s): it is off, asleep, has another address, or the network keeps its devices apart (client isolation).", p.Addr.Addr(), asking(p.Addr.Addr())),
			Do: check + " If that is right, look for client isolation (guest network) in the access point's settings."}
	}
	return Finding{Mark: Wrong, What: fmt.Sprintf("Nobody answers at %s. Whether that computer is on cannot be told from here.", at),
		Do: check + " Then run `inkling doctor` there, which looks at its firewall. If all is well there, look for client isolation (guest network) in the access point's settings."}
}

// asking names the question that each computer of a network answers.
func asking(a netip.Addr) string {
	if a.Is4() {
		return "ARP"
	}
	return "neighbour discovery"
}
