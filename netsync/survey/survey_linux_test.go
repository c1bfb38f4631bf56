package survey

import (
	"context"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

	"inkling/netsync/diagnosis"
)

func TestPoke(t *testing.T) {
	open, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	at := open.LocalAddr().(*net.UDPAddr).AddrPort()
	ctx, cancel := context.WithCancel(context.Background())
	heard := make(chan bool)
	go func() { // a program that hears it and says nothing
		open.ReadFromUDPAddrPort(make([]byte, 8))
		cancel()
		close(heard)
	}()
	if got := Poke(ctx, at); got != diagnosis.Silence {
		t.Errorf("a silent program: %v", got)
	}
	<-heard
	open.Close()
	if got := Poke(context.Background(), at); got != diagnosis.Refused {
		t.Errorf("nobody listens: %v", got)
	}
}

func TestHolderLeavesOutThisProgram(t *testing.T) {
	conn, err := net.ListenUDP("udp", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	port := conn.LocalAddr().(*net.UDPAddr).Port
	if found := len(socketsOn("/proc/net/udp", port)) + len(socketsOn("/proc/net/udp6", port)); found != 1 {
		t.Errorf("the tables have %d sockets on the port, want 1", found)
	}
	if got := Holder(port); got != "" {
		t.Errorf("this program's own port is held by %q", got)
	}
}

func TestUFWSwitch(t *testing.T) {
	for conf, want := range map[string]bool{
		"# ufw\nENABLED=yes\nLOGLEVEL=low\n": true,
		"ENABLED=no\n":                       false,
		"#ENABLED=yes\n":                     false,
		"ENABLED = \"Yes\"":                  true,
		"":                                   false,
	} {
		if got := ufwOn(conf); got != want {
			t.Errorf("%q: %v", conf, got)
		}
	}
}

func TestGatewayAddress(t *testing.T) {
	native := binary.NativeEndian.Uint32([]byte{10, 77, 0, 254})
	if got, ok := nativeIPv4(hex8(native)); !ok || got != netip.MustParseAddr("10.77.0.254") {
		t.Errorf("%v, %v", got, ok)
	}
	for _, wrong := range []string{"", "0A", "zzzzzzzz", "0102030405"} {
		if got, ok := nativeIPv4(wrong); ok {
			t.Errorf("%q is %v", wrong, got)
		}
	}
}

// hex8 prints a number as the kernel does.
func hex8(n uint32) string {
	const digits = "0123456789ABCDEF"
	b := make([]byte, 8)
	for i := range b {
		b[i] = digits[n>>(28-4*i)&15]
	}
	return string(b)
}

// neighbour is a message of the system: a struct ndmsg and its address.
func neighbour(state uint16, addr string) []byte {
	ip := netip.MustParseAddr(addr).AsSlice()
	b := make([]byte, ndmSize, ndmSize+4+len(ip))
	binary.NativeEndian.PutUint16(b[8:], state)
	b = binary.NativeEndian.AppendUint16(b, uint16(4+len(ip)))
	b = binary.NativeEndian.AppendUint16(b, ndaDst)
	return append(b, ip...)
}

func TestNeighbours(t *testing.T) {
	const stale = 0x04
	all := Neighbours{}
	all.add(neighbour(nudReachable, "10.77.0.1"))
	all.add(neighbour(nudFailed, "10.77.0.2"))
	all.add(neighbour(stale, "10.77.0.3"))
	all.add(neighbour(nudReachable, "fe80::1")) // on one network
	all.add(neighbour(nudFailed, "fe80::1"))    // on another
	want := Neighbours{
		netip.MustParseAddr("10.77.0.1"): diagnosis.Yes, netip.MustParseAddr("10.77.0.2"): diagnosis.No,
		netip.MustParseAddr("fe80::1"): diagnosis.Yes,
	}
	if len(all) != len(want) {
		t.Errorf("%v", all)
	}
	for addr, answer := range want {
		if all[addr] != answer {
			t.Errorf("%v: %v, want %v", addr, all[addr], answer)
		}
	}
}

// FuzzNeighbours: any bytes are read, and what comes of them are addresses with an answer.
func FuzzNeighbours(f *testing.F) {
	f.Add(neighbour(nudReachable, "10.77.0.1"))
	f.Add(neighbour(nudFailed, "fe80::1"))
	f.Add(neighbour(nudFailed, "fe80::1")[:14])
	f.Fuzz(func(t *testing.T, data []byte) {
		all := Neighbours{}
		all.add(data)
		for addr, answer := range all {
			if !addr.IsValid() || answer == diagnosis.Unknown {
				t.Errorf("%v: %v", addr, answer)
			}
		}
	})
}
