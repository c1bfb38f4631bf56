//go:build unix

package netsync

import (
	"fmt"
	"math/rand"
	"net/netip"
	"runtime"
	"syscall"
	"testing"
	"time"
)

// BenchmarkKeystrokeLAN and …WAN print how long it takes from an edit's commit at one end to the return of the other
// library's Receive in virtual time, which has no computing in it: 1 ms each way without losses; 50 ms each way, where
// 1 % of the packets are lost.
func BenchmarkKeystrokeLAN(b *testing.B) { keystrokes(b, "1 ms each way", 0, 1) }
func BenchmarkKeystrokeWAN(b *testing.B) { keystrokes(b, "50 ms each way, 1 % lost", 0.01, 50) }

func keystrokes(b *testing.B, where string, loss float64, near int) {
	var took []time.Duration
	for seed := range int64(10) {
		inNetwork(&testing.T{}, seed+1, loss, near, 1, func(w *world) {
			w.silent = true
			ana, ben := w.person("Ana"), w.person("Ben")
			defer ana.stop()
			defer ben.stop()
			doc := w.acquaint(1, ana, ben)
			got := make(chan time.Time, 1)
			ana.library.write(doc, "x")
			w.within(10*time.Second, "equal", w.equal(doc, ana, ben))
			ben.library.received = func() { got <- time.Now() }
			for range 200 {
				began := time.Now()
				ana.library.write(doc, "x")
				took = append(took, (<-got).Sub(began))
				time.Sleep(time.Duration(w.rand.Intn(200)) * time.Millisecond)
			}
			ben.library.received = nil
		})
	}
	printPercentiles(b, "keystroke, "+where, took)
}

// BenchmarkReconnect prints in virtual time how long it takes until two are equal again after one of them was started
// anew, silently or not, and after one has got another address, noticed or not. Somebody looks at the document.
func BenchmarkReconnect(b *testing.B) {
	for _, how := range []string{"restart", "silent restart", "address of the dialler", "address of the listener"} {
		var took []time.Duration
		for seed := range int64(40) {
			inLAN(&testing.T{}, seed+1, func(w *world) {
				w.silent = true
				var e ether
				ana, ben := w.finding(&e, "Ana"), w.finding(&e, "Ben")
				defer ana.stop()
				defer func() { ben.stop() }()
				doc := w.getToKnow(ana, ben).DocID()
				ana.SetOpen(doc, true)
				ben.SetOpen(doc, true)
				ana.library.write(doc, "x")
				w.within(10*time.Second, "equal", w.equal(doc, ana, ben))
				time.Sleep(time.Duration(3000+w.rand.Intn(2000)) * time.Millisecond)
				ana.library.write(doc, "y")
				began := time.Now()
				switch how {
				case "restart", "silent restart":
					if old := ben.addr().Addr(); how == "silent restart" {
						w.cut(func(from, _ netip.Addr) bool { return from == old })
					}
					ben.stop()
					ana.library.write(doc, "z")
					ben.conn, w.spare = w.spare[0], w.spare[1:]
					began = time.Now()
					ben.startOn(ben.conn)
				default:
					moved := ana
					if dials := ana.link(ben.id).goal != nil; dials != (how == "address of the dialler") {
						moved = ben
					}
					w.wires.rename(moved.addr(), netip.MustParseAddrPort("192.168.7.99:7447"))
					moved.networkChanged(time.Now())
					ben.library.write(doc, "z")
				}
				w.within(time.Minute, "equal again", func() bool {
					return w.equal(doc, ana, ben)() && ana.online(ben) && ben.online(ana)
				})
				took = append(took, time.Since(began))
			})
		}
		printPercentiles(b, "reconnect after "+how, took)
	}
}

// BenchmarkCatchUpCut prints how long a newcomer takes for a history of 20 MB on real sockets, beginning anew three
// times because the program ended, and how many bytes came more than once.
func BenchmarkCatchUpCut(b *testing.B) {
	source := newMemory(keyOf(1, "Ana"))
	doc := source.add(genesisOf(1))
	writer := &person{library: source}
	writer.history(doc, 20<<20)
	var took []time.Duration
	repeated := 0
	for range 5 {
		ana, ben := real(b, "Ana", 17447), real(b, "Ben", 17448)
		ana.library.mu.Lock()
		ana.library.docs[doc] = source.docs[doc]
		ana.library.mu.Unlock()
		ben.library.add(genesisOf(1))
		for p, other := range map[*person]*person{ana: ben, ben: ana} {
			p.library.share(doc, Peer{ID: other.id, Name: other.name, Addrs: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(other.Port()))}})
			p.Shared(doc)
			p.SetOpen(doc, true)
		}
		began := time.Now()
		for range 3 {
			time.Sleep(time.Duration(20+rand.Intn(60)) * time.Millisecond)
			if c := ana.link(ben.id); c != nil {
				c.closeWith(0, "the benchmark cuts it")
			}
		}
		eventually(b, "equal", func() bool { return equalHeads(mustHeads(ben.library, doc), mustHeads(source, doc)) })
		took = append(took, time.Since(began))
		more, _ := ana.repeated()
		repeated = max(repeated, more)
		ana.Close()
		ben.Close()
	}
	printPercentiles(b, "catch-up with 20 MB, cut three times", took)
	b.Logf("at most %d bytes came more than once, for the three cuts together", repeated)
}

// BenchmarkIdle prints what 32 peers cost who are here, share 100 documents each and say nothing: both ends of all
// connections are in this process. Nobody looks at a document, and then somebody does.
func BenchmarkIdle(b *testing.B) {
	const peers, documents = 32, 100
	hub := real(b, "Hub", 17447)
	defer hub.Close()
	var all []*person
	before := heap()
	for i := range peers {
		p := real(b, fmt.Sprint("P", i), 17448+i)
		defer p.Close()
		all = append(all, p)
		for number := range documents {
			g := genesisOf(number)
			for a, other := range map[*person]*person{hub: p, p: hub} {
				a.library.add(g)
				a.library.share(g.DocID(), Peer{ID: other.id, Name: other.name, Addrs: []netip.AddrPort{netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(other.Port()))}})
			}
		}
		p.Shared(genesisOf(0).DocID())
	}
	hub.Shared(genesisOf(0).DocID())
	eventually(b, "all are here", func() bool {
		for _, p := range all {
			if !hub.online(p) {
				return false
			}
		}
		return true
	})
	for _, open := range []bool{false, true} {
		hub.SetOpen(genesisOf(0).DocID(), open)
		time.Sleep(2 * time.Second)
		cpu, began := processTime(), time.Now()
		time.Sleep(10 * time.Second)
		share := 100 * (processTime() - cpu).Seconds() / time.Since(began).Seconds()
		b.Logf("%d peers, a document is open: %v: %.2f %% of a core for both ends, %d KiB of heap per connection and its libraries, %d goroutines per connection",
			peers, open, share, (heap()-before)/1024/peers, runtime.NumGoroutine()/peers)
	}
	b.ReportMetric(0, "ns/op")
}

func heap() int {
	runtime.GC()
	runtime.GC() // what has finalizers goes at the second
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc + m.StackInuse)
}

func processTime() time.Duration {
	var u syscall.Rusage
	syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
