package workspace

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync"
	"time"

	"inkling/netsync"
	"inkling/netsync/discovery"
)

// Finding is one thing that [Workspace.Examine] looked at.
type Finding struct {
	OK   bool
	What string // what was found, one sentence
	Do   string // the next step for the person; "" when there is nothing to do
}

// discoveryTest is how long a packet is given to come back from the local network.
const discoveryTest = 3 * time.Second

// Examine looks at the library, the disk, the port and the local network, and says
// what is wrong and what to do about it. It takes some seconds.
func (w *Workspace) Examine(ctx context.Context) []Finding {
	return slices.Concat(
		w.examineLibrary(ctx),
		w.examineSaving(),
		w.examineBackups(),
		w.examineKey(),
		w.examinePort(),
		w.examineNetwork(ctx),
	)
}

func (w *Workspace) examineLibrary(ctx context.Context) []Finding {
	report, err := w.Check(ctx)
	if err != nil {
		return []Finding{{What: fmt.Sprintf("The library in %s could not be read: %v.", w.dir, err),
			Do: "Close other programs that use this folder and try again."}}
	}
	if !report.Intact() {
		return []Finding{{What: fmt.Sprintf("The library in %s is damaged: %s. `inkling check` names them.", w.dir, report.Summary()), Do: SalvageStep}}
	}
	changes := 0
	for _, d := range report.Documents {
		changes += d.Changes
	}
	what := fmt.Sprintf("The library in %s is intact. Documents: %d, changes: %d.", w.dir, len(report.Documents), changes)
	if n := report.Attachments.Files; n > 0 {
		what += fmt.Sprintf(" Attached files: %d.", n)
	}
	return []Finding{{OK: true, What: what}, w.examineScrub()}
}

// SalvageStep is what to do about a damaged library.
const SalvageStep = "Run `inkling salvage`: it saves what can be read, takes the rest from the backups, and keeps what is there."

// examineScrub says when all that is stored was read again by itself, and whether it was sound.
func (w *Workspace) examineScrub() Finding {
	faults, passed, err := w.lib.Faults()
	switch {
	case err != nil:
		return Finding{What: fmt.Sprintf("Whether all that is stored is read again now and then, cannot be told: %v.", err), Do: "Start Inkling again."}
	case len(faults) > 0:
		return Finding{What: fmt.Sprintf("When what is stored was read again, this was not what had been written, though it is now: %v.", faults[0]),
			Do: "The disk may be failing: copy the library's folder to another one."}
	case passed.IsZero():
		return Finding{OK: true, What: "Inkling has not read all that is stored again yet; it does while it runs and you do not type."}
	}
	return Finding{OK: true, What: fmt.Sprintf("All that is stored was last read again, and found sound, on %s.", Moment(passed))}
}

func (w *Workspace) examineSaving() []Finding {
	if since, err := w.Saving(); err != nil {
		return []Finding{{What: fmt.Sprintf("Nothing has been saved since %s: %v.", since.Local().Format("15:04"), err),
			Do: "Make room on the disk, or export what you wrote to another one."}}
	}
	if w.DiskFull() {
		return []Finding{{What: fmt.Sprintf("The disk with %s is full or nearly so. What you write is saved as long as the last room lasts, and no backups are made.", w.dir),
			Do: "Make room on the disk now. Inkling notices by itself."}}
	}
	if w.lib.DiskTight() {
		return []Finding{{What: fmt.Sprintf("The disk with %s is nearly full. What you write is saved, but no backups are made.", w.dir),
			Do: "Make room on the disk. Inkling notices by itself."}}
	}
	return nil
}

// examineBackups says whether there is a backup, and tries whether it is whole enough to be opened.
func (w *Workspace) examineBackups() []Finding {
	list, err := w.Backups()
	if err == nil && (len(list) == 0 || list[0].Replaced) {
		return []Finding{{OK: true, What: "There is no backup yet. The first is made when Inkling has run for a minute."}}
	}
	if err == nil {
		_, err = w.Restoring(list[0].Path)
	}
	if err != nil {
		return []Finding{{What: fmt.Sprintf("The newest backup cannot be read: %v.", err), Do: "Make another one: inkling backup."}}
	}
	return []Finding{{OK: true, What: fmt.Sprintf("The newest backup is of %s.", Moment(list[0].At))}}
}

func (w *Workspace) examineKey() []Finding {
	path, err := KeyPath(w.dir)
	if err != nil {
		return []Finding{{What: err.Error()}}
	}
	info, err := os.Stat(path)
	if err != nil {
		return []Finding{{What: fmt.Sprintf("The device key cannot be read: %v.", err), Do: "Start Inkling once to make a new one."}}
	}
	if keyExposed(info) {
		return []Finding{{What: fmt.Sprintf("Others on this computer can read the device key %s.", path),
			Do: "chmod 600 " + path}}
	}
	return []Finding{{OK: true, What: "The device key is there and only yours."}}
}

// examinePort says on which port the program listens, or whether it could.
func (w *Workspace) examinePort() []Finding {
	if port := w.Port(); port != 0 {
		what := fmt.Sprintf("Inkling listens on UDP port %d.", port)
		if a := w.Address(); a != "" {
			what += " Others who cannot find this computer by themselves type " + a + "."
		}
		return []Finding{{OK: true, What: what}}
	}
	conn, err := net.ListenUDP("udp", &net.UDPAddr{Port: netsync.DefaultPort})
	if err != nil {
		return []Finding{{What: fmt.Sprintf("UDP port %d is taken by another program.", netsync.DefaultPort),
			Do: "Nothing: Inkling takes another port by itself."}}
	}
	conn.Close()
	return []Finding{{OK: true, What: fmt.Sprintf("UDP port %d is free.", netsync.DefaultPort)}}
}

// examineNetwork sends a question to the local network and waits for an answer of
// this very computer, on the way that other computers would take.
func (w *Workspace) examineNetwork(ctx context.Context) []Finding {
	addrs, trouble := findMyself(ctx, w.log)
	var list []Finding
	for _, t := range trouble {
		list = append(list, Finding{What: t, Do: "In Together, type the address of the other computer or send an invite link."})
	}
	if len(addrs) == 0 {
		return append(list, Finding{What: "Computers on this network cannot find each other by themselves: a question sent to all (mDNS) was not answered even by this one.",
			Do: "Allow UDP port 5353 in the firewall of this computer, or type the other's address in Together."})
	}
	if !slices.ContainsFunc(addrs, func(a netip.AddrPort) bool { return !a.Addr().IsLoopback() }) {
		return append(list, Finding{What: "This computer finds itself only on its own loopback: it is not connected to a network, or the network does not carry mDNS.",
			Do: "Connect to the Wi-Fi or cable that the others use."})
	}
	return append(list, Finding{OK: true, What: "Finding others on this network works (mDNS)."})
}

// findMyself runs one finder that advertises and one that looks for it.
func findMyself(ctx context.Context, log *slog.Logger) (addrs []netip.AddrPort, trouble []string) {
	ctx, cancel := context.WithTimeout(ctx, discoveryTest)
	defer cancel()
	var nonce [8]byte
	rand.Read(nonce[:]) // never fails (crypto/rand)
	mark := "doctor=" + hex.EncodeToString(nonce[:])
	shown, looking := discovery.New(log), discovery.New(log)
	shown.SetAdvert(discovery.Advert{Port: 9, TXT: []string{mark}})
	var mu sync.Mutex
	var running sync.WaitGroup
	running.Go(func() { shown.Run(ctx, func(discovery.Sighting) {}) })
	running.Go(func() {
		looking.Run(ctx, func(s discovery.Sighting) {
			if slices.Contains(s.TXT, mark) {
				mu.Lock()
				addrs = append(addrs, s.Addrs...)
				mu.Unlock()
			}
		})
	})
	<-ctx.Done()
	trouble = looking.Trouble()
	running.Wait()
	return addrs, trouble
}
