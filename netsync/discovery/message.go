package discovery

import (
	"net/netip"
	"strings"

	"github.com/hashicorp/mdns"
	"github.com/miekg/dns"
)

// Limits of what is read from one packet.
const (
	maxPacket    = 9000 // bytes, the greatest of RFC 6762 §17
	maxQuestions = 4
	maxInstances = 8
)

// unicastWanted is the bit of a question's class that prefers a unicast
// answer (RFC 6762 §5.4).
const unicastWanted = 1 << 15

// question returns the packet that asks who is there. id comes back in the
// answers.
func question(id uint16, call bool) []byte {
	if call {
		return packQuestion(id, serviceName, callName)
	}
	return packQuestion(id, serviceName)
}

// packQuestion returns the packet that asks for the PTR records of names.
func packQuestion(id uint16, names ...string) []byte {
	m := new(dns.Msg)
	m.Id = id
	for _, name := range names {
		m.Question = append(m.Question, dns.Question{Name: name, Qtype: dns.TypePTR, Qclass: dns.ClassINET | unicastWanted})
	}
	packet, err := m.Pack()
	if err != nil {
		panic("discovery: pack question: " + err.Error())
	}
	return packet
}

// answer reads a question and returns the answer of z; nil when there is
// nothing to say. call says that the asker wants to be looked for. Packets that
// are no questions are passed over in silence, as the RFC asks.
func answer(packet []byte, z mdns.Zone) (reply []byte, call bool) {
	var asked dns.Msg
	if err := asked.Unpack(packet); err != nil {
		return nil, false
	}
	if asked.Response || asked.Opcode != dns.OpcodeQuery || asked.Rcode != dns.RcodeSuccess || asked.Truncated {
		return nil, false
	}
	m := dns.Msg{Compress: true}
	m.Id, m.Response, m.Authoritative = asked.Id, true, true
	for _, q := range asked.Question[:min(len(asked.Question), maxQuestions)] {
		if strings.EqualFold(q.Name, callName) {
			call = true
		} else if records := z.Records(q); len(records) > 0 && len(m.Answer) == 0 {
			// One question is answered: more would only make one small packet
			// give a larger one. A reply by unicast repeats it (RFC 6762 §6.7).
			m.Question, m.Answer = []dns.Question{q}, records
		}
	}
	if len(m.Answer) == 0 {
		return nil, call
	}
	reply, err := m.Pack()
	if err != nil {
		panic("discovery: pack answer: " + err.Error())
	}
	return reply, call
}

// instance is what the records of one packet say about one program.
type instance struct {
	host   string
	port   int
	txt    []string
	hasTXT bool
}

// sightings reads an answer to the question id that came from the address from
// on n. token is the name of this start: its own answers are left out.
func sightings(packet []byte, id uint16, from netip.Addr, n network, token string) []Sighting {
	var m dns.Msg
	if len(packet) < 2 || uint16(packet[0])<<8|uint16(packet[1]) != id || m.Unpack(packet) != nil {
		return nil
	}
	if !m.Response || m.Opcode != dns.OpcodeQuery || m.Rcode != dns.RcodeSuccess {
		return nil
	}
	instances, hosts := collect(append(m.Answer, m.Extra...), token)
	var seen []Sighting
	for _, i := range instances {
		if i.port == 0 || !i.hasTXT {
			continue
		}
		if addrs := candidates(i.port, from, hosts[i.host], n); len(addrs) > 0 {
			seen = append(seen, Sighting{TXT: plainStrings(i.txt), Addrs: addrs})
		}
	}
	return seen
}

// collect sorts records by instance and by host.
func collect(records []dns.RR, token string) (instances map[string]*instance, hosts map[string][]netip.Addr) {
	instances = make(map[string]*instance)
	hosts = make(map[string][]netip.Addr)
	for _, record := range records {
		name := strings.ToLower(record.Header().Name)
		switch r := record.(type) {
		case *dns.SRV:
			if i := theInstance(instances, name, token); i != nil {
				i.host, i.port = strings.ToLower(r.Target), int(r.Port)
			}
		case *dns.TXT:
			if i := theInstance(instances, name, token); i != nil {
				i.txt, i.hasTXT = r.Txt, true
			}
		case *dns.A:
			addHost(hosts, name, r.A)
		case *dns.AAAA:
			addHost(hosts, name, r.AAAA)
		}
	}
	return instances, hosts
}

// theInstance returns the entry of name; nil when name is not an instance of
// the service, is one of this program, or is one too many.
func theInstance(instances map[string]*instance, name, token string) *instance {
	label, ours := strings.CutSuffix(name, "."+serviceName)
	if !ours || label == "" || strings.HasPrefix(label, token+"-") {
		return nil
	}
	i := instances[name]
	if i == nil && len(instances) < maxInstances {
		i = new(instance)
		instances[name] = i
	}
	return i
}

func addHost(hosts map[string][]netip.Addr, name string, ip []byte) {
	addr, ok := netip.AddrFromSlice(ip)
	if !ok || len(hosts[name]) == maxAddrs || hosts[name] == nil && len(hosts) == maxInstances {
		return
	}
	hosts[name] = append(hosts[name], addr)
}

// candidates returns the addresses of an instance that can be dialled from n:
// the one that answered, then those that it names.
func candidates(port int, from netip.Addr, named []netip.Addr, n network) []netip.AddrPort {
	var out []netip.AddrPort
	seen := make(map[netip.Addr]bool)
	for _, addr := range append([]netip.Addr{from}, named...) {
		addr, ok := n.candidate(addr, from)
		if ok && !seen[addr] && len(out) < maxAddrs {
			seen[addr] = true
			out = append(out, netip.AddrPortFrom(addr, uint16(port)))
		}
	}
	return out
}
