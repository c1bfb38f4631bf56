package netsync

import (
	"encoding/hex"
	"strings"
	"testing"
)

// FuzzSign: what a program says of itself on the local network is either not understood or read as what it says.
func FuzzSign(f *testing.F) {
	f.Add(strings.Join(advertOf([8]byte{1}, PeerID{2}), "\n"))
	f.Add("v=1\nn=0011223344556677\nt=8899aabbccddeeff\no=1\nc=1")
	f.Add("v=2\nn=\nt=x\n=\no")
	f.Fuzz(func(t *testing.T, text string) {
		s, ok := readSign(strings.Split(text, "\n"))
		if !ok {
			return
		}
		txt := []string{"v=1", "n=" + hex.EncodeToString(s.nonce[:]), "t=" + hex.EncodeToString(s.tag[:])}
		if s.visible {
			txt = append(txt, "o=1")
		}
		if s.shows {
			txt = append(txt, "c=1")
		}
		if again, ok := readSign(txt); !ok || again != s {
			t.Fatalf("%q is read as %+v, which is written %q and read as %+v", text, s, txt, again)
		}
	})
}

func TestParseAddr(t *testing.T) {
	for typed, want := range map[string]string{
		"192.168.1.20": "192.168.1.20:7447", " 192.168.1.20:7000 ": "192.168.1.20:7000", "::ffff:1.2.3.4": "1.2.3.4:7447",
		"fe80::1%eth0": "[fe80::1%eth0]:7447", "[fe80::1%eth0]": "[fe80::1%eth0]:7447", "[fe80::1%eth0]:80": "[fe80::1%eth0]:80",
		"1.2.3.4:0": "", "[::1": "", "::1]": "", "fe80::1%eth0]:80": "", "host": "", "host:80": "", "": "",
	} {
		at, err := parseAddr(typed)
		if (err == nil) != (want != "") || err == nil && at.String() != want {
			t.Errorf("%q is read as %v, %v; want %s", typed, at, err, want)
		}
	}
}

// FuzzAddress: what is typed is an address or not one; as one it is read as itself.
func FuzzAddress(f *testing.F) {
	for _, typed := range []string{"192.168.1.20", "192.168.1.20:7000", "[fe80::1%eth0]:80", "::1", " [::1] ", "::ffff:1.2.3.4", "1.2.3.4:0", "host:1"} {
		f.Add(typed)
	}
	f.Fuzz(func(t *testing.T, typed string) {
		a, err := parseAddr(typed)
		if err != nil {
			return
		}
		if again, err := parseAddr(a.String()); err != nil || again != a || a.Port() == 0 || a.Addr().Is4In6() {
			t.Fatalf("%q is read as %v, which is read as %v, %v", typed, a, again, err)
		}
	})
}
