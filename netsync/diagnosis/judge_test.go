package diagnosis

import (
	"net/netip"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// eth is a network on which all is well and one other computer was heard.
func eth() Network {
	return Network{
		Name: "eth0", Up: true, Plugged: true, Multicast: true,
		Prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.5/24"), netip.MustParsePrefix("fe80::5/64")},
		Asked:    []Asking{{Heard: true, Others: 1, Inward: Yes}, {IPv6: true, Heard: true, Others: 1, Inward: Yes}},
	}
}

// well are facts of which nothing is to be said but good.
func well() Facts {
	return Facts{System: "linux", Port: Port{Wanted: 7447, Got: 7447, Address: "192.168.1.5"}, Networks: []Network{eth()}}
}

// at is a place on the network of eth.
func at(knock Knock, neighbour, router Answer) Place {
	return Place{Addr: netip.MustParseAddrPort("192.168.1.9:7447"), Network: "eth0", Knock: knock,
		Neighbour: neighbour, Gateway: netip.MustParseAddr("192.168.1.1"), Router: router}
}

func TestAllIsWell(t *testing.T) {
	f := well()
	f.Peers = []Peer{{Name: "Ben", Here: true, At: netip.MustParseAddrPort("192.168.1.9:7447"), Sighted: true}}
	for _, found := range Judge(f) {
		if found.Mark != Good || found.Do != "" {
			t.Errorf("%+v", found)
		}
	}
}

// TestOneThing: facts that differ from those of a computer on which all is well in one
// thing have one finding about it.
func TestOneThing(t *testing.T) {
	asked := func(change func(*Asking)) func(*Facts) {
		return func(f *Facts) {
			for i := range f.Networks[0].Asked {
				change(&f.Networks[0].Asked[i])
			}
		}
	}
	named := func(p Place) func(*Facts) { return func(f *Facts) { f.Named = &p } }
	away := func(p Place) func(*Facts) {
		return func(f *Facts) { f.Peers = []Peer{{Name: "Ben", Places: []Place{p}}} }
	}
	far := Place{Addr: netip.MustParseAddrPort("10.0.0.9:7448")}
	for name, test := range map[string]struct {
		change func(*Facts)
		mark   Mark
		says   []string
		not    string
	}{
		"port taken": {func(f *Facts) { f.Port = Port{Wanted: 7447, Got: 40000, Holder: "nc", Address: "192.168.1.5:40000"} }, Wrong,
			[]string{"7447 is taken by another program (nc)", "must type 192.168.1.5:40000", "firewall"}, ""},
		"port taken by one who cannot be seen": {func(f *Facts) { f.Port = Port{Wanted: 7447, Got: 40000} }, Wrong,
			[]string{"taken by another program.", "with :40000 behind it"}, ""},
		"networks not known": {func(f *Facts) { *f = Facts{Port: f.Port, Unlisted: "permission denied"} }, Wrong, []string{"permission denied"}, "firewall"},
		"no interface":       {func(f *Facts) { f.Networks = nil }, Wrong, []string{"on no network", "Connect to"}, "firewall"},
		"only loopback":      {func(f *Facts) { f.Networks[0].Loopback = true }, Wrong, []string{"on no network;"}, "eth0"},
		"no cable":           {func(f *Facts) { f.Networks[0].Plugged = false }, Wrong, []string{`"eth0" has no cable or no Wi-Fi`}, ""},
		"switched off":       {func(f *Facts) { f.Networks[0].Up = false }, Wrong, []string{`"eth0" is switched off`}, ""},
		"no address":         {func(f *Facts) { f.Networks[0].Prefixes = nil }, Wrong, []string{`"eth0" has no address`}, ""},
		"own address alone": {func(f *Facts) {
			f.Networks[0].Prefixes = []netip.Prefix{netip.MustParsePrefix("169.254.3.4/16")}
			asked(func(a *Asking) { a.Others = 0 })(f)
		}, Wrong, []string{"given this computer no address"}, ""},
		"interface without multicast": {func(f *Facts) { f.Networks[0].Multicast = false }, Wrong, []string{"does not carry questions to all"}, ""},
		"a VPN beside the network": {func(f *Facts) {
			f.Networks = append(f.Networks, Network{Name: "tun0", Up: true, Plugged: true, Prefixes: []netip.Prefix{netip.MustParsePrefix("10.8.0.2/24")}})
		}, Unsure, []string{`10.8.0.0/24 ("tun0") does not carry`}, ""},
		"port of questions kept": {asked(func(a *Asking) { a.Heard, a.Deaf, a.Kept, a.Holder = false, "address already in use", true, "mdnsd" }), Wrong,
			[]string{"5353", "another program (mdnsd)", "shares it with nobody"}, "firewall"},
		"not to be sent": {asked(func(a *Asking) { a.Heard, a.Mute = false, "network is down" }), Wrong, []string{"cannot ask", "network is down"}, "firewall"},
		"sending forbidden": {asked(func(a *Asking) { a.Heard, a.Mute, a.Banned = false, "operation not permitted", true }), Wrong,
			[]string{"forbids Inkling to ask", "likely a firewall"}, ""},
		"own question not heard": {asked(func(a *Asking) { a.Heard, a.Others = false, 0 }), Wrong, []string{"does not even hear itself", "likely a firewall", "5353"}, ""},
		"nobody else": {asked(func(a *Asking) { a.Others = 0 }), Unsure,
			[]string{"nobody else", "cannot be told", "inkling doctor ADDRESS"}, "likely"},
		"firewall not known": {asked(func(a *Asking) { a.Inward = No }), Wrong, []string{"UDP port 7447", "thrown away", "likely a firewall", "nft list ruleset"}, "is on"},
		"ufw": {func(f *Facts) { f.Firewalls = []string{"ufw"}; f.Networks[0].Asked[0].Inward = No }, Wrong,
			[]string{"ufw is on", "sudo ufw allow 7447/udp && sudo ufw allow 5353/udp"}, "nft"},
		"firewalld": {func(f *Facts) { f.Firewalls = []string{"firewalld"}; f.Networks[0].Asked[1].Inward = No }, Wrong,
			[]string{"firewalld is on", "sudo firewall-cmd --permanent --add-port=7447/udp --add-port=5353/udp && sudo firewall-cmd --reload"}, "nft"},
		"inward not tried": {asked(func(a *Asking) { a.Inward = Unknown }), Unsure, []string{"cannot be tried"}, "thrown away"},
		"inward not tried on Windows": {func(f *Facts) { f.System = "windows"; asked(func(a *Asking) { a.Inward = Unknown })(f) }, Unsure,
			[]string{"cannot be tried", "Allow an app through firewall"}, "sudo"},
		"inward not tried on a Mac": {func(f *Facts) { f.System = "darwin"; asked(func(a *Asking) { a.Inward = Unknown })(f) }, Unsure,
			[]string{"cannot be tried", "Local Network"}, "sudo"},

		"named, own":       {named(Place{Addr: netip.MustParseAddrPort("192.168.1.5:7447"), Own: true}), Wrong, []string{"192.168.1.5 is an address of this computer"}, "network"},
		"named, stranger":  {named(Place{Addr: at(Inkling, 0, 0).Addr, Network: "eth0", Knock: Inkling, Who: Stranger}), Wrong, []string{"do not know each other yet", "join CODE --at 192.168.1.9"}, "firewall"},
		"named, somebody":  {named(at(Inkling, 0, 0)), Unsure, []string{"who that is could not be found out"}, "do not know each other"},
		"named, other one": {named(at(Foreign, Unknown, Unknown)), Wrong, []string{"likely another version"}, "firewall"},
		"named, refused":   {named(at(Refused, Unknown, Unknown)), Wrong, []string{"192.168.1.9 is on", "lets nobody in on UDP port 7447"}, "isolation"},
		"named, silent":    {named(at(Silence, Unknown, Unknown)), Wrong, []string{"cannot be told from here"}, "is on,"},
		"named, there":     {named(at(Silence, Yes, Yes)), Wrong, []string{"192.168.1.9 is on, or was", "Likely Inkling is not running", "less likely"}, ""},
		"named, isolated":  {named(at(Silence, No, Yes)), Wrong, []string{"router 192.168.1.1 answers", "(ARP)", "likely when it is on", "client isolation", "hotspot"}, ""},
		"named, no router": {named(at(Silence, No, Unknown)), Wrong, []string{"does not answer", "(ARP)", "or the network keeps its devices apart"}, "router 192"},
		"named, all dead":  {named(at(Silence, No, No)), Wrong, []string{"nor does the router 192.168.1.1", "likely the connection of this computer"}, "isolation"},
		"named, far": {named(far), Wrong, []string{"Nobody answers at 10.0.0.9:7448.", "on no network of this computer, which is on 192.168.1.0/24 (\"eth0\")",
			"router between them"}, "ARP"},
		"named, no way": {named(Place{Addr: far.Addr, Knock: NoRoute}), Wrong, []string{"no way to 10.0.0.9"}, "router"},
		"named, banned": {named(at(Banned, Unknown, Unknown)), Wrong, []string{"forbids Inkling to send to 192.168.1.9"}, "isolation"},

		"away, silent":   {away(at(Silence, No, Yes)), Unsure, []string{"Ben is not here", "client isolation"}, ""},
		"away, refused":  {away(at(Refused, Unknown, Unknown)), Unsure, []string{"Ben is not here", "is on"}, "isolation"},
		"away, all dead": {away(at(Silence, No, No)), Wrong, []string{"Ben is not here", "connection of this computer"}, ""},
		"away, forgot me": {away(Place{Addr: at(0, 0, 0).Addr, Network: "eth0", Knock: Inkling, Who: Estranged}), Wrong,
			[]string{"does not know this device any more", "invite you again"}, ""},
		"away, another there": {away(Place{Addr: at(0, 0, 0).Addr, Network: "eth0", Knock: Inkling, Who: Stranger}), Unsure,
			[]string{"somebody else's Inkling", "likely has another address"}, ""},
		"away, met elsewhere": {func(f *Facts) { f.Peers = []Peer{{Name: "Ben", Far: []netip.Addr{far.Addr.Addr()}}} }, Unsure,
			[]string{"met at 10.0.0.9, which is on no network of this computer", "192.168.1.0/24", "inkling doctor 10.0.0.9"}, "isolation"},
		"away, never met":   {func(f *Facts) { f.Peers = []Peer{{Name: "Ben"}} }, Unsure, []string{"knows no address"}, "isolation"},
		"away, and so many": {func(f *Facts) { f.Unasked = 3 }, Unsure, []string{"3 more devices that are away"}, ""},
		"here, not sighted": {func(f *Facts) { f.Peers = []Peer{{Name: "Ben", Here: true, At: at(0, 0, 0).Addr}} }, Unsure,
			[]string{"Ben is here", "Likely the network does not pass multicast"}, "firewall"},
	} {
		t.Run(name, func(t *testing.T) {
			f := well()
			test.change(&f)
			var bad []Finding
			for _, found := range Judge(f) {
				if found.Mark != Good {
					bad = append(bad, found)
				}
			}
			if len(bad) != 1 || bad[0].Mark != test.mark {
				t.Fatalf("%+v", bad)
			}
			text := bad[0].What + " " + bad[0].Do
			for _, words := range test.says {
				if !strings.Contains(text, words) {
					t.Errorf("%q does not say %q", text, words)
				}
			}
			if test.not != "" && strings.Contains(text, test.not) {
				t.Errorf("%q says %q, which was not found out", text, test.not)
			}
		})
	}
}

// TestOwnFirewallComesFirst: while this computer keeps packets out, silence says nothing of others.
func TestOwnFirewallComesFirst(t *testing.T) {
	f := well()
	f.Networks[0].Asked[0].Inward = No
	place := at(Silence, Yes, Yes)
	f.Named = &place
	list := Judge(f)
	last := list[len(list)-1]
	if !strings.Contains(last.What, "may keep the answer out") || strings.Contains(last.What, "not running") {
		t.Errorf("%q", last.What)
	}
}

// TestMostTellingPlace: of the places where somebody was looked for, the one is told at which most was found out.
func TestMostTellingPlace(t *testing.T) {
	local := func(p Place) Place { p.Addr = netip.MustParseAddrPort("[fe80::9%eth0]:7447"); return p }
	away := Place{Addr: netip.MustParseAddrPort("192.168.1.77:7447"), Network: "eth0"}
	for _, test := range []struct {
		places []Place
		says   string
	}{
		{[]Place{local(at(Refused, 0, 0)), at(Refused, 0, 0)}, "192.168.1.9 is on"},
		{[]Place{away, local(at(Refused, 0, 0))}, "fe80::9%eth0 is on"},
		{[]Place{away, at(Silence, Yes, 0)}, "192.168.1.9 is on, or was"},
		{[]Place{at(Refused, 0, 0), {Addr: away.Addr, Network: "eth0", Knock: Inkling, Who: Estranged}}, "does not know this device"},
	} {
		f := well()
		f.Peers = []Peer{{Name: "Ben", Places: test.places}}
		list := Judge(f)
		if got := list[len(list)-1].What; !strings.Contains(got, test.says) {
			t.Errorf("%q does not say %q", got, test.says)
		}
	}
}

// Laws of all facts: who is told of something that may be wrong is told what to do; each sentence ends; the devices
// of a network are said to be kept apart only where somebody stays silent, and packets to be thrown away only where
// one was.
func TestLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := anyFacts(t)
		for _, found := range Judge(f) {
			if found.Mark != Good && found.Do == "" {
				t.Errorf("no step: %q", found.What)
			}
			if !strings.HasSuffix(found.What, ".") || strings.Contains(found.What, "..") || strings.Contains(found.What+found.Do, "%!") {
				t.Errorf("no sentence: %q", found.What)
			}
			if strings.Contains(found.What, "isolation") && !silent(f) {
				t.Errorf("everybody answered: %q", found.What)
			}
			if strings.Contains(found.What, "thrown away") && !keptOut(f) {
				t.Errorf("no packet was kept out: %q", found.What)
			}
		}
	})
}

// silent says whether a place stayed silent.
func silent(f Facts) bool {
	for _, p := range f.Peers {
		if slices.ContainsFunc(p.Places, func(p Place) bool { return p.Knock == Silence }) {
			return true
		}
	}
	return f.Named != nil && f.Named.Knock == Silence
}

func keptOut(f Facts) bool {
	return slices.ContainsFunc(f.Networks, func(n Network) bool { return inwardOf(n) == No })
}

// anyFacts draws facts, sensible or not.
func anyFacts(t *rapid.T) Facts {
	flag := func(name string) bool { return rapid.Bool().Draw(t, name) }
	pick := func(name string, of ...string) string { return rapid.SampledFrom(of).Draw(t, name) }
	answer := func() Answer { return Answer(rapid.IntRange(0, 2).Draw(t, "answer")) }
	addr := func() netip.AddrPort {
		return netip.MustParseAddrPort(pick("address", "192.168.1.9:7447", "10.0.0.9:7448", "[fe80::9%eth0]:7447", "192.168.1.5:7447", "127.0.0.1:7447"))
	}
	place := func() Place {
		p := Place{Addr: addr(), Own: flag("own"), Network: pick("network", "", "eth0"), Knock: Knock(rapid.IntRange(0, 5).Draw(t, "knock")),
			Who: Who(rapid.IntRange(0, 3).Draw(t, "who")), Name: "Cleo", Neighbour: answer(), Router: answer()}
		if flag("gateway") {
			p.Gateway = netip.MustParseAddr("192.168.1.1")
		}
		return p
	}
	f := Facts{System: pick("system", "linux", "windows", "darwin", "freebsd"), Unasked: rapid.IntRange(0, 2).Draw(t, "unasked"),
		Port: Port{Wanted: 7447, Got: rapid.SampledFrom([]int{7447, 40000}).Draw(t, "port"), Holder: pick("holder", "", "nc"), Address: pick("own", "", "192.168.1.5")}}
	if flag("unlisted") {
		f.Unlisted = "permission denied"
	}
	for _, name := range []string{"ufw", "firewalld"} {
		if flag(name) {
			f.Firewalls = append(f.Firewalls, name)
		}
	}
	for range rapid.IntRange(0, 3).Draw(t, "networks") {
		n := eth()
		n.Loopback, n.Up, n.Plugged, n.Multicast = flag("loopback"), flag("up"), flag("plugged"), flag("multicast")
		n.Prefixes = n.Prefixes[:rapid.IntRange(0, 2).Draw(t, "prefixes")]
		n.Asked = n.Asked[:rapid.IntRange(0, 2).Draw(t, "asked")]
		for i := range n.Asked {
			n.Asked[i] = Asking{Deaf: pick("deaf", "", "in use"), Kept: flag("kept"), Holder: pick("keeper", "", "mdnsd"), Mute: pick("mute", "", "down"),
				Banned: flag("banned"), Heard: flag("heard"), Others: rapid.IntRange(0, 3).Draw(t, "others"), Inward: answer()}
		}
		f.Networks = append(f.Networks, n)
	}
	for range rapid.IntRange(0, 3).Draw(t, "peers") {
		p := Peer{Name: "Ben", Here: flag("here"), At: addr(), Sighted: flag("sighted")}
		for range rapid.IntRange(0, 3).Draw(t, "places") {
			p.Places = append(p.Places, place())
		}
		if flag("far") {
			p.Far = append(p.Far, addr().Addr())
		}
		f.Peers = append(f.Peers, p)
	}
	if flag("named") {
		p := place()
		f.Named = &p
	}
	return f
}
