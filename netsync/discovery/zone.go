package discovery

import (
	"fmt"
	"net"
	"strings"
	"sync/atomic"

	"github.com/hashicorp/mdns"
	"github.com/miekg/dns"
)

// The names of the service in DNS.
const (
	service     = "_inkling._udp"
	domain      = "local."
	serviceName = service + "." + domain
	callName    = "_call._sub." + serviceName
)

// zone answers for one network with the advert of the moment. It implements
// [mdns.Zone] and is safe for concurrent use.
type zone struct {
	instance string // label, also the first of the host name
	addrs    []net.IP
	advert   *atomic.Pointer[Advert] // shared by all zones; nil or port 0: silent
}

// newZone makes the zone of n. token is this start's random name.
func newZone(token string, n network, advert *atomic.Pointer[Advert]) *zone {
	z := &zone{instance: fmt.Sprintf("%s-%d", token, n.iface.Index), advert: advert}
	for _, p := range n.addrs[:min(len(n.addrs), maxAddrs)] {
		z.addrs = append(z.addrs, p.Addr().AsSlice())
	}
	return z
}

// Records returns what is answered to q: nothing, or records of this program.
func (z *zone) Records(q dns.Question) []dns.RR {
	advert := z.advert.Load()
	if advert == nil || advert.Port == 0 {
		return nil
	}
	// Host name and addresses are given: without them mdns asks the system,
	// which may be slow and would tell the computer's name.
	s, err := mdns.NewMDNSService(z.instance, service, domain, z.instance+"."+domain, advert.Port, z.addrs, advert.TXT)
	if err != nil {
		panic("discovery: records of " + z.instance + ": " + err.Error())
	}
	q.Name = strings.ToLower(q.Name)
	return s.Records(q)
}
