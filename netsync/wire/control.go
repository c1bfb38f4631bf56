package wire

import (
	"bytes"
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/fxamacker/cbor/v2"

	"inkling/crdt"
)

const (
	typeKnock    = critical | 0x01
	typeAnswer   = critical | 0x02
	typeStranger = critical | 0x03
	typeProve    = critical | 0x04
	typeWelcome  = critical | 0x05
	typeHello    = critical | 0x06
	typeOffer    = critical | 0x07
	typeJoin     = critical | 0x08
	typeJoined   = critical | 0x09
	typeRefused  = critical | 0x0a
	typeCall     = critical | 0x0b
	typeTry      = critical | 0x0c
	typeShare    = critical | 0x0d
	typeConfirm  = critical | 0x0e
	typeReveal   = critical | 0x0f
	typePresent  = critical | 0x10
)

// MaxKnocks is how many peers one Knock may look for.
const MaxKnocks = 64

// MaxName is the longest name of a person in bytes.
const MaxName = 128

// Knock is the dialler's first message. Each MAC is the HMAC-SHA-256 of the TLS
// exporter under a device key that the dialler hopes to find: only a listener
// with that key understands it. A dialler who looks for nobody known sends one
// random MAC.
type Knock struct {
	MACs [][32]byte `cbor:"1,keyasint"`
}

// Answer is the listener's proof that MACs[Index] named its key.
type Answer struct {
	Index     uint8    `cbor:"1,keyasint"`
	Signature [64]byte `cbor:"2,keyasint"`
}

// Stranger says: you found nobody you know (after Knock), or: I do not know you
// (after Prove). Only pairing messages may follow.
type Stranger struct{}

// Prove is the dialler's device key with the proof that it has it.
type Prove struct {
	Key       [32]byte `cbor:"1,keyasint"`
	Signature [64]byte `cbor:"2,keyasint"`
	// HaveLive: the dialler has another connection to this peer that works.
	HaveLive bool `cbor:"3,keyasint"`
}

// Welcome says that the dialler is known and the connection is kept.
type Welcome struct{}

// Hello tells the person's name to an admitted peer; again when it changes.
type Hello struct {
	Name string `cbor:"1,keyasint"`
}

// Offer is the listener's word to a member that it has the document, for the
// dialler to open a stream.
type Offer struct {
	Doc crdt.DocID `cbor:"1,keyasint"`
}

// Join asks to be let in by an invite. Proof is bound to this connection.
type Join struct {
	Invite [8]byte  `cbor:"1,keyasint"`
	Proof  [32]byte `cbor:"2,keyasint"`
	Name   string   `cbor:"3,keyasint"`
}

// Joined lets the asker in.
type Joined struct {
	Genesis [crdt.GenesisSize]byte `cbor:"1,keyasint"`
	Name    string                 `cbor:"2,keyasint"`
}

// Refused answers a Join, or a Try of a code, that came to nothing.
type Refused struct {
	Reason Reason `cbor:"1,keyasint"`
}

// Reason says why a Join or a Try was refused. The numbers are part of the protocol.
type Reason uint8

const (
	NoInvite    Reason = 1 // no such invite, or the proof is wrong
	UsedInvite  Reason = 2
	OldInvite   Reason = 3 // expired
	Declined    Reason = 4 // the person said no
	TooMany     Reason = 5 // too many tries or askers, try later
	NoLibrary   Reason = 6 // the library cannot store it now
	WrongCode   Reason = 7 // not the code on the screen, or no more
	NoCode      Reason = 8 // no code is on the screen
	Barred      Reason = 9 // too many tries of this code from one address
	lastReason  Reason = Barred
	firstReason Reason = NoInvite
)

// Call tells a name to a stranger while both are visible. Nonce is the one that
// this start of the program advertises on the local network.
type Call struct {
	Name  string  `cbor:"1,keyasint"`
	Nonce [8]byte `cbor:"2,keyasint"`
}

// Try is the share (netsync/pairing/cpace) of a guest who types a code.
type Try struct {
	Share [32]byte `cbor:"1,keyasint"`
}

// Share is the share of the host, whose screen shows the code.
type Share struct {
	Share [32]byte `cbor:"1,keyasint"`
}

// Confirm is the guest's tag: it has typed the code.
type Confirm struct {
	Tag [64]byte `cbor:"1,keyasint"`
}

// Reveal is the host's tag: it has the code; and its device key with the proof that it has that.
type Reveal struct {
	Tag       [64]byte `cbor:"1,keyasint"`
	Key       [32]byte `cbor:"2,keyasint"`
	Signature [64]byte `cbor:"3,keyasint"`
}

// Present is the guest's device key with the proof that it has it, and its person's name.
type Present struct {
	Key       [32]byte `cbor:"1,keyasint"`
	Signature [64]byte `cbor:"2,keyasint"`
	Name      string   `cbor:"3,keyasint"`
}

func (Knock) Type() Type    { return typeKnock }
func (Answer) Type() Type   { return typeAnswer }
func (Stranger) Type() Type { return typeStranger }
func (Prove) Type() Type    { return typeProve }
func (Welcome) Type() Type  { return typeWelcome }
func (Hello) Type() Type    { return typeHello }
func (Offer) Type() Type    { return typeOffer }
func (Join) Type() Type     { return typeJoin }
func (Joined) Type() Type   { return typeJoined }
func (Refused) Type() Type  { return typeRefused }
func (Call) Type() Type     { return typeCall }
func (Try) Type() Type      { return typeTry }
func (Share) Type() Type    { return typeShare }
func (Confirm) Type() Type  { return typeConfirm }
func (Reveal) Type() Type   { return typeReveal }
func (Present) Type() Type  { return typePresent }

func (m Knock) appendPayload(b []byte) []byte    { return appendCBOR(b, m) }
func (m Answer) appendPayload(b []byte) []byte   { return appendCBOR(b, m) }
func (m Stranger) appendPayload(b []byte) []byte { return appendCBOR(b, m) }
func (m Prove) appendPayload(b []byte) []byte    { return appendCBOR(b, m) }
func (m Welcome) appendPayload(b []byte) []byte  { return appendCBOR(b, m) }
func (m Hello) appendPayload(b []byte) []byte    { return appendCBOR(b, m) }
func (m Offer) appendPayload(b []byte) []byte    { return appendCBOR(b, m) }
func (m Join) appendPayload(b []byte) []byte     { return appendCBOR(b, m) }
func (m Joined) appendPayload(b []byte) []byte   { return appendCBOR(b, m) }
func (m Refused) appendPayload(b []byte) []byte  { return appendCBOR(b, m) }
func (m Call) appendPayload(b []byte) []byte     { return appendCBOR(b, m) }
func (m Try) appendPayload(b []byte) []byte      { return appendCBOR(b, m) }
func (m Share) appendPayload(b []byte) []byte    { return appendCBOR(b, m) }
func (m Confirm) appendPayload(b []byte) []byte  { return appendCBOR(b, m) }
func (m Reveal) appendPayload(b []byte) []byte   { return appendCBOR(b, m) }
func (m Present) appendPayload(b []byte) []byte  { return appendCBOR(b, m) }

// check refuses what CBOR cannot: counts, numbers and names out of range.
func (m Knock) check() error {
	if len(m.MACs) == 0 || len(m.MACs) > MaxKnocks {
		return fmt.Errorf("%d MACs, want 1 to %d", len(m.MACs), MaxKnocks)
	}
	return nil
}
func (m Answer) check() error {
	if int(m.Index) >= MaxKnocks {
		return fmt.Errorf("index %d, at most %d", m.Index, MaxKnocks-1)
	}
	return nil
}
func (m Refused) check() error {
	if m.Reason < firstReason || m.Reason > lastReason {
		return fmt.Errorf("reason %d is unknown", m.Reason)
	}
	return nil
}
func (Stranger) check() error  { return nil }
func (Prove) check() error     { return nil }
func (Welcome) check() error   { return nil }
func (Offer) check() error     { return nil }
func (Try) check() error       { return nil }
func (Share) check() error     { return nil }
func (Confirm) check() error   { return nil }
func (Reveal) check() error    { return nil }
func (m Hello) check() error   { return checkName(m.Name) }
func (m Join) check() error    { return checkName(m.Name) }
func (m Joined) check() error  { return checkName(m.Name) }
func (m Call) check() error    { return checkName(m.Name) }
func (m Present) check() error { return checkName(m.Name) }

func checkName(name string) error {
	if name != CleanName(name) {
		return fmt.Errorf("name %q has more than %d bytes or unprintable characters", name, MaxName)
	}
	return nil
}

// CleanName returns name as it may be sent: valid UTF-8 without unprintable
// characters, at most [MaxName] bytes.
func CleanName(name string) string {
	clean := make([]rune, 0, len(name))
	size := 0
	for _, r := range name {
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			continue
		}
		if size += utf8.RuneLen(r); size > MaxName {
			break
		}
		clean = append(clean, r)
	}
	return string(clean)
}

var (
	encMode = must(cbor.CoreDetEncOptions().EncMode())
	decMode = must(cbor.DecOptions{
		DupMapKey:         cbor.DupMapKeyEnforcedAPF,
		IndefLength:       cbor.IndefLengthForbidden,
		TagsMd:            cbor.TagsForbidden,
		ExtraReturnErrors: cbor.ExtraDecErrorUnknownField,
		MaxNestedLevels:   4,
		MaxArrayElements:  MaxKnocks,
		MaxMapPairs:       16,
	}.DecMode())
)

func must[T any](v T, err error) T {
	if err != nil {
		panic("wire: " + err.Error())
	}
	return v
}

func appendCBOR(b []byte, m Message) []byte { return append(b, must(encMode.Marshal(m))...) }

func decodeCBOR[T interface {
	Message
	check() error
}](payload []byte) (Message, error) {
	var m T
	if err := decMode.Unmarshal(payload, &m); err != nil {
		return nil, errorf(Malformed, m.Type(), "%v", err)
	}
	if !bytes.Equal(m.appendPayload(nil), payload) {
		return nil, errorf(Malformed, m.Type(), "not the deterministic encoding")
	}
	if err := m.check(); err != nil {
		return nil, errorf(Malformed, m.Type(), "%v", err)
	}
	return m, nil
}
