package netsync

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

func joinCode(p *person, code string) (crdt.DocID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return p.JoinCode(ctx, code)
}

func joinCodeAt(p *person, code string, at *person) (crdt.DocID, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return p.JoinCodeAt(ctx, code, at.addr().String())
}

// other returns a code that is not this one.
func other(code string) string {
	if code == "000000" {
		return "111111"
	}
	return "000000"
}

func failure(err error) JoinFailure {
	var e *JoinError
	if errors.As(err, &e) {
		return e.Failure
	}
	return -1
}

// TestJoinByCode: Ana shows a code, Ben finds her by the network and types it; both are in the document, and
// know each other from then on. Nobody is asked. Over bad wires, too.
func TestJoinByCode(t *testing.T) {
	each(t, 12, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			e := &ether{}
			ana, ben := w.finding(e, "Ana"), w.finding(e, "Ben")
			defer ana.stop()
			defer ben.stop()
			doc := ana.library.add(genesisOf(1))
			ana.library.write(doc, "from Ana ")
			code := ana.ShowCode(doc)
			if got, err := joinCode(ben, pairing.SpellCode(code)); err != nil || got != doc {
				t.Fatalf("joined %v, %v", got, err)
			}
			ben.library.write(doc, "from Ben ")
			w.within(20*time.Second, "both have both", func() bool {
				return w.equal(doc, ana, ben)() && len(ana.library.text(doc)) == len("from Ana from Ben ")
			})
			if saw(ana, func(JoinRequested) bool { return true }) {
				t.Error("Ana was asked")
			}
			if !saw(ana, func(e CodeUsed) bool { return e.Name == "Ben" && e.Peer == ben.id && e.Doc == doc }) {
				t.Errorf("Ana was not told: %v", ana.events)
			}
			if ben.library.peers[ana.id].Name != "Ana" || ana.library.peers[ben.id].Name != "Ben" {
				t.Errorf("pinned %v and %v", ana.library.peers, ben.library.peers)
			}
			// The next document, over the link that there is; Ben shows, so that the other end types this time.
			second := ben.library.add(genesisOf(2))
			ben.library.write(second, "more")
			if got, err := joinCode(ana, ben.ShowCode(second)); err != nil || got != second {
				t.Fatalf("the second document: %v, %v", got, err)
			}
			w.within(20*time.Second, "the second document is there", w.equal(second, ana, ben))
		})
	})
}

// TestCodesThatFail: each with its own sentence, and nobody pinned.
func TestCodesThatFail(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		e := &ether{}
		ana, ben, cleo := w.finding(e, "Ana"), w.finding(e, "Ben"), w.finding(e, "Cleo")
		defer ana.stop()
		defer ben.stop()
		defer cleo.stop()
		ana.answer = no
		doc := ana.library.add(genesisOf(1))
		fails := func(what string, err error, want JoinFailure) {
			t.Helper()
			if failure(err) != want {
				t.Errorf("%s: %v, want failure %d", what, err, want)
			}
		}
		try := func(p *person, code string) error { _, err := joinCode(p, code); return err }
		at := func(p *person, code string, host *person) error { _, err := joinCodeAt(p, code, host); return err }

		fails("not a code", try(ben, "hello"), BadCode)
		fails("nobody shows one", try(ben, "482913"), NoHost)
		fails("at an address where none is shown", at(ben, "482913", ana), CodeGone)
		code := ana.ShowCode(doc)
		fails("one's own", try(ana, code), OwnCode)
		fails("wrong", try(ben, other(code)), WrongCode)
		w.within(time.Second, "Ana is warned", func() bool {
			return saw(ana, func(e CodeTried) bool { return e.From == ben.addr().Addr() && e.Count == 1 })
		})
		fails("wrong, by address", at(ben, other(code), ana), WrongCode)
		fails("wrong, again", try(ben, other(code)), WrongCode)
		fails("barred", try(ben, code), Barred)
		if _, err := join(ben, w.invite(ana, doc)); failure(err) != Declined {
			t.Errorf("the link, meanwhile: %v", err)
		}
		ana.HideCode(doc)
		time.Sleep(time.Second)
		fails("hidden", try(cleo, code), NoHost)
		fails("hidden, by address", at(cleo, code, ana), CodeGone)
		again := ana.ShowCode(doc)
		if again == code {
			t.Error("the same code twice")
		}
		fails("an old code", at(cleo, code, ana), WrongCode)
		time.Sleep(pairing.CodeLife)
		fails("after ten minutes", at(cleo, again, ana), CodeGone)
		if !saw(ana, func(e CodeShown) bool { return e.Code == "" }) {
			t.Error("Ana was not told that the code is gone")
		}
		var e2 *DialError
		if _, err := ben.JoinCodeAt(context.Background(), code, "nowhere"); !errors.As(err, &e2) || !e2.Malformed {
			t.Errorf("not an address: %v", err)
		}
		if len(ana.library.peers)+len(ben.library.peers)+len(cleo.library.peers) != 0 {
			t.Error("somebody was pinned")
		}
	})
}

// TestLibraryRefusesGuest: a host that cannot store the guest lets nobody in, and the code stays good.
func TestLibraryRefusesGuest(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		doc := ana.library.add(genesisOf(1))
		code := ana.ShowCode(doc)
		ana.library.broken = errors.New("the disk is full")
		if _, err := joinCodeAt(ben, code, ana); failure(err) != Lost {
			t.Errorf("joined with %v", err)
		}
		ana.library.broken = nil
		if _, err := joinCodeAt(ben, code, ana); err != nil {
			t.Errorf("afterwards: %v", err)
		}
	})
}

// TestSeveralHosts: who finds several is told their names and chooses. Those who show no code are none of them.
func TestSeveralHosts(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		e := &ether{}
		ana, ben, cleo, dan := w.finding(e, "Ana"), w.finding(e, "Ben"), w.finding(e, "Cleo"), w.finding(e, "Dan")
		for _, p := range []*person{ana, ben, cleo, dan} {
			defer p.stop()
		}
		dan.SetVisible(true)
		docA, docC := ana.library.add(genesisOf(1)), cleo.library.add(genesisOf(2))
		ana.ShowCode(docA)
		code := cleo.ShowCode(docC)
		time.Sleep(time.Second) // the finders run
		_, err := joinCode(ben, code)
		var several *JoinError
		if !errors.As(err, &several) || several.Failure != SeveralHosts || len(several.Hosts) != 2 {
			t.Fatalf("with two hosts: %v", err)
		}
		if several.Hosts[0].Name != "Ana" || several.Hosts[1].Name != "Cleo" {
			t.Errorf("hosts %+v", several.Hosts)
		}
		if got, err := ben.JoinCodeOf(context.Background(), code, several.Hosts[1]); err != nil || got != docC {
			t.Errorf("chosen: %v, %v", got, err)
		}
		if saw(ana, func(CodeTried) bool { return true }) {
			t.Error("Cleo's code was tried at Ana")
		}
	})
}

// TestGuestsTogether: three who type at once get in all.
func TestGuestsTogether(t *testing.T) {
	inWorld(t, 3, 0, func(w *world) {
		ana := w.person("Ana")
		defer ana.stop()
		doc := ana.library.add(genesisOf(1))
		code := ana.ShowCode(doc)
		done := make(chan error)
		for _, name := range []string{"Ben", "Cleo", "Dan"} {
			p := w.person(name)
			defer p.stop()
			go func() { _, err := joinCodeAt(p, code, ana); done <- err }()
		}
		for range 3 {
			if err := <-done; err != nil {
				t.Error(err)
			}
		}
	})
}

// TestMiddlemanHasOneGuess: Eve answers in Ana's place and passes every byte on. The exchange is bound to Ben's connection to
// Eve, so Ana takes the right code for a wrong one, and Ben is not deceived.
func TestMiddlemanHasOneGuess(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, eve := w.person("Ana"), w.person("Ben"), w.adversary()
		defer ana.stop()
		defer ben.stop()
		defer eve.stop()
		code := ana.ShowCode(ana.library.add(genesisOf(1)))
		listener, err := eve.transport.Listen(eve.tls, &quic.Config{EnableDatagrams: true})
		if err != nil {
			t.Fatal(err)
		}
		defer listener.Close()
		passed := make(chan error, 1)
		go func() { passed <- eve.passOn(listener, ana) }()
		_, err = ben.JoinCodeAt(context.Background(), code, addrOf(eve.transport.Conn.LocalAddr()).String())
		if failure(err) != WrongCode {
			t.Errorf("Join through Eve: %v", err)
		}
		if err := <-passed; err != nil {
			t.Fatal(err)
		}
		w.within(time.Second, "Ana is warned", func() bool { return saw(ana, func(CodeTried) bool { return true }) })
		if len(ana.library.peers)+len(ben.library.peers) != 0 {
			t.Error("somebody was pinned")
		}
	})
}

// guestByHand types a code over x as far as the answer to its Confirm, and returns that.
func (x *wiretap) guestByHand(code string) (*pairing.Guest, wire.Message) {
	x.t.Helper()
	guest := pairing.NewGuest(code, x.e, [32]byte{5})
	x.say(true, wire.Knock{MACs: [][32]byte{{7}}}, wire.Try{Share: guest.Share()})
	for {
		m, err := x.reader.Next()
		if err != nil {
			x.t.Fatal(err)
		}
		switch m := m.(type) {
		case wire.Share:
			tag, err := guest.Answer(m.Share)
			if err != nil {
				x.t.Fatal(err)
			}
			x.say(false, wire.Confirm{Tag: tag})
		case wire.Stranger:
		default:
			return guest, m
		}
	}
}

// TestGuestsByHand: what a guest can do who does not keep to the protocol. Only one who knows the code learns a key, and only
// one who presents a key of its own is let in.
func TestGuestsByHand(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		defer ana.stop()
		defer eve.stop()
		code := ana.ShowCode(ana.library.add(genesisOf(1)))
		key := keyOf(9, "Eve")
		x := eve.dial(ana)
		if _, m := x.guestByHand(other(code)); m != (wire.Refused{Reason: wire.WrongCode}) {
			t.Errorf("a wrong code is answered by %#v", m)
		}
		x.say(false, wire.Present{Key: link.ID(key), Name: "Eve"})
		if heard, c := x.hear(); len(heard) != 0 || c != wire.Unexpected {
			t.Errorf("Present after a refusal: heard %v, closed with %s", heard, c)
		}

		for name, bad := range map[string]func(reveal wire.Reveal) wire.Message{
			"no signature":    func(wire.Reveal) wire.Message { return wire.Present{Key: link.ID(key), Name: "Eve"} },
			"Ana's own words": func(r wire.Reveal) wire.Message { return wire.Present{Key: r.Key, Signature: r.Signature, Name: "Eve"} },
			"a signature elsewhere": func(wire.Reveal) wire.Message {
				p := proveAs(key, link.Exporter{1})
				return wire.Present{Key: p.Key, Signature: p.Signature}
			},
		} {
			x := eve.dial(ana)
			guest, m := x.guestByHand(code)
			reveal, ok := m.(wire.Reveal)
			if !ok || !guest.Believes(reveal.Tag) || reveal.Key != ana.id {
				t.Fatalf("%s: the right code is answered by %#v", name, m)
			}
			x.say(false, bad(reveal))
			if heard, c := x.hear(); len(heard) != 0 || c != wire.WrongPeer {
				t.Errorf("%s: heard %v, closed with %s", name, heard, c)
			}
		}

		y := eve.dial(ana) // knows the code and is never heard of again
		y.guestByHand(code)
		if heard, c := y.hear(); len(heard) != 0 || c != wire.NotAdmitted {
			t.Errorf("after Reveal: heard %v, closed with %s", heard, c)
		}
		if len(ana.library.peers) != 0 || saw(ana, func(CodeUsed) bool { return true }) {
			t.Error("Eve was let in")
		}
	})
}

// TestReplay: the words of a guest who got in, said again on another connection, are worth nothing.
func TestReplay(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, eve := w.person("Ana"), w.person("Ben"), w.adversary()
		defer ana.stop()
		defer ben.stop()
		defer eve.stop()
		code := ana.ShowCode(ana.library.add(genesisOf(1)))
		x := eve.dial(ana)
		guest := pairing.NewGuest(code, link.Exporter{1}, [32]byte{5}) // of Ben's connection
		x.say(true, wire.Knock{MACs: [][32]byte{{7}}}, wire.Try{Share: guest.Share()})
		var answer wire.Message
		for {
			m, err := x.reader.Next()
			if err != nil {
				t.Fatal(err)
			}
			if s, ok := m.(wire.Share); ok {
				tag, err := guest.Answer(s.Share)
				if err != nil {
					t.Fatal(err)
				}
				x.say(false, wire.Confirm{Tag: tag})
			} else if m != (wire.Stranger{}) {
				answer = m
				break
			}
		}
		if answer != (wire.Refused{Reason: wire.WrongCode}) {
			t.Errorf("answered by %#v", answer)
		}
	})
}

// TestStrangerWithACodeOnScreen tries every message while a code is shown: all that is learned is that there is one.
func TestStrangerWithACodeOnScreen(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		defer ana.stop()
		defer eve.stop()
		doc := ana.library.add(genesisOf(1))
		ana.library.write(doc, "secret")
		self := link.Self{Key: keyOf(9, "Eve")}
		for i := range everyMessage(ana.id, self, link.Exporter{}, doc) {
			for _, tried := range []bool{false, true} {
				ana.ShowCode(doc) // so that Eve is not barred
				x := eve.dial(ana)
				x.say(true, wire.Knock{MACs: [][32]byte{{7}}})
				if tried {
					x.say(false, wire.Try{Share: pairing.NewGuest("482913", x.e, [32]byte{1}).Share()})
				}
				m := everyMessage(ana.id, self, x.e, doc)[i]
				x.say(false, m)
				heard, code := x.hear()
				for _, h := range heard {
					_, share := h.(wire.Share)
					_, call := h.(wire.Call) // whoever asks is told the name while a code is shown
					_, refused := h.(wire.Refused)
					if _, asked := m.(wire.Call); h != (wire.Stranger{}) && !share && !refused && !(call && asked) {
						t.Errorf("message %s (tried %v): learned %#v", m.Type(), tried, h)
					}
				}
				if code == wire.Goodbye || code == 999 {
					t.Errorf("message %s (tried %v): closed with %s", m.Type(), tried, code)
				}
			}
		}
		if ana.library.stored != 0 || len(ana.library.peers) != 0 {
			t.Errorf("stored %d changes, %d peers", ana.library.stored, len(ana.library.peers))
		}
	})
}

// BenchmarkPairingLAN prints how long it takes from the digits to the document, in virtual time on a network of
// 1 to 20 ms each way, with finding the host.
func BenchmarkPairingLAN(b *testing.B) {
	var took []time.Duration
	for i := range 40 {
		t := &testing.T{}
		inWorld(t, int64(i+1), 0, func(w *world) { took = append(took, pairOnce(b, w)) })
	}
	printPercentiles(b, "pairing on a simulated LAN", took)
}

func pairOnce(b *testing.B, w *world) time.Duration {
	e := &ether{}
	ana, ben := w.finding(e, "Ana"), w.finding(e, "Ben")
	defer ana.stop()
	defer ben.stop()
	doc := ana.library.add(genesisOf(1))
	code := ana.ShowCode(doc)
	began := time.Now()
	if _, err := joinCode(ben, code); err != nil {
		b.Fatal(err)
	}
	return time.Since(began)
}

// BenchmarkPairingLoopback is that on real sockets of this machine, by address.
func BenchmarkPairingLoopback(b *testing.B) {
	var took []time.Duration
	for range 40 {
		ana, ben := real(b, "Ana", 0), real(b, "Ben", 0)
		code := ana.ShowCode(ana.library.add(genesisOf(1)))
		began := time.Now()
		if _, err := ben.JoinCodeAt(context.Background(), code, fmt.Sprintf("127.0.0.1:%d", ana.Port())); err != nil {
			b.Fatal(err)
		}
		took = append(took, time.Since(began))
		ana.Close()
		ben.Close()
	}
	printPercentiles(b, "pairing on loopback", took)
}

func printPercentiles(b *testing.B, what string, took []time.Duration) {
	slices.Sort(took)
	b.ReportMetric(0, "ns/op")
	b.Logf("%s: p50 %v, p95 %v, p99 %v of %d", what, took[len(took)/2], took[len(took)*95/100], took[len(took)*99/100], len(took))
}

// TestFalseHostHasOneGuess: Eve shows no code, guesses Ben's, and says that she was busy, so that he tries again: he does not.
func TestFalseHostHasOneGuess(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ben, eve := w.person("Ben"), w.adversary()
		defer ben.stop()
		defer eve.stop()
		listener, err := eve.transport.Listen(eve.tls, &quic.Config{EnableDatagrams: true})
		if err != nil {
			t.Fatal(err)
		}
		ctx, end := context.WithCancel(context.Background())
		served, tries, tags := make(chan struct{}), 0, 0
		go func() {
			defer close(served)
			for {
				q, err := listener.Accept(ctx)
				if err != nil {
					return
				}
				control, err := q.AcceptStream(ctx)
				if err != nil {
					return
				}
				x := &wiretap{t: t, quic: q, control: control, reader: wire.NewReader(control, wire.ControlStream)}
				for first := true; ; first = false {
					m, err := x.reader.Next()
					if err != nil {
						break
					}
					switch m.(type) {
					case wire.Knock:
						x.say(first, wire.Stranger{})
					case wire.Try:
						if tries++; tries < 3 {
							x.say(first, wire.Refused{Reason: wire.TooMany}) // no guess yet: he comes again
							continue
						}
						x.say(first, wire.Share{Share: pairing.NewGuest("123456", link.Exporter{}, [32]byte{5}).Share()})
					case wire.Confirm:
						tags++
						x.say(first, wire.Refused{Reason: wire.TooMany})
					}
				}
			}
		}()
		_, err = ben.JoinCodeAt(context.Background(), "482913", addrOf(eve.transport.Conn.LocalAddr()).String())
		end()
		<-served
		if failure(err) != Busy || tries != 3 || tags != 1 {
			t.Errorf("%d tries, %d tags, %v", tries, tags, err)
		}
	})
}

// TestBrokenTryFreesTheScreen: a guest whose connection ends in the middle of a try keeps nobody waiting.
func TestBrokenTryFreesTheScreen(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.adversary()
		defer ana.stop()
		defer eve.stop()
		code := ana.ShowCode(ana.library.add(genesisOf(1)))
		x := eve.dial(ana)
		x.say(true, wire.Knock{MACs: [][32]byte{{7}}}, wire.Try{Share: pairing.NewGuest(code, x.e, [32]byte{1}).Share()})
		for range 2 { // Stranger, Share
			if _, err := x.reader.Next(); err != nil {
				t.Fatal(err)
			}
		}
		y := eve.dial(ana)
		y.say(true, wire.Knock{MACs: [][32]byte{{7}}}, wire.Try{Share: pairing.NewGuest(code, y.e, [32]byte{1}).Share()})
		y.reader.Next()
		if m, err := y.reader.Next(); err != nil || m != (wire.Refused{Reason: wire.TooMany}) {
			t.Errorf("a second try at once: %#v, %v", m, err)
		}
		x.quic.CloseWithError(0, "")
		time.Sleep(pairing.TryPatience / 2)
		if _, m := eve.dial(ana).guestByHand(code); m.Type() != (wire.Reveal{}).Type() {
			t.Errorf("the next guest: %#v", m)
		}
	})
}
