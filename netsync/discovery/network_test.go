package discovery

import (
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
)

func TestNear(t *testing.T) {
	for addr, want := range map[string]bool{
		"192.0.2.9": true, "192.0.3.9": false, "8.8.8.8": false, "127.0.0.1": false,
		"::ffff:192.0.2.9": true, "fd00::9": true, "fd00:1::9": false, "2001:db8::1": false,
		"fe80::9%eth7": true, "fe80::9%eth8": false, "fe80::9": false, "::1": false,
	} {
		if got := ethernet.near(netip.MustParseAddr(addr)); got != want {
			t.Errorf("near(%s) = %v, want %v", addr, got, want)
		}
	}
}

func TestListNetworks(t *testing.T) {
	networks, _, err := listNetworks()
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(networks, network.loopback)
	if i < 0 {
		t.Fatalf("no loopback in %v", networks)
	}
	lo := networks[i]
	if !lo.near(netip.MustParseAddr("127.0.0.1")) || !lo.owns(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("%v does not own 127.0.0.1", lo)
	}
	again, _, err := listNetworks()
	if err != nil || !slices.ContainsFunc(again, lo.equal) {
		t.Errorf("the loopback has changed: %v, %v, %v", lo, again, err)
	}
}

func TestTroubleSentences(t *testing.T) {
	lo := network{iface: net.Interface{Name: "lo", Flags: net.FlagLoopback}, addrs: []netip.Prefix{netip.MustParsePrefix("127.0.0.1/8")}}
	refused := &net.OpError{Op: "write", Net: "udp4", Err: os.NewSyscallError("sendto", syscall.EPERM)}
	v4, v6 := stationKey{"eth7", ipv4Family}, stationKey{"eth7", ipv6Family}
	for _, c := range []struct {
		name     string
		networks []network
		unusable []string
		list     error
		failed   map[stationKey]error
		want     []string // parts of the sentences
	}{
		{name: "nothing tried yet", networks: []network{lo, ethernet}},
		{name: "all well", networks: []network{lo, ethernet}, failed: map[stationKey]error{v4: nil, v6: nil}},
		{name: "one family is enough", networks: []network{lo, ethernet}, failed: map[stationKey]error{v4: nil, v6: refused}},
		{name: "the other not tried yet", networks: []network{lo, ethernet}, failed: map[stationKey]error{v4: refused}},
		{name: "both refused", networks: []network{lo, ethernet}, failed: map[stationKey]error{v4: refused, v6: refused},
			want: []string{`network "eth7": operation not permitted. Type the address`}},
		{name: "only loopback", networks: []network{lo}, want: []string{"no network"}},
		{name: "nothing at all", want: []string{"no network"}},
		{name: "a tunnel", networks: []network{lo}, unusable: []string{"tun0"}, want: []string{"tun0"}},
		{name: "loopback fails beside a network", networks: []network{lo, ethernet},
			failed: map[stationKey]error{{"lo", ipv4Family}: refused, v4: nil}},
		{name: "loopback fails alone", networks: []network{lo}, failed: map[stationKey]error{{"lo", ipv4Family}: refused},
			want: []string{"no network", `"lo": operation not permitted`}},
		{name: "no list", list: errors.New("discovery: list: no"), want: []string{"cannot see"}},
	} {
		var tr troubles
		tr.listed(c.networks, c.unusable, c.list)
		for key, err := range c.failed {
			tr.note(key, err)
		}
		got := tr.sentences()
		if !slices.EqualFunc(got, c.want, strings.Contains) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	var tr troubles
	tr.listed([]network{ethernet}, nil, nil)
	tr.note(v4, refused)
	tr.listed(nil, nil, nil)
	if len(tr.failed) != 0 {
		t.Errorf("networks that have gone are remembered: %v", tr.failed)
	}
}
