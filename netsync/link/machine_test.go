package link

import (
	"crypto/ed25519"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"inkling/netsync/wire"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func key(b byte) ed25519.PrivateKey { return ed25519.NewKeyFromSeed(append(make([]byte, 31), b)) }

// side is one end with what is on the way to it and what it was told.
type side struct {
	m       *Machine
	inbox   []wire.Message
	effects []Effect
	known   bool // the answer to LookUp
	claim   bool // the answer to Verified
}

// give lets the side take e, answers its questions, and sends to other.
func (s *side) give(now time.Time, e Event, other *side) {
	for events := []Event{e}; len(events) > 0; events = events[1:] {
		for _, effect := range s.m.Step(now, events[0]) {
			s.effects = append(s.effects, effect)
			switch effect := effect.(type) {
			case Send:
				other.inbox = append(other.inbox, effect.Message)
			case Verified:
				events = append(events, Claimed{Go: s.claim})
			case LookUp:
				events = append(events, LookedUp{Known: s.known, Keep: true})
			}
		}
	}
}

func told[E Effect](s *side) (found []E) {
	for _, e := range s.effects {
		if e, ok := e.(E); ok {
			found = append(found, e)
		}
	}
	return found
}

// pair returns a dialler (key 1) that looks for key 2, and the listener (key 2).
func pair(pinned, known bool, exporters ...Exporter) (d, l *side) {
	var de, le Exporter
	if len(exporters) == 2 {
		de, le = exporters[0], exporters[1]
	}
	d = &side{m: NewDialler(Self{Key: key(1), Name: "D"}, de, []PeerID{ID(key(2))}, [32]byte{}, pinned, epoch), claim: true}
	l = &side{m: NewListener(Self{Key: key(2), Name: "L"}, le, epoch), known: known}
	return d, l
}

// talk passes messages until nobody says anything.
func talk(d, l *side) {
	d.give(epoch, Opened{}, l)
	settle(d, l)
}

func settle(d, l *side) {
	for len(d.inbox)+len(l.inbox) > 0 {
		for _, x := range [][2]*side{{d, l}, {l, d}} {
			if len(x[0].inbox) > 0 {
				first := x[0].inbox[0]
				x[0].inbox = x[0].inbox[1:]
				x[0].give(epoch, Received{first}, x[1])
			}
		}
	}
}

func TestHandshake(t *testing.T) {
	d, l := pair(true, true)
	talk(d, l)
	if a, b := told[Admitted](d), told[Admitted](l); len(a) != 1 || len(b) != 1 || a[0].Peer != ID(key(2)) || b[0].Peer != ID(key(1)) {
		t.Fatalf("admitted: %v, %v", a, b)
	}
	if a, b := told[Named](d), told[Named](l); len(a) != 1 || len(b) != 1 || a[0].Name != "L" || b[0].Name != "D" {
		t.Fatalf("names: %v, %v", a, b)
	}
}

// TestExportersMustMatch: with a middleman the ends have different exporters, and
// the listener does not even say that it was meant.
func TestExportersMustMatch(t *testing.T) {
	d, l := pair(true, true, Exporter{1}, Exporter{2})
	talk(d, l)
	if len(told[Admitted](d))+len(told[Admitted](l))+len(told[Verified](d))+len(told[LookUp](l)) != 0 {
		t.Fatalf("effects %v, %v", d.effects, l.effects)
	}
	for _, s := range told[Send](l) {
		if s.Message != (wire.Stranger{}) {
			t.Errorf("the listener said %#v", s.Message)
		}
	}
}

// TestSignaturesAreBound: each end refuses a signature by another key, for another
// role, or over another exporter.
func TestSignaturesAreBound(t *testing.T) {
	for name, signature := range map[string][64]byte{
		"another key":      sign(key(3), roleListener, Exporter{}),
		"another role":     sign(key(2), roleDialler, Exporter{}),
		"another exporter": sign(key(2), roleListener, Exporter{9}),
	} {
		d, l := pair(true, true)
		d.give(epoch, Opened{}, l)
		d.give(epoch, Received{wire.Answer{Signature: signature}}, l)
		refused(t, "Answer with "+name, d)
	}
	for name, signature := range map[string][64]byte{
		"another key":      sign(key(3), roleDialler, Exporter{}),
		"another role":     sign(key(1), roleListener, Exporter{}),
		"another exporter": sign(key(1), roleDialler, Exporter{9}),
	} {
		d, l := pair(true, true)
		d.give(epoch, Opened{}, l)
		l.give(epoch, Received{l.inbox[0]}, d)
		l.give(epoch, Received{wire.Prove{Key: ID(key(1)), Signature: signature}}, d)
		refused(t, "Prove with "+name, l)
	}
}

// refused: the side went no further and closed because somebody else is there.
func refused(t *testing.T, what string, s *side) {
	t.Helper()
	closes := told[Close](s)
	if len(closes) != 1 || closes[0].Code != wire.WrongPeer || len(told[Verified](s))+len(told[LookUp](s)) != 0 {
		t.Errorf("%s: effects %v", what, s.effects)
	}
}

func TestUnknownDialler(t *testing.T) {
	d, l := pair(true, false)
	talk(d, l)
	if len(told[Admitted](d))+len(told[Admitted](l)) != 0 {
		t.Error("somebody was admitted")
	}
	if s := told[Stranger](d); len(s) != 1 || s[0].Peer != ID(key(2)) {
		t.Errorf("the dialler is told %v", s)
	}
}

// TestJoinOverHandshake: each order of who pinned whom before.
func TestJoinOverHandshake(t *testing.T) {
	for _, pinned := range []bool{false, true} {
		for _, known := range []bool{false, true} {
			for _, in := range []bool{false, true} {
				t.Run(fmt.Sprintf("pinned %v, known %v, in %v", pinned, known, in), func(t *testing.T) {
					d, l := pair(pinned, known)
					talk(d, l)
					d.give(epoch, Asked{wire.Join{Name: "D"}}, l)
					settle(d, l)
					if a := told[JoinAsked](l); len(a) != 1 || a[0].Peer != ID(key(1)) {
						t.Fatalf("asked %v; effects %v %v", a, d.effects, l.effects)
					}
					answer := wire.Message(wire.Refused{Reason: wire.Declined})
					if in {
						answer = wire.Joined{Name: "L"}
					}
					l.give(epoch, Decided{answer}, d)
					settle(d, l)
					if a := told[JoinAnswered](d); len(a) != 1 || a[0].Answer != answer {
						t.Fatalf("answered %v", a)
					}
					if in {
						d.give(epoch, Adopted{}, l)
						settle(d, l)
					}
					if a, b := len(told[Admitted](d)), len(told[Admitted](l)); a != count(in || pinned && known) || b != count(in || known) {
						t.Errorf("admitted %d times at the dialler, %d at the listener", a, b)
					}
					if len(told[Close](d))+len(told[Close](l)) != 0 {
						t.Errorf("closed: %v %v", told[Close](d), told[Close](l))
					}
				})
			}
		}
	}
}

func count(b bool) int {
	if b {
		return 1
	}
	return 0
}

// TestDeadlines: every state but admitted ends by itself.
func TestDeadlines(t *testing.T) {
	silent := func(m *Machine, code wire.Code, after time.Duration) {
		t.Helper()
		if at := m.Deadline(); !at.Equal(epoch.Add(after)) {
			t.Fatalf("deadline after %v, want %v", at.Sub(epoch), after)
		}
		effects := m.Step(epoch.Add(after), Tick{})
		if len(effects) != 1 || effects[0].(Close).Code != code {
			t.Errorf("effects %v, want Close with %s", effects, code)
		}
		if !m.Deadline().IsZero() {
			t.Error("a closed link has a deadline")
		}
	}
	_, mute := pair(true, false)
	silent(mute.m, wire.TooSlow, HandshakePatience)
	mute, _ = pair(true, false)
	mute.m.Step(epoch, Opened{})
	silent(mute.m, wire.TooSlow, HandshakePatience)
	d, l := pair(true, false)
	talk(d, l)
	silent(l.m, wire.NotAdmitted, StrangerPatience)
	d, l = pair(true, false)
	talk(d, l)
	d.give(epoch, Asked{wire.Join{}}, l)
	settle(d, l)
	silent(l.m, wire.NotAdmitted, JoinPatience)
	d, l = pair(true, true)
	talk(d, l)
	if !d.m.Deadline().IsZero() || !l.m.Deadline().IsZero() {
		t.Error("an admitted link that is not watched has a deadline")
	}
}

// TestPulse: pings each second while watched; closed after 4 s without a sign of
// life, or probePatience after a probe, and not otherwise.
func TestPulse(t *testing.T) {
	watched := func() (d, l *side) {
		d, l = pair(true, true)
		talk(d, l)
		d.effects = nil
		d.give(epoch, Watch{On: true}, l)
		return d, l
	}
	d, l := watched()
	now := epoch
	for len(told[Close](d)) == 0 && now.Sub(epoch) < time.Minute {
		now = d.m.Deadline()
		d.give(now, Tick{}, l)
	}
	closes, pings := told[Close](d), len(told[Ping](d))
	if len(closes) != 1 || closes[0].Code != wire.Silent || now.Sub(epoch) != Silence || pings != 4 {
		t.Errorf("closes %v after %v and %d pings", closes, now.Sub(epoch), pings)
	}
	d, l = watched()
	for now = epoch; now.Sub(epoch) < time.Minute; now = now.Add(Silence / 2) {
		d.give(now, Heard{}, l)
		d.give(now.Add(Silence/4), Tick{}, l)
	}
	if closes := told[Close](d); len(closes) != 0 {
		t.Errorf("closed although it was heard: %v", closes)
	}
	d.give(now, Watch{On: false}, l)
	d.give(now, Probe{}, l)
	d.give(now.Add(probePatience), Tick{}, l)
	if closes := told[Close](d); len(closes) != 1 || closes[0].Code != wire.Silent {
		t.Errorf("a probe without an answer: %v", closes)
	}
}

// TestHostilePeer sends any messages in any order to either end: it never panics,
// never admits, and after a Close says nothing more.
func TestHostilePeer(t *testing.T) {
	messages := []wire.Message{
		wire.Knock{MACs: [][32]byte{{1}}}, wire.Knock{MACs: [][32]byte{knockMAC(ID(key(2)), Exporter{})}},
		wire.Answer{}, wire.Answer{Index: 63}, wire.Stranger{}, wire.Prove{},
		wire.Prove{Key: ID(key(3)), Signature: sign(key(3), roleDialler, Exporter{})},
		wire.Prove{Key: ID(key(2)), Signature: sign(key(2), roleListener, Exporter{})},
		wire.Welcome{}, wire.Hello{Name: "E"}, wire.Offer{}, wire.Join{Name: "E"}, wire.Joined{}, wire.Refused{Reason: 1},
		wire.Call{Name: "E"}, wire.Open{}, wire.Ping{},
		wire.Try{}, wire.Share{}, wire.Confirm{}, wire.Reveal{Key: ID(key(3))}, wire.Present{Key: ID(key(3))},
	}
	rapid.Check(t, func(t *rapid.T) {
		d, l := pair(true, false)
		victim := rapid.SampledFrom([]*side{d, l}).Draw(t, "victim")
		sink := &side{}
		if victim == d {
			d.give(epoch, Opened{}, sink)
		}
		for range rapid.IntRange(1, 12).Draw(t, "count") {
			victim.give(epoch, Received{rapid.SampledFrom(messages).Draw(t, "message")}, sink)
		}
		closes := told[Close](victim)
		if len(told[Admitted](victim)) != 0 || len(told[Offered](victim)) != 0 || len(closes) > 1 {
			t.Fatalf("effects %v", victim.effects)
		}
		if _, last := victim.effects[max(len(victim.effects)-1, 0):][0].(Close); len(closes) == 1 && !last {
			t.Fatalf("something after Close: %v", victim.effects)
		}
	})
}

// TestReplacesAgrees: both ends of two connections, dialled by either and up for
// about as long, keep the same one.
func TestReplacesAgrees(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	r := rand.New(rand.NewPCG(seed, 0))
	ids := []PeerID{{1}, {2}}
	for range 10_000 {
		oldBy, newBy := r.IntN(2), r.IntN(2)
		haveLive := r.IntN(2) == 0
		age := time.Duration(r.IntN(4)) * time.Second
		if age == settled {
			age++ // the moment itself is decided by microseconds
		}
		var verdicts [2]bool
		for i := range ids {
			old := Standing{Dialled: oldBy == i, Since: epoch.Add(-age)}
			verdicts[i] = Replaces(ids[i], ids[1-i], old, newBy == i, haveLive, epoch)
		}
		if verdicts[0] != verdicts[1] {
			t.Fatalf("seed %d: old by %d, new by %d, age %v, have live %v: %v", seed, oldBy, newBy, age, haveLive, verdicts)
		}
	}
}

// TestComparing: documents are compared when both ends are admitted, by the dialler, one question at a time, and what answers none has a
// code.
func TestComparing(t *testing.T) {
	ask, part, whole := wire.Compare{Prints: []wire.Print{{}}}, wire.Compared{}, wire.Compared{Last: true}
	for name, c := range map[string]struct {
		from     string
		messages []wire.Message
		refused  bool
	}{
		"a question":             {"dialler", []wire.Message{ask}, false},
		"two questions at once":  {"dialler", []wire.Message{ask, ask}, true},
		"the listener asks":      {"listener", []wire.Message{ask}, true},
		"the dialler answers":    {"dialler", []wire.Message{whole}, true},
		"an answer to nothing":   {"listener", []wire.Message{whole}, true},
		"a part that is no part": {"listener", []wire.Message{part}, true},
	} {
		d, l := pair(true, true)
		talk(d, l)
		to, other := l, d
		if c.from == "listener" {
			to, other = d, l
		}
		for _, message := range c.messages {
			to.give(epoch, Received{message}, other)
		}
		if closed := told[Close](to); len(closed) > 0 != c.refused || c.refused && closed[0].Code != wire.Unexpected {
			t.Errorf("%s: closed %v", name, closed)
		}
	}
	d, l := pair(true, true)
	talk(d, l)
	for range 3 {
		d.give(epoch, Tell{[]wire.Message{ask}}, l)
		settle(d, l)
		l.give(epoch, Tell{[]wire.Message{part, whole}}, d)
		settle(d, l)
	}
	if asks, answers := told[Asks](l), told[Answered](d); len(asks) != 3 || len(answers) != 6 || len(told[Close](d))+len(told[Close](l)) > 0 {
		t.Errorf("%d questions, %d parts of answers, closed %v, %v", len(asks), len(answers), told[Close](d), told[Close](l))
	}
	unexpected := func(what string, s *side) {
		if closed := told[Close](s); len(closed) != 1 || closed[0].Code != wire.Unexpected {
			t.Errorf("%s: closed %v", what, closed)
		}
	}
	d.give(epoch, Received{whole}, l)
	unexpected("an answer that comes twice", d)
	for _, state := range []string{"a fresh listener", "a stranger"} {
		d, l := pair(true, false)
		if state == "a stranger" {
			talk(d, l)
		}
		l.give(epoch, Received{ask}, d)
		unexpected("a question of "+state, l)
	}
}
