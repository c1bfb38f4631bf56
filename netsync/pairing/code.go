package pairing

import (
	"math/big"
	"strings"

	"inkling/netsync/pairing/cpace"
)

// Lengths of codes, in characters. The long one comes when somebody has guessed at the short one too often.
const (
	ShortCode = 6
	LongCode  = 12
)

// What codes are made of. The letters leave out what looks alike: 0 and o, 1, i and l.
const (
	digits  = "0123456789"
	letters = "23456789abcdefghjkmnpqrstuvwxyz"
)

// drawCode makes a code of 32 random bytes; all codes are as likely, but for less than 2^-190.
func drawCode(alphabet string, length int, random [32]byte) string {
	n, base, digit := new(big.Int).SetBytes(random[:]), big.NewInt(int64(len(alphabet))), new(big.Int)
	var code strings.Builder
	for range length {
		n.DivMod(n, base, digit)
		code.WriteByte(alphabet[digit.Int64()])
	}
	return code.String()
}

// ReadCode returns the code that a person typed: with spaces, dashes or capital letters, as people do.
func ReadCode(text string) (code string, ok bool) {
	code = strings.ToLower(strings.NewReplacer("-", "", "–", "").Replace(strings.Join(strings.Fields(text), "")))
	switch len(code) {
	case ShortCode:
		return code, strings.Trim(code, digits) == ""
	case LongCode:
		return code, strings.Trim(code, letters) == ""
	}
	return "", false
}

// SpellCode returns code in groups, for people to read.
func SpellCode(code string) string {
	group := 3
	if len(code) == LongCode {
		group = 4
	}
	var groups []string
	for ; len(code) > group; code = code[group:] {
		groups = append(groups, code[:group])
	}
	return strings.Join(append(groups, code), " ")
}

// terms binds an exchange over a code to the protocol's version, the roles, and the connection: the exporter is known to
// the ends of one TLS connection alone, so that nobody in the middle can pass an exchange on. The device keys are bound
// afterwards, by signatures over the exporter and [Guest.Binder], when both ends know that there is nobody in the middle.
func terms(code string, exporter [32]byte) cpace.Terms {
	return cpace.Terms{
		Code: code, Channel: []byte("inkling/1 code"), Session: exporter[:],
		Notes: [2]string{cpace.Initiator: "guest", cpace.Responder: "host"},
	}
}

// Guest is the end that types a code: one try.
type Guest struct {
	exchange *cpace.Exchange
	key      *cpace.Key
}

// NewGuest begins a try on the connection with this TLS exporter, with 32 random bytes.
func NewGuest(code string, exporter, random [32]byte) *Guest {
	return &Guest{exchange: cpace.Start(cpace.Initiator, terms(code, exporter), random)}
}

// Share returns what the guest sends first.
func (g *Guest) Share() [cpace.ShareSize]byte { return g.exchange.Share() }

// Answer takes the host's share and returns the guest's tag. The error is [cpace.ErrShare].
func (g *Guest) Answer(share [cpace.ShareSize]byte) (tag [cpace.TagSize]byte, err error) {
	if g.key, err = g.exchange.Finish(share); err != nil {
		return tag, err
	}
	return g.key.Tag(), nil
}

// Believes says whether tag shows that the host's screen has the code. It is asked after Answer.
func (g *Guest) Believes(tag [cpace.TagSize]byte) bool { return g.key.Proves(tag) }

// Binder returns what both ends sign, with the exporter, to bind their device keys to the exchange.
func (g *Guest) Binder() [32]byte { return g.key.Derive(binder) }

const binder = "binder"
