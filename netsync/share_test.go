package netsync

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/quic-go/quic-go/testutils/simnet"

	"inkling/crdt"
)

// many makes all pinned members of count documents, which begin with the same text.
func (w *world) many(count int, people ...*person) (docs []crdt.DocID) {
	for number := range count {
		g := genesisOf(number)
		docs = append(docs, g.DocID())
		for _, p := range people {
			p.library.add(g)
			for _, other := range people {
				if p != other {
					p.library.share(g.DocID(), other.asPeer())
				}
			}
		}
	}
	return docs
}

// allEqual says whether all have the same of all documents.
func (w *world) allEqual(docs []crdt.DocID, people ...*person) func() bool {
	return func() bool {
		return !slices.ContainsFunc(docs, func(doc crdt.DocID) bool { return !w.equal(doc, people...)() })
	}
}

// streamCount returns how many documents have a stream at this end.
func (p *person) streamCount() (count int) {
	p.Node.mu.Lock()
	defer p.Node.mu.Unlock()
	for c := range p.connections {
		count += len(c.docs)
	}
	return count
}

// quietly says whether no document waits for a stream, and none that has one has anything to say.
func (p *person) quietly() bool {
	p.Node.mu.Lock()
	defer p.Node.mu.Unlock()
	for c := range p.connections {
		if len(c.streams.wanted) > 0 {
			return false
		}
		for _, d := range c.docs {
			if d.restsSince.Load() == 0 {
				return false
			}
		}
	}
	return true
}

// TestMoreDocumentsThanStreams: five times as many documents as streams were changed apart, at either end or both.
func TestMoreDocumentsThanStreams(t *testing.T) {
	each(t, 3, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			docs := w.many(5*MaxStreams, ana, ben)
			for i, doc := range docs {
				if i%3 < 2 {
					ana.library.write(doc, "from Ana")
				}
				if i%3 > 0 {
					ben.library.write(doc, "from Ben")
				}
			}
			ana.Shared(docs[0])
			ben.Shared(docs[0])
			most := 0
			took := w.within(time.Minute, "equal", func() bool {
				most = max(most, ana.streamCount(), ben.streamCount())
				return w.allEqual(docs, ana, ben)()
			})
			t.Logf("%d documents equal after %v, at most %d streams", len(docs), took, most)
			if most > MaxStreams+1 { // one is counted twice while a new one takes its place
				t.Errorf("%d streams at once", most)
			}
		})
	})
}

// TestUnchangedDocuments: two who share 5,000 documents meet, and none differs: no stream is opened, and little is said.
func TestUnchangedDocuments(t *testing.T) {
	inLAN(t, 1, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		docs := w.many(5_000, ana, ben)
		var said atomic.Int64
		w.wires.mu.Lock()
		w.wires.sent = func(p simnet.Packet) { said.Add(int64(len(p.Data))) }
		w.wires.mu.Unlock()
		ana.Shared(docs[0])
		ben.Shared(docs[0])
		w.within(5*time.Second, "connected", func() bool { return ana.online(ben) && ben.online(ana) })
		time.Sleep(3 * time.Second)
		if count := ana.streamCount() + ben.streamCount(); count > 0 {
			t.Errorf("%d streams of documents that are equal", count)
		}
		t.Logf("%d bytes for the connection, all in all", said.Load())
		// Each of the two commits to one that has no stream.
		for i, p := range []*person{ana, ben} {
			p.library.write(docs[i], p.name)
			took := w.within(time.Second, "equal", w.allEqual(docs[:2], ana, ben))
			t.Logf("a change by %s arrives after %v", p.name, took)
		}
		if count := ana.streamCount(); count != 2 {
			t.Errorf("%d streams, want 2", count)
		}
	})
}

// TestManyWriters: changes all over more documents than there are streams, while connections are cut: what is written while a
// stream makes room for another one arrives all the same.
func TestManyWriters(t *testing.T) {
	each(t, 6, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			people := []*person{w.person("Ana"), w.person("Ben"), w.person("Cleo")}
			for _, p := range people {
				defer p.stop()
			}
			docs := w.many(3*MaxStreams, people...)
			for _, p := range people {
				p.SetOpen(docs[w.rand.Intn(len(docs))], true)
				p.Shared(docs[0])
			}
			for range 600 {
				p, doc := people[w.rand.Intn(len(people))], docs[w.rand.Intn(len(docs))]
				p.library.write(doc, fmt.Sprint(w.rand.Intn(10)))
				time.Sleep(time.Duration(w.rand.Intn(20)) * time.Millisecond)
				if w.rand.Intn(200) == 0 {
					w.cut(everything)
					time.Sleep(time.Duration(w.rand.Intn(6_000)) * time.Millisecond)
					w.cut(nil)
				}
			}
			w.within(time.Minute, "equal", w.allEqual(docs, people...))
			w.within(time.Minute, "quiet", func() bool {
				return !slices.ContainsFunc(people, func(p *person) bool { return !p.quietly() })
			})
		})
	})
}

// TestStubbornDocuments: more documents than streams can never be in step, for the library of one end takes nothing of them. The
// others come through.
func TestStubbornDocuments(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		docs := w.many(3*MaxStreams, ana, ben)
		stubborn := docs[:2*MaxStreams]
		ben.library.deaf = func(doc crdt.DocID) bool { return slices.Contains(stubborn, doc) }
		for _, doc := range docs {
			ana.library.write(doc, "x")
		}
		ana.Shared(docs[0])
		ben.Shared(docs[0])
		w.within(time.Minute, "the others are equal", w.allEqual(docs[2*MaxStreams:], ana, ben))
		if ben.library.text(stubborn[0]) != "" {
			t.Error("a deaf library took something")
		}
	})
}

// TestOpenDocumentGoesFirst: what a window shows has a stream before what waits, and keeps it.
func TestOpenDocumentGoesFirst(t *testing.T) {
	inLAN(t, 1, func(w *world) {
		ana, ben := w.person("Ana"), w.person("Ben")
		defer ana.stop()
		defer ben.stop()
		docs := w.many(5*MaxStreams, ana, ben)
		shown := docs[3*MaxStreams]
		for _, p := range []*person{ana, ben} {
			p.SetOpen(shown, true)
		}
		for _, doc := range docs {
			ana.library.write(doc, "x")
		}
		ana.Shared(docs[0])
		ben.Shared(docs[0])
		w.within(time.Minute, "the open one is equal", w.equal(shown, ana, ben))
		if w.allEqual(docs, ana, ben)() {
			t.Error("all are equal as soon as the open one is")
		}
		w.within(time.Minute, "all are equal", w.allEqual(docs, ana, ben))
		for _, p := range []*person{ana, ben} {
			if p.link(map[*person]*person{ana: ben, ben: ana}[p].id).docs[shown] == nil {
				t.Error("the open document has no stream any more")
			}
		}
	})
}

// TestUnsharedAndBack: a document is no longer shared by one end, which a window may show, while the other writes on, and then is again: as
// of one that goes to the bin and comes back.
func TestUnsharedAndBack(t *testing.T) {
	each(t, 12, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			if w.rand.Intn(2) == 0 {
				ana, ben = ben, ana
			}
			for _, p := range []*person{ana, ben} {
				p.SetOpen(genesisOf(1).DocID(), w.rand.Intn(2) == 0)
			}
			doc := w.acquaint(1, ana, ben)
			ana.library.write(doc, "x")
			w.within(10*time.Second, "equal", w.equal(doc, ana, ben))
			ana.Shared(doc) // as when somebody else comes in
			ben.Shared(doc)
			time.Sleep(100 * time.Millisecond)
			for range 3 {
				share := func(on bool) {
					ana.library.mu.Lock()
					ana.library.docs[doc].members[ben.id] = on
					ana.library.mu.Unlock()
					ana.Shared(doc)
				}
				share(false)
				time.Sleep(time.Duration(w.rand.Intn(500)) * time.Millisecond)
				ben.library.write(doc, "b")
				ana.library.write(doc, "a")
				time.Sleep(time.Duration(w.rand.Intn(500)) * time.Millisecond)
				share(true)
				w.within(10*time.Second, "equal again", w.equal(doc, ana, ben))
			}
		})
	})
}
