package wire

const typePaired = critical | 0x18

// Paired is the host's answer to a guest whose code was for the device alone: both know each other now, and share nothing.
type Paired struct {
	Name string `cbor:"1,keyasint"`
}

func (Paired) Type() Type                      { return typePaired }
func (m Paired) appendPayload(b []byte) []byte { return appendCBOR(b, m) }
func (m Paired) check() error                  { return checkName(m.Name) }
