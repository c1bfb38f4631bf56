package pairing

import (
	"encoding/base64"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

func example() Invite {
	return Invite{
		Issuer: [32]byte{1}, Secret: [16]byte{2}, Expires: time.Unix(1_800_000_000, 0),
		Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.168.1.20:7447"), netip.MustParseAddrPort("[fd00::1]:80")},
	}
}

func same(a, b Invite) bool {
	return a.Issuer == b.Issuer && a.Secret == b.Secret && a.Expires.Equal(b.Expires) && slices.Equal(a.Addrs, b.Addrs)
}

func TestLinkRoundTrip(t *testing.T) {
	link := example().Link()
	if want := "inkling://join#AQEAAAAA"; !strings.HasPrefix(link, want) {
		t.Errorf("link %s, want prefix %s", link, want)
	}
	for _, pasted := range []string{link, " " + link + "\n", link[:40] + "\r\n  " + link[40:]} {
		if got, err := ParseLink(pasted); err != nil || !same(got, example()) {
			t.Errorf("ParseLink(%q) = %+v, %v", pasted, got, err)
		}
	}
}

func FuzzParseLink(f *testing.F) {
	f.Add(example().Link())
	f.Add(Invite{}.Link())
	f.Add(Prefix + base64.RawURLEncoding.EncodeToString([]byte{2}))
	f.Fuzz(func(t *testing.T, s string) {
		i, err := ParseLink(s)
		var bad *LinkError
		if err != nil && !errors.As(err, &bad) {
			t.Fatalf("untyped error %v", err)
		}
		if err == nil && i.Link() != strings.Join(strings.Fields(s), "") {
			t.Fatalf("%q reads as %+v, which writes %q", s, i, i.Link())
		}
	})
}

// TestProofIsBound: a proof fits one secret on one connection.
func TestProofIsBound(t *testing.T) {
	secret, exporter := [16]byte{1}, [32]byte{2}
	proof := Proof(secret, exporter)
	if !Proves(proof, secret, exporter) {
		t.Error("a good proof is refused")
	}
	if Proves(proof, [16]byte{2}, exporter) || Proves(proof, secret, [32]byte{3}) || Proves([32]byte{}, secret, exporter) {
		t.Error("a wrong proof is accepted")
	}
}
