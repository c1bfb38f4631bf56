package netsync

import (
	"context"
	"errors"
	"testing"
	"time"

	"inkling/crdt"
)

// TestPairedByCode: a code for the device alone makes both know each other, over bad wires, too, and after restarts; no
// document goes over by that. One that is shared afterwards does.
func TestPairedByCode(t *testing.T) {
	each(t, 12, func(t *testing.T, seed int64, loss float64) {
		inWorld(t, seed, loss, func(w *world) {
			e := &ether{}
			nas, ana := w.finding(e, "NAS"), w.finding(e, "Ana")
			defer nas.stop()
			defer func() { ana.stop() }()
			secret, kept := ana.library.add(genesisOf(1)), nas.library.add(genesisOf(2))
			ana.library.write(secret, "nobody's business")
			nas.library.write(kept, "nor this")
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			defer cancel()
			entry, err := ana.JoinCode(ctx, nas.ShowCode(crdt.DocID{}))
			if err != nil || !entry.Paired() || entry.Name != "NAS" || entry.Peer != nas.id {
				t.Fatalf("came into %+v, %v", entry, err)
			}
			together := func() bool { return ana.online(nas) && nas.online(ana) }
			w.within(10*time.Second, "both are here", together)
			if !saw(nas, func(e CodeUsed) bool { return e.Name == "Ana" && e.Peer == ana.id && e.Doc == crdt.DocID{} }) {
				t.Errorf("the NAS was not told: %v", nas.events)
			}
			if nas.library.peers[ana.id].Name != "Ana" || ana.library.peers[nas.id].Name != "NAS" {
				t.Errorf("pinned %v and %v", nas.library.peers, ana.library.peers)
			}
			ana.stop()
			w.within(2*time.Minute, "the NAS sees her go, though her goodbye may be lost", func() bool { return !nas.online(ana) })
			ana.start()
			w.within(time.Minute, "both are here again", together)
			if len(nas.library.docs) != 1 || len(ana.library.docs) != 1 {
				t.Errorf("%d and %d documents after the pairing", len(nas.library.docs), len(ana.library.docs))
			}
			if _, err := joinCode(ana, nas.ShowCode(kept)); err != nil {
				t.Fatal(err)
			}
			w.within(20*time.Second, "a document comes by its own code", w.equal(kept, ana, nas))
		})
	})
}

// TestPairingThatFails: a library that cannot keep who was met, at either end.
func TestPairingThatFails(t *testing.T) {
	for _, name := range []string{"host", "guest"} {
		inWorld(t, 1, 0, func(w *world) {
			e := &ether{}
			nas, ana := w.finding(e, "NAS"), w.finding(e, "Ana")
			defer nas.stop()
			defer ana.stop()
			map[string]*person{"host": nas, "guest": ana}[name].library.broken = errors.New("the disk refuses")
			_, err := ana.JoinCode(context.Background(), nas.ShowCode(crdt.DocID{}))
			if got := failure(err); got != map[string]JoinFailure{"host": Lost, "guest": Unstorable}[name] {
				t.Errorf("the %s cannot store: %v", name, err)
			}
			if len(ana.library.peers) != 0 {
				t.Errorf("pinned %v", ana.library.peers)
			}
		})
	}
}
