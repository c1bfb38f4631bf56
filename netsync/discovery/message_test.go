package discovery

import (
	"net"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// ethernet is a network that exists only here.
var ethernet = network{
	iface: net.Interface{Index: 2, Name: "eth7", Flags: net.FlagUp | net.FlagMulticast},
	addrs: []netip.Prefix{
		netip.MustParsePrefix("192.0.2.2/24"),
		netip.MustParsePrefix("fd00::2/64"),
		netip.MustParsePrefix("fe80::2/64"),
	},
}

func zoneOf(token string, n network, a Advert) *zone {
	var advert atomic.Pointer[Advert]
	advert.Store(&a)
	return newZone(token, n, &advert)
}

func ports(port uint16, addrs ...string) []netip.AddrPort {
	var out []netip.AddrPort
	for _, a := range addrs {
		out = append(out, netip.AddrPortFrom(netip.MustParseAddr(a), port))
	}
	return out
}

func TestQuestionAndAnswer(t *testing.T) {
	z := zoneOf("ben", ethernet, Advert{Port: 7447, TXT: []string{"v=1", "n=00ff"}})
	for _, c := range []struct {
		from string
		want []netip.AddrPort
	}{
		{"192.0.2.2", ports(7447, "192.0.2.2", "fd00::2")}, // over IPv4 nobody knows the zone of fe80::2
		{"fe80::2%eth7", ports(7447, "fe80::2%eth7", "192.0.2.2", "fd00::2")},
		{"fe80::9%eth7", ports(7447, "fe80::9%eth7", "192.0.2.2", "fd00::2", "fe80::2%eth7")},
		{"fd00::2", ports(7447, "fd00::2", "192.0.2.2")},
	} {
		packet, call := answer(question(7, false), z)
		if call {
			t.Error("a plain question counts as a call")
		}
		got := sightings(packet, 7, netip.MustParseAddr(c.from), ethernet, "ana")
		want := []Sighting{{TXT: []string{"v=1", "n=00ff"}, Addrs: c.want}}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("from %s: %v, want %v", c.from, got, want)
		}
		if own := sightings(packet, 7, netip.MustParseAddr(c.from), ethernet, "ben"); own != nil {
			t.Errorf("own answer is reported: %v", own)
		}
		if late := sightings(packet, 8, netip.MustParseAddr(c.from), ethernet, "ana"); late != nil {
			t.Errorf("an answer to another question is reported: %v", late)
		}
	}
}

func TestAnswerIsSmall(t *testing.T) {
	full := ethernet
	full.addrs = nil
	for i := range 20 {
		full.addrs = append(full.addrs, netip.PrefixFrom(netip.AddrFrom16([16]byte{0xfd, 15: byte(i)}), 64))
	}
	z := zoneOf("0123456789abcdef", full, Advert{Port: 1, TXT: []string{strings.Repeat("x", 255), strings.Repeat("y", 145)}})
	q := question(1, true)
	packet, _ := answer(q, z)
	if len(packet) == 0 || len(packet) > 1232 { // the least IPv6 frame, without its headers
		t.Errorf("answer of %d bytes, want at most 1232", len(packet))
	}

	var many dns.Msg
	if err := many.Unpack(q); err != nil {
		t.Fatal(err)
	}
	many.Question = slices.Repeat(many.Question[:1], 100)
	many.Compress = true
	asked, err := many.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if again, _ := answer(asked, z); len(again) != len(packet) {
		t.Errorf("a question repeated 100 times is answered with %d bytes, once with %d", len(again), len(packet))
	}
}

func TestNoAnswer(t *testing.T) {
	z := zoneOf("ben", ethernet, Advert{Port: 7447})
	ask := func(change func(*dns.Msg)) []byte {
		var m dns.Msg
		if err := m.Unpack(question(7, false)); err != nil {
			t.Fatal(err)
		}
		change(&m)
		packet, err := m.Pack()
		if err != nil {
			t.Fatal(err)
		}
		return packet
	}
	for name, packet := range map[string][]byte{
		"empty":        nil,
		"an answer":    ask(func(m *dns.Msg) { m.Response = true }),
		"an update":    ask(func(m *dns.Msg) { m.Opcode = dns.OpcodeUpdate }),
		"an error":     ask(func(m *dns.Msg) { m.Rcode = dns.RcodeRefused }),
		"truncated":    ask(func(m *dns.Msg) { m.Truncated = true }),
		"another name": ask(func(m *dns.Msg) { m.Question[0].Name = "_ipp._tcp.local." }),
		"another type": ask(func(m *dns.Msg) { m.Question[0].Qtype = dns.TypeMX }),
		"cut":          question(7, false)[:20],
	} {
		if reply, call := answer(packet, z); reply != nil || call {
			t.Errorf("%s: answered with %d bytes, call %v", name, len(reply), call)
		}
	}
	if reply, _ := answer(ask(func(m *dns.Msg) { m.Question[0].Name = "_Inkling._UDP.local." }), z); reply == nil {
		t.Error("a question in capitals is not answered")
	}
	if reply, call := answer(question(7, true), zoneOf("ben", ethernet, Advert{TXT: []string{"v=1"}})); reply != nil || !call {
		t.Errorf("port 0: %d bytes, call %v; want silence and the call noted", len(reply), call)
	}
}

// reply packs records as an answer to question 7.
func reply(t *testing.T, records ...string) []byte {
	t.Helper()
	m := dns.Msg{}
	m.Id, m.Response = 7, true
	for _, text := range records {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		m.Answer = append(m.Answer, rr)
	}
	packet, err := m.Pack()
	if err != nil {
		t.Fatal(err)
	}
	return packet
}

func TestSightings(t *testing.T) {
	srv := "x._inkling._udp.local. 9 IN SRV 0 0 5 h.local."
	txt := "x._inkling._udp.local. 9 IN TXT v=1"
	for _, c := range []struct {
		name    string
		records []string
		want    []Sighting
	}{
		{"nothing", nil, nil},
		{"no text record", []string{srv}, nil},
		{"no port record", []string{txt}, nil},
		{"port 0", []string{"x._inkling._udp.local. 9 IN SRV 0 0 0 h.local.", txt}, nil},
		{"another service", []string{"x._ipp._tcp.local. 9 IN SRV 0 0 5 h.local.", "x._ipp._tcp.local. 9 IN TXT v=1"}, nil},
		{"the service itself", []string{"_inkling._udp.local. 9 IN SRV 0 0 5 h.local.", "_inkling._udp.local. 9 IN TXT v=1"}, nil},
		{"no address record", []string{srv, txt}, []Sighting{{[]string{"v=1"}, ports(5, "192.0.2.9")}}},
		{"any order, any case", []string{"H.local. 9 IN A 192.0.2.8", txt, "X._INKLING._udp.local. 9 IN SRV 0 0 5 h.LOCAL."},
			[]Sighting{{[]string{"v=1"}, ports(5, "192.0.2.9", "192.0.2.8")}}},
		{"useless addresses", []string{srv, txt, "h.local. 9 IN A 127.0.0.1", "h.local. 9 IN A 0.0.0.0", "h.local. 9 IN A 224.0.0.251",
			"h.local. 9 IN AAAA ::1", "h.local. 9 IN AAAA fe80::1", "h.local. 9 IN AAAA ff02::fb", "h.local. 9 IN A 192.0.2.9"},
			[]Sighting{{[]string{"v=1"}, ports(5, "192.0.2.9")}}},
		{"addresses of another host", []string{srv, txt, "g.local. 9 IN A 192.0.2.8"}, []Sighting{{[]string{"v=1"}, ports(5, "192.0.2.9")}}},
		{"junk in the text", []string{srv, `x._inkling._udp.local. 9 IN TXT "v=1" "a\"b" "a\\b" "\000\255" "" "n=2"`},
			[]Sighting{{[]string{"v=1", "n=2"}, ports(5, "192.0.2.9")}}},
	} {
		got := sightings(reply(t, c.records...), 7, netip.MustParseAddr("192.0.2.9"), ethernet, "own")
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

// checkSighting says what every sighting promises.
func checkSighting(t *testing.T, s Sighting) {
	t.Helper()
	if len(s.Addrs) == 0 || len(s.Addrs) > maxAddrs {
		t.Errorf("%d addresses", len(s.Addrs))
	}
	for _, a := range s.Addrs {
		ip := a.Addr()
		if a.Port() == 0 || ip.IsUnspecified() || ip.IsMulticast() || ip.Is6() && ip.IsLinkLocalUnicast() && ip.Zone() == "" {
			t.Errorf("address %v cannot be dialled", a)
		}
	}
	sum := 0
	for _, txt := range s.TXT {
		sum += len(txt)
		if !plain(txt) {
			t.Errorf("text %q is not plain", txt)
		}
	}
	if sum > maxTXT {
		t.Errorf("text of %d bytes", sum)
	}
}

func FuzzSightings(f *testing.F) {
	z := zoneOf("ben", ethernet, Advert{Port: 7447, TXT: []string{"v=1", "n=00ff"}})
	packet, _ := answer(question(7, false), z)
	f.Add(packet[2:])
	f.Add(fakeAnswer(7, 0)[2:])
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, rest []byte) {
		for _, from := range []string{"192.0.2.9", "fe80::9%eth7"} {
			seen := sightings(append([]byte{0, 7}, rest...), 7, netip.MustParseAddr(from), ethernet, "own")
			if len(seen) > maxInstances {
				t.Errorf("%d sightings of one packet", len(seen))
			}
			for _, s := range seen {
				checkSighting(t, s)
			}
		}
	})
}

func FuzzAnswer(f *testing.F) {
	z := zoneOf("ben", ethernet, Advert{Port: 7447, TXT: []string{"v=1"}})
	f.Add(question(7, false))
	f.Add(question(7, true))
	f.Fuzz(func(t *testing.T, packet []byte) {
		reply, _ := answer(packet, z)
		if len(reply) > 1232 {
			t.Errorf("answer of %d bytes", len(reply))
		}
		if reply == nil {
			return
		}
		if again, call := answer(reply, z); again != nil || call {
			t.Error("an answer is answered: two programs would talk for ever")
		}
	})
}
