package netsync

import (
	"bytes"
	"crypto/sha256"
	"math/rand"
	"slices"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync/bulk"
	"inkling/netsync/wire"
)

// noise returns text that cannot be packed well.
func noise(r *rand.Rand, n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('!' + r.Intn(90))
	}
	return string(b)
}

// history lets p write a document whose block has about so many bytes, and compacts it.
func (p *person) history(doc crdt.DocID, size int) {
	r := rand.New(rand.NewSource(1))
	for range 20 {
		p.library.write(doc, noise(r, size/16))
	}
	p.library.compact(doc)
}

// repeated returns how many bytes p gave more than once, and how often it gave anything.
func (p *person) repeated() (bytes, times int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	most := 0
	for _, s := range p.given {
		bytes += max(0, min(most, s.to)-s.from)
		most = max(most, s.to)
	}
	return bytes, len(p.given)
}

// sameHeads says whether two have the same; unlike the comparison of texts it is quick.
func sameHeads(doc crdt.DocID, p, other *person) func() bool {
	return func() bool { return equalHeads(mustHeads(p.library, doc), mustHeads(other.library, doc)) }
}

// TestNewcomerIsGivenBlock: a newcomer gets a block and what was written behind it, whoever dialled, with losses.
func TestNewcomerIsGivenBlock(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := ana.library.add(genesisOf(1))
			ana.history(doc, 300_000)
			ana.library.write(doc, "behind ")
			w.acquaint(1, ana, ben)
			ben.library.write(doc, "of Ben ")
			w.within(time.Minute, "equal", w.equal(doc, ana, ben))
			if ben.library.taken != 1 || ben.library.stored > 2 {
				t.Errorf("%d blocks taken, and %d changes", ben.library.taken, ben.library.stored)
			}
			w.within(5*time.Second, "Ben acknowledged", func() bool {
				heads, _ := ana.library.Heads(doc)
				return saw(ana, func(e Acked) bool { return e.Peer == ben.id && equalHeads(e.Heads, heads) })
			})
		})
	})
}

// TestBlocksBothWays: two that wrote much apart, and have blocks of it, take each other's; a third has only what is old, and gets all.
func TestBlocksBothWays(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben, cem := w.person("Ana"), w.person("Ben"), w.person("Cem")
			defer ana.stop()
			defer ben.stop()
			defer cem.stop()
			w.cut(everything)
			doc := w.acquaint(1, ana, ben, cem)
			for i, p := range []*person{ana, ben, cem} {
				for range 30 - 10*i {
					p.library.write(doc, noise(w.rand, 2000))
				}
				if p != cem {
					p.library.compact(doc)
				}
				p.library.write(doc, p.name)
			}
			w.cut(nil)
			w.within(time.Minute, "equal", w.equal(doc, ana, ben, cem))
			if text := ana.library.text(doc); len(text) != 60*2000+9 {
				t.Errorf("%d letters", len(text))
			}
			// Who meets Cem first when he has all gets from him what is left, by changes.
			if ana.library.taken+ben.library.taken+cem.library.taken < 2 {
				t.Errorf("blocks taken: %d, %d, %d", ana.library.taken, ben.library.taken, cem.library.taken)
			}
		})
	})
}

// TestCutBlockResumes: a history of 20 MB whose connection is cut at random moments goes on where it was; a restart is a cut, too.
func TestCutBlockResumes(t *testing.T) {
	if testing.Short() {
		t.Skip("20 MB")
	}
	inLAN(t, 1, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer func() { ben.stop() }() // as it is then
		doc := ana.library.add(genesisOf(1))
		ana.history(doc, 20<<20)
		w.acquaint(1, ana, ben)
		ben.SetOpen(doc, true)
		cuts := 0
		for ; cuts < 6; cuts++ {
			time.Sleep(time.Duration(w.rand.Intn(100)) * time.Millisecond)
			if cuts%3 == 2 {
				ben.stop()
				ben.start()
				ben.SetOpen(doc, true)
			} else {
				w.cut(everything)
				time.Sleep(6 * time.Second)
				w.cut(nil)
			}
			w.within(10*time.Second, "together again", func() bool { return ana.online(ben) && ben.online(ana) })
			if sameHeads(doc, ana, ben)() {
				t.Fatal("too soon: nothing is left to be cut")
			}
		}
		took := w.within(time.Minute, "equal", sameHeads(doc, ana, ben))
		again, times := ana.repeated()
		t.Logf("%d cuts, %d streams, %d bytes sent again, equal %v after the last cut", cuts, times, again, took)
		if times < 2 || again > times*bulk.Window {
			t.Errorf("%d bytes sent again by %d streams", again, times)
		}
	})
}

// TestWrongBlocks: a peer that gives what it did not announce, or what nobody signed, is found out; nothing of it counts, and the
// others are not kept from their document.
func TestWrongBlocks(t *testing.T) {
	other := newMemory(keyOf(9, "other"))
	otherDoc := other.add(genesisOf(2))
	other.write(otherDoc, "of another document")
	other.compact(otherDoc)
	lies := map[string]func(body []byte, b *wire.Block) []byte{
		"other bytes": func(body []byte, b *wire.Block) []byte {
			body = bytes.Clone(body)
			body[len(body)/2] ^= 1
			return body
		},
		"longer than said":  func(body []byte, b *wire.Block) []byte { return append(slices.Clip(body), make([]byte, 100_000)...) },
		"shorter than said": func(body []byte, b *wire.Block) []byte { return body[:len(body)-1] },
		"no block":          func(body []byte, b *wire.Block) []byte { return named(b, []byte("inkh and so on")) },
		"other heads":       func(body []byte, b *wire.Block) []byte { b.Heads[0].Stamp[0] ^= 1; return body },
		"another document":  func(body []byte, b *wire.Block) []byte { return named(b, other.docs[otherDoc].base.body) },
		"forged":            func(body []byte, b *wire.Block) []byte { return forgeBlock(b, body) },
	}
	for name, lie := range lies {
		t.Run(name, func(t *testing.T) {
			inWorld(t, 1, 0, func(w *world) {
				eve, ben, ana := w.person("Eve"), w.person("Ben"), w.person("Ana")
				defer eve.stop()
				defer ben.stop()
				defer ana.stop()
				doc := eve.library.add(genesisOf(1))
				eve.library.lie = lie
				for range 50 {
					eve.library.write(doc, noise(w.rand, 3000))
				}
				eve.library.compact(doc)
				w.acquaint(1, eve, ben)
				// Of Eve's changes nothing is wrong, so they come one by one, when she is believed no block any more.
				w.within(2*time.Minute, "equal, by changes", w.equal(doc, eve, ben))
				if ben.library.taken > 0 {
					t.Error("a wrong block was taken")
				}
				w.acquaint(1, eve, ben, ana)
				ana.library.write(doc, "later")
				w.within(2*time.Minute, "a third", w.equal(doc, eve, ben, ana))
			})
		})
	}
}

// named makes b announce a body as it is.
func named(b *wire.Block, body []byte) []byte {
	b.Hash, b.Length = sha256.Sum256(body), len(body)
	return body
}

// forgeBlock adds to a block what a member did not sign.
func forgeBlock(b *wire.Block, body []byte) []byte {
	d, err := crdt.LoadBlock(body)
	if err != nil {
		panic(err)
	}
	if err := d.Attach(crdt.Author{Device: d.Genesis().Creator, Nonce: [16]byte{99}}); err != nil {
		panic(err)
	}
	d.Insert(0, "forged", time.Now())
	batch := d.Flush()
	d.Sealed(batch.Seal(keyOf(1, "stranger")))
	if body, err = d.HistoryBlock(); err != nil {
		panic(err)
	}
	b.Heads = d.Heads()
	return named(b, body)
}

// TestKeysBesideBlock: keys typed while a block is given on the same connection arrive, and not much later than without. What it
// prints is virtual time: of computing it says nothing.
func TestKeysBesideBlock(t *testing.T) {
	for _, beside := range []bool{false, true} {
		inLAN(t, 1, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			big, small := ana.library.add(genesisOf(1)), genesisOf(2).DocID()
			ana.history(big, 8<<20)
			w.acquaint(2, ana, ben)
			w.within(5*time.Second, "connected", func() bool { return ana.online(ben) && ben.online(ana) })
			got := make(chan time.Time, 100)
			ben.library.mu.Lock()
			ben.library.received = func() { got <- time.Now() }
			ben.library.mu.Unlock()
			ana.library.write(small, "x")
			<-got
			if beside {
				w.acquaint(1, ana, ben)
			}
			var took []time.Duration
			during := 0
			for range 100 {
				began := time.Now()
				ana.library.write(small, "x")
				took = append(took, (<-got).Sub(began))
				if beside && !sameHeads(big, ana, ben)() {
					during++
				}
				time.Sleep(5 * time.Millisecond)
			}
			slices.Sort(took)
			t.Logf("beside a block %v: %d keys while it came, p50 %v, p99 %v", beside, during, took[50], took[99])
			if beside && during < 20 {
				t.Errorf("only %d keys were typed while the block came", during)
			}
		})
	}
}
