package netsync

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"slices"
	"testing"
	"time"

	"github.com/quic-go/quic-go"
	"github.com/quic-go/quic-go/testutils/simnet"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// adversary speaks the protocol by hand.
type adversary struct {
	w         *world
	transport *quic.Transport
	tls       *tls.Config
}

func (w *world) adversary() *adversary {
	var conn *simnet.SimConn
	conn, w.spare = w.spare[0], w.spare[1:]
	tls, err := certificate()
	if err != nil {
		w.t.Fatal(err)
	}
	return &adversary{w: w, transport: &quic.Transport{Conn: conn}, tls: tls}
}

func (a *adversary) stop() { a.transport.Close() }

// wiretap is a connection by hand: its control stream and what comes on it.
type wiretap struct {
	t       *testing.T
	quic    *quic.Conn
	control *quic.Stream
	reader  *wire.Reader
	e       link.Exporter
}

// dial connects to p without saying anything.
func (a *adversary) dial(p *person) *wiretap {
	a.w.t.Helper()
	q, err := a.transport.Dial(context.Background(), net.UDPAddrFromAddrPort(p.addr()), a.tls, &quic.Config{EnableDatagrams: true})
	if err != nil {
		a.w.t.Fatal(err)
	}
	control, err := q.OpenStream()
	if err != nil {
		a.w.t.Fatal(err)
	}
	e, err := exporter(q)
	if err != nil {
		a.w.t.Fatal(err)
	}
	return &wiretap{t: a.w.t, quic: q, control: control, reader: wire.NewReader(control, wire.ControlStream), e: e}
}

// say sends messages on the control stream, with the version byte first.
func (x *wiretap) say(first bool, messages ...wire.Message) {
	var b []byte
	if first {
		b = append(b, wire.Version)
	}
	for _, m := range messages {
		b = wire.AppendFrame(b, m)
	}
	x.control.Write(b)
}

// hear returns all messages until the connection is closed, and the close code.
// One that stays open for a minute gives a code that there is not.
func (x *wiretap) hear() (heard []wire.Message, code wire.Code) {
	x.control.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		m, err := x.reader.Next()
		if err != nil {
			return heard, closeCode(err)
		}
		heard = append(heard, m)
	}
}

// closeCode is the code that err says the other end closed with.
func closeCode(err error) wire.Code {
	var connection *quic.ApplicationError
	var stream *quic.StreamError
	switch {
	case errors.As(err, &connection):
		return wire.Code(connection.ErrorCode)
	case errors.As(err, &stream):
		return wire.Code(stream.ErrorCode)
	}
	return 999
}

// everyMessage is one of each type, as well made as a stranger can.
func everyMessage(victim PeerID, key link.Self, e link.Exporter, doc crdt.DocID) []wire.Message {
	return []wire.Message{
		wire.Knock{MACs: [][32]byte{{1}}}, wire.Answer{}, wire.Stranger{}, wire.Prove{Key: link.ID(key.Key)},
		wire.Welcome{}, wire.Hello{Name: "Eve"}, wire.Offer{Doc: doc}, wire.Join{Name: "Eve"},
		wire.Joined{Name: "Eve"}, wire.Refused{Reason: wire.Declined}, wire.Call{Name: "Eve"},
		wire.Try{Share: [32]byte{2}}, wire.Share{}, wire.Confirm{}, wire.Reveal{Key: victim}, wire.Present{Key: link.ID(key.Key), Name: "Eve"},
		wire.Open{Doc: doc}, wire.Have{}, wire.Changes{Encoded: [][]byte{{1}}}, wire.Ack{},
	}
}

// TestStrangerGetsNothing tries every message as the first and as the second, and
// datagrams and document streams beside: nothing is stored, and all that is
// learned is that somebody is a stranger.
func TestStrangerGetsNothing(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		defer ana.stop()
		defer eve.stop()
		doc := ana.library.add(genesisOf(1))
		ana.library.write(doc, "secret")
		self := link.Self{Key: keyOf(9, "Eve")}
		knock := wire.Knock{MACs: [][32]byte{{7}}}
		for i := range everyMessage(ana.id, self, link.Exporter{}, doc) {
			for _, knocked := range []bool{false, true} {
				x := eve.dial(ana)
				m := everyMessage(ana.id, self, x.e, doc)[i]
				x.say(true)
				if knocked {
					x.say(false, knock)
				}
				x.say(false, m)
				x.quic.SendDatagram(wire.AppendDatagram(nil, wire.Presence{Doc: doc, Count: 1}))
				if s, err := x.quic.OpenStream(); err == nil {
					b := wire.AppendFrame([]byte{wire.Version}, wire.Open{Doc: doc})
					s.Write(wire.AppendFrame(b, wire.Have{}))
				}
				heard, code := x.hear()
				for _, h := range heard {
					if h != (wire.Stranger{}) && h != (wire.Refused{Reason: wire.NoCode}) {
						t.Errorf("message %s (knocked %v): learned %#v", m.Type(), knocked, h)
					}
				}
				if code == wire.Goodbye || code == wire.Done || code == 999 {
					t.Errorf("message %s (knocked %v): closed with %s", m.Type(), knocked, code)
				}
			}
		}
		if ana.library.stored != 0 || len(ana.library.peers) != 0 || len(ana.events) != 0 {
			t.Errorf("stored %d changes, %d peers, events %v", ana.library.stored, len(ana.library.peers), ana.events)
		}
	})
}

// TestKnownKeyIsNotEnough: who knows Ana's key learns that she is there, but is
// not let in without being pinned, with no proof, a foreign proof or her own.
func TestKnownKeyIsNotEnough(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		ben := w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		defer eve.stop()
		w.acquaint(1, ana, ben)
		key := keyOf(9, "Eve")
		for name, c := range map[string]struct {
			proof func(e link.Exporter, answer wire.Answer) wire.Prove
			code  wire.Code
		}{
			"not pinned": {func(e link.Exporter, _ wire.Answer) wire.Prove { return proveAs(key, e) }, wire.NotAdmitted},
			"Ben's key without his signature": {func(e link.Exporter, _ wire.Answer) wire.Prove {
				p := proveAs(key, e)
				p.Key = ben.id
				return p
			}, wire.WrongPeer},
			"Ben's signature from another connection": {func(link.Exporter, wire.Answer) wire.Prove {
				return proveAs(ben.key, link.Exporter{1})
			}, wire.WrongPeer},
			"Ana's own signature sent back": {func(_ link.Exporter, answer wire.Answer) wire.Prove {
				return wire.Prove{Key: ana.id, Signature: answer.Signature}
			}, wire.WrongPeer},
		} {
			x := eve.dial(ana)
			m := link.NewDialler(link.Self{Key: key}, x.e, []PeerID{ana.id}, [32]byte{}, true, time.Now())
			x.say(true, m.Step(time.Now(), link.Opened{})[0].(link.Send).Message)
			answer, err := x.reader.Next()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			x.say(false, c.proof(x.e, answer.(wire.Answer)))
			heard, code := x.hear()
			if code != c.code || slices.ContainsFunc(heard, func(m wire.Message) bool { return m != wire.Stranger{} }) {
				t.Errorf("%s: heard %#v, closed with %s, want %s", name, heard, code, c.code)
			}
		}
	})
}

// proveAs makes the proof of key's owner for the connection with exporter e.
func proveAs(key []byte, e link.Exporter) wire.Prove {
	m := link.NewDialler(link.Self{Key: key}, e, []PeerID{link.ID(key)}, [32]byte{}, true, time.Now())
	other := link.NewListener(link.Self{Key: key}, e, time.Now())
	knock := m.Step(time.Now(), link.Opened{})[0].(link.Send).Message
	answer := other.Step(time.Now(), link.Received{Message: knock})[0].(link.Send).Message
	m.Step(time.Now(), link.Received{Message: answer})
	return m.Step(time.Now(), link.Claimed{Go: true})[0].(link.Send).Message.(wire.Prove)
}

// TestMiddlemanCannotJoin: Eve stands between Ben, who has an invite, and Ana.
// First she passes every byte of the handshake on; Ben's knock is bound to his
// connection to Eve, so Ana does not understand it and Ben finds nobody.
// Then she gets Ben's proof by other means: it is worth nothing on her connection.
func TestMiddlemanCannotJoin(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, eve := w.person("Ana"), w.person("Ben"), w.adversary()
		defer ana.stop()
		defer ben.stop()
		defer eve.stop()
		ana.answer = yes
		doc := ana.library.add(genesisOf(1))
		text := w.invite(ana, doc)
		invite, err := pairing.ParseLink(text)
		if err != nil {
			t.Fatal(err)
		}
		listener, err := eve.transport.Listen(eve.tls, &quic.Config{EnableDatagrams: true})
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		passed := make(chan error, 1)
		go func() { passed <- eve.passOn(listener, ana) }()
		invite.Addrs = invite.Addrs[:0]
		invite.Addrs = append(invite.Addrs, addrOf(eve.transport.Conn.LocalAddr()))
		var failure *JoinError
		if _, err := join(ben, invite.Link()); !errors.As(err, &failure) || failure.Failure != NoAnswer {
			t.Errorf("Join through Eve: %v", err)
		}
		if err := <-passed; err != nil {
			t.Fatal(err)
		}

		x := eve.dial(ana)
		stolen := wire.Join{Invite: invite.ID(), Proof: pairing.Proof(invite.Secret, link.Exporter{1}), Name: "Eve"}
		key := keyOf(9, "Eve")
		m := link.NewDialler(link.Self{Key: key}, x.e, []PeerID{ana.id}, [32]byte{}, true, time.Now())
		x.say(true, m.Step(time.Now(), link.Opened{})[0].(link.Send).Message, proveAs(key, x.e), stolen)
		heard, _ := x.hear()
		if !slices.Contains(heard, wire.Message(wire.Refused{Reason: wire.NoInvite})) {
			t.Errorf("a stolen proof was answered by %#v", heard)
		}
		if len(ana.library.peers) != 0 || saw(ana, func(JoinRequested) bool { return true }) {
			t.Error("Ana was asked, or pinned somebody")
		}
	})
}

// passOn relays one connection's control stream to victim and back.
func (a *adversary) passOn(l *quic.Listener, victim *person) error {
	from, err := l.Accept(context.Background())
	if err != nil {
		return err
	}
	in, err := from.AcceptStream(context.Background())
	if err != nil {
		return err
	}
	x := a.dial(victim)
	go io.Copy(x.control, in)
	io.Copy(in, x.control)
	from.CloseWithError(0, "")
	x.quic.CloseWithError(0, "")
	return nil
}

// TestRubbishCloses: what is not the protocol closes the connection or the stream
// with the code that says why.
func TestRubbishCloses(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		defer ana.stop()
		defer eve.stop()
		knock := wire.AppendFrame([]byte{wire.Version}, wire.Knock{MACs: [][32]byte{{7}}})
		for name, c := range map[string]struct {
			bytes []byte
			code  wire.Code
		}{
			"unknown version":        {[]byte{9, 0x81, 0}, wire.BadVersion},
			"unknown critical type":  {[]byte{wire.Version, 0xff, 0}, wire.Unsupported},
			"unknown and too long":   {[]byte{wire.Version, 0x7f, 0xff, 0xff, 0x7f}, wire.TooLarge},
			"not CBOR":               {[]byte{wire.Version, 0x81, 1, 0xff}, wire.Malformed},
			"oversized":              {[]byte{wire.Version, 0x81, 0x81, 0x80, 0x01}, wire.TooLarge},
			"length without end":     {[]byte{wire.Version, 0x81, 0xff, 0xff, 0xff, 0xff, 0xff}, wire.TooLarge},
			"a document's frame":     {[]byte{wire.Version, 0xa3, 1, 0}, wire.Unexpected},
			"silence":                {[]byte{wire.Version}, wire.TooSlow},
			"half a frame":           {[]byte{wire.Version, 0x81, 40, 1}, wire.TooSlow},
			"skipped, then rubbish":  {append(slices.Clone(knock), 0x7f, 1, 0, 0xff, 0), wire.Unsupported},
			"the same message twice": {append(slices.Clone(knock), knock[1:]...), wire.Unexpected},
		} {
			x := eve.dial(ana)
			x.control.Write(c.bytes)
			if _, code := x.hear(); code != c.code {
				t.Errorf("%s: closed with %s, want %s", name, code, c.code)
			}
		}
	})
}

// TestNotAMember: a pinned peer asks for documents it is not a member of, and
// sends changes for them: the answer is the same whether they exist or not.
func TestNotAMember(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, eve := w.person("Ana"), w.person("Ben"), w.adversary()
		defer ana.stop()
		defer ben.stop()
		defer eve.stop()
		shared := w.acquaint(1, ana, ben)
		secret := ana.library.add(genesisOf(2))
		ana.library.write(secret, "secret")
		ben.stop() // Eve has stolen Ben's key
		x := eve.as(ana, ben)
		change := evilChange(genesisOf(2))
		for name, c := range map[string]struct {
			messages []wire.Message
			code     wire.Code
		}{
			"exists":          {[]wire.Message{wire.Open{Doc: secret}, wire.Have{}, wire.Changes{Encoded: [][]byte{change}}}, wire.NotShared},
			"does not exist":  {[]wire.Message{wire.Open{Doc: crdt.DocID{1}}, wire.Have{}, wire.Changes{Encoded: [][]byte{change}}}, wire.NotShared},
			"no Open":         {[]wire.Message{wire.Have{}}, wire.Unexpected},
			"no Have":         {[]wire.Message{wire.Open{Doc: shared}, wire.Changes{Encoded: [][]byte{change}}}, wire.Unexpected},
			"two Haves":       {[]wire.Message{wire.Open{Doc: shared}, wire.Have{}, wire.Have{}}, wire.Unexpected},
			"rubbish changes": {[]wire.Message{wire.Open{Doc: shared}, wire.Have{}, wire.Changes{Encoded: [][]byte{{1, 2, 3}}}}, wire.Malformed},
		} {
			s, err := x.quic.OpenStream()
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			b := []byte{wire.Version}
			for _, m := range c.messages {
				b = wire.AppendFrame(b, m)
			}
			s.Write(b)
			r := wire.NewReader(s, wire.DocumentStream)
			for err == nil {
				var m wire.Message
				if m, err = r.Next(); err == nil && c.code == wire.NotShared {
					t.Errorf("%s: learned %#v", name, m)
				}
			}
			if code := closeCode(err); code != c.code {
				t.Errorf("%s: closed with %s, want %s", name, code, c.code)
			}
		}
		if ana.library.stored != 0 || ana.library.text(secret) != "secret" {
			t.Errorf("stored %d changes", ana.library.stored)
		}
	})
}

// as connects to p as the owner of other's key.
func (a *adversary) as(p, other *person) *wiretap {
	a.w.t.Helper()
	x := a.dial(p)
	x.enter(p, other)
	return x
}

// enter goes through the handshake with p as the owner of other's key.
func (x *wiretap) enter(p, other *person) {
	x.t.Helper()
	m := link.NewDialler(link.Self{Key: other.key, Name: other.name}, x.e, []PeerID{p.id}, [32]byte{}, true, time.Now())
	x.say(true, m.Step(time.Now(), link.Opened{})[0].(link.Send).Message)
	for range 2 {
		message, err := x.reader.Next()
		if err != nil {
			x.t.Fatal(err)
		}
		for _, e := range m.Step(time.Now(), link.Received{Message: message}) {
			if _, verified := e.(link.Verified); verified {
				x.say(false, m.Step(time.Now(), link.Claimed{Go: true})[0].(link.Send).Message)
			}
		}
	}
}

// evilChange is a change of a document by a replica nobody knows, signed by one who may.
func evilChange(g crdt.Genesis) []byte {
	d := crdt.New(g)
	if err := d.Attach(crdt.Author{Device: g.Creator, Nonce: [16]byte{66}}); err != nil {
		panic(err)
	}
	d.Insert(0, "evil", time.Now())
	return flush(d)[0].AppendFrame(nil)
}

// TestCrowd: many who say nothing do not keep a friend out.
func TestCrowd(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, eve := w.person("Ana"), w.person("Ben"), w.adversary()
		defer ana.stop()
		defer ben.stop()
		defer eve.stop()
		refused := 0
		for range 2 * MaxUnadmittedPerIP {
			_, err := eve.transport.Dial(context.Background(), net.UDPAddrFromAddrPort(ana.addr()), eve.tls, &quic.Config{})
			if err != nil {
				refused++
			}
		}
		if refused != MaxUnadmittedPerIP {
			t.Errorf("%d of %d connections from one address refused", refused, 2*MaxUnadmittedPerIP)
		}
		doc := w.acquaint(1, ana, ben)
		ben.library.write(doc, "x")
		w.within(time.Second, "a friend comes in", w.equal(doc, ana, ben))
	})
}

// TestForeignNetwork: nobody from a network that is not mine is let in, unless an
// invite is open.
func TestForeignNetwork(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		defer ana.stop()
		defer eve.stop()
		foreign := &net.UDPAddr{IP: net.IPv4(10, 9, 9, 9).To4(), Port: 1}
		dial := func() error {
			info := &quic.ClientInfo{RemoteAddr: foreign}
			_, err := ana.screen(context.Background(), info)
			return err
		}
		if dial() == nil {
			t.Error("a foreign address got in")
		}
		doc := ana.library.add(genesisOf(1))
		if _, err := ana.NewInvite(doc, time.Now().Add(time.Minute-inviteLife)); err != nil {
			t.Fatal(err)
		}
		if err := dial(); err != nil {
			t.Errorf("with an open invite: %v", err)
		}
		time.Sleep(time.Minute)
		if dial() == nil {
			t.Error("a foreign address got in after the invite expired")
		}
	})
}
