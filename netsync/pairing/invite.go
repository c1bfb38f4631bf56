package pairing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"
)

// MaxAddrs is how many addresses an invite may carry.
const MaxAddrs = 6

// Prefix begins every invite link. What follows the # is base64url without
// padding of: version byte 1, issuer's Ed25519 public key (32 bytes), secret (16),
// expiry (uvarint, seconds since the Unix epoch), count of addresses (uvarint, at
// most MaxAddrs), and for each the length of the IP (4 or 16), the IP and the UDP
// port (2 bytes, big-endian). Nothing follows. Addresses have no zone, so
// link-local IPv6 is never among them.
const Prefix = "inkling://join#"

const inviteVersion = 1

// Invite is what an invite link says.
type Invite struct {
	Issuer  [32]byte
	Secret  [16]byte
	Expires time.Time // to the second
	Addrs   []netip.AddrPort
}

// ID names an invite without its secret.
func (i Invite) ID() [8]byte {
	hash := sha256.Sum256(i.Secret[:])
	return [8]byte(hash[:8])
}

// Link encodes i.
func (i Invite) Link() string {
	if len(i.Addrs) > MaxAddrs {
		panic("pairing: too many addresses in an invite")
	}
	b := append([]byte{inviteVersion}, i.Issuer[:]...)
	b = append(b, i.Secret[:]...)
	b = binary.AppendUvarint(b, uint64(max(i.Expires.Unix(), 0)))
	b = binary.AppendUvarint(b, uint64(len(i.Addrs)))
	for _, a := range i.Addrs {
		ip := a.Addr().Unmap().WithZone("").AsSlice()
		b = append(append(b, byte(len(ip))), ip...)
		b = binary.BigEndian.AppendUint16(b, a.Port())
	}
	return Prefix + base64.RawURLEncoding.EncodeToString(b)
}

// A LinkError says what is wrong with a pasted link.
type LinkError struct{ Reason string }

func (e *LinkError) Error() string {
	return "This is not a complete invite link (" + e.Reason + "). Copy the whole link again: it begins with " + Prefix
}

// ParseLink is the inverse of [Invite.Link]. White space around and inside the
// link is ignored, for mail programs break lines. The error is a [*LinkError].
func ParseLink(link string) (Invite, error) {
	text, found := strings.CutPrefix(strings.Join(strings.Fields(link), ""), Prefix)
	if !found {
		return Invite{}, &LinkError{"the beginning is missing"}
	}
	if len(text) > 512 {
		return Invite{}, &LinkError{"it is too long"}
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return Invite{}, &LinkError{"a character is wrong"}
	}
	i, reason := decodeInvite(b)
	if reason != "" {
		return Invite{}, &LinkError{reason}
	}
	return i, nil
}

const fixed = 1 + 32 + 16

func decodeInvite(b []byte) (i Invite, reason string) {
	if len(b) < fixed {
		return i, "the end is missing"
	}
	if b[0] != inviteVersion {
		return i, fmt.Sprintf("its version is %d, this program knows %d: one of the two is too old", b[0], inviteVersion)
	}
	copy(i.Issuer[:], b[1:])
	copy(i.Secret[:], b[33:])
	b = b[fixed:]
	seconds, n := uvarint(b, math.MaxInt64/2)
	count, k := uvarint(b[n:], MaxAddrs)
	if n == 0 || k == 0 {
		return i, "the end is missing"
	}
	i.Expires = time.Unix(int64(seconds), 0)
	b = b[n+k:]
	for range count {
		var a netip.AddrPort
		if a, b = decodeAddr(b); !a.IsValid() {
			return i, "an address is broken"
		}
		i.Addrs = append(i.Addrs, a)
	}
	if len(b) != 0 {
		return i, "there is something behind the end"
	}
	return i, ""
}

func decodeAddr(b []byte) (a netip.AddrPort, rest []byte) {
	if len(b) < 1 || b[0] != 4 && b[0] != 16 || len(b) < 1+int(b[0])+2 {
		return a, b
	}
	ip, _ := netip.AddrFromSlice(b[1 : 1+b[0]])
	if ip.Is4In6() {
		return a, b // has a shorter form
	}
	b = b[1+b[0]:]
	return netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b)), b[2:]
}

// uvarint reads a uvarint in its shortest form; n is 0 when it is broken.
func uvarint(b []byte, limit uint64) (v uint64, n int) {
	v, n = binary.Uvarint(b)
	if n <= 0 || n > 1 && b[n-1] == 0 || v > limit {
		return 0, 0
	}
	return v, n
}

// Proof shows that its maker knows the secret, on the connection with this TLS
// exporter: HMAC-SHA-256(secret, exporter ‖ "inkling join").
func Proof(secret [16]byte, exporter [32]byte) [32]byte {
	mac := hmac.New(sha256.New, secret[:])
	mac.Write(exporter[:])
	mac.Write([]byte("inkling join"))
	return [32]byte(mac.Sum(nil))
}

// Proves says whether proof is the one for secret and exporter, in constant time.
func Proves(proof [32]byte, secret [16]byte, exporter [32]byte) bool {
	want := Proof(secret, exporter)
	return hmac.Equal(proof[:], want[:])
}
