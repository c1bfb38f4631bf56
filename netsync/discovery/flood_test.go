package discovery

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/miekg/dns"
)

// A host that answers each question with 10,000 programs is believed 256 of
// them for each question, and garbage not at all.
func TestFlood(t *testing.T) {
	lo, err := net.InterfaceByName("lo")
	if err != nil {
		t.Fatal(err)
	}
	ears, err := net.ListenMulticastUDP("udp4", lo, ipv4Family.group(network{}))
	if err != nil {
		t.Fatal(err)
	}
	l := newLoopback()
	var heard atomic.Int64
	counted := &countingLookout{}
	ctx, stop := context.WithCancel(context.Background())
	var done sync.WaitGroup
	flooded := make(chan struct{})
	done.Go(func() { l.Run(ctx, counted.found) })
	done.Go(func() {
		buf := make([]byte, maxPacket)
		for {
			n, from, err := ears.ReadFromUDPAddrPort(buf)
			if err != nil {
				return
			}
			var m dns.Msg
			if m.Unpack(buf[:n]) != nil || m.Response || from.Port() == Port {
				continue
			}
			if heard.Add(1) > 2 {
				continue
			}
			for i := range 10_000 {
				ears.WriteToUDPAddrPort(fakeAnswer(m.Id, i), from)
			}
			if heard.Load() == 2 {
				close(flooded)
			}
		}
	})
	<-flooded
	waitFor(t, "some are believed", func() bool { return counted.n.Load() > 0 })
	stop()
	ears.Close()
	done.Wait()
	if got, most := counted.n.Load(), heardPerQuestion*heard.Load(); got > most {
		t.Errorf("%d sightings after %d questions, want at most %d", got, heard.Load(), most)
	}
}

type countingLookout struct{ n atomic.Int64 }

func (c *countingLookout) found(Sighting) { c.n.Add(1) }

// fakeAnswer is the answer of program i, every second one garbage.
func fakeAnswer(id uint16, i int) []byte {
	if i%2 == 1 {
		return binary.BigEndian.AppendUint64(binary.BigEndian.AppendUint16(nil, id), uint64(i)*0x9e3779b97f4a7c15)
	}
	name := fmt.Sprintf("fake%d.%s", i, serviceName)
	host := fmt.Sprintf("host%d.%s", i, domain)
	m := dns.Msg{Compress: true}
	m.Id, m.Response = id, true
	m.Answer = []dns.RR{
		&dns.SRV{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeSRV, Class: dns.ClassINET}, Port: 9, Target: host},
		&dns.TXT{Hdr: dns.RR_Header{Name: name, Rrtype: dns.TypeTXT, Class: dns.ClassINET}, Txt: []string{"v=1", "\\\"junk\\000"}},
		&dns.A{Hdr: dns.RR_Header{Name: host, Rrtype: dns.TypeA, Class: dns.ClassINET}, A: net.IPv4(127, 0, 0, 9)},
	}
	packet, err := m.Pack()
	if err != nil {
		panic(err)
	}
	return packet
}
