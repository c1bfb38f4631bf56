package link

import (
	"bytes"
	"testing"

	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// FuzzMachine: whatever comes on the control stream, at either end, before or after it is admitted, the link answers it or closes once, and
// says nothing more then.
func FuzzMachine(f *testing.F) {
	seed := func(how byte, messages ...wire.Message) {
		b := []byte{how, wire.Version}
		for _, m := range messages {
			b = wire.AppendFrame(b, m)
		}
		f.Add(b)
	}
	knock := wire.Knock{MACs: [][32]byte{knockMAC(ID(key(2)), Exporter{})}}
	prove := wire.Prove{Key: ID(key(1)), Signature: sign(key(1), roleDialler, Exporter{})}
	answer := wire.Answer{Signature: sign(key(2), roleListener, Exporter{})}
	guest := pairing.NewGuest("482913", Exporter{}, [32]byte{1})
	seed(0, knock, prove, wire.Hello{Name: "D"}, wire.Join{Name: "D"})
	seed(1, knock, prove, wire.Hello{Name: "D"}, wire.Try{Share: guest.Share()}, wire.Confirm{})
	seed(2, answer, wire.Welcome{}, wire.Hello{Name: "L"}, wire.Offer{}, wire.Share{}, wire.Reveal{})
	seed(3, answer, wire.Stranger{}, wire.Call{Name: "L"}, wire.Joined{}, wire.Refused{Reason: 1})
	seed(0, wire.Knock{MACs: [][32]byte{{7}}}, wire.Try{Share: guest.Share()}, wire.Present{Key: ID(key(3)), Name: "E"})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		known := b[0]&1 != 0
		d, l := pair(known, known)
		victim, sink := l, &side{}
		if b[0]&2 != 0 {
			victim = d
			d.give(epoch, Opened{}, sink)
		}
		r := wire.NewReader(bytes.NewReader(b[1:]), wire.ControlStream)
		for {
			message, err := r.Next()
			if err != nil {
				break
			}
			victim.give(epoch, Received{message}, sink)
		}
		closes := told[Close](victim)
		if len(closes) > 1 {
			t.Fatalf("closed twice: %v", victim.effects)
		}
		if len(closes) == 1 {
			if _, last := victim.effects[len(victim.effects)-1].(Close); !last {
				t.Fatalf("something after Close: %v", victim.effects)
			}
		}
	})
}
