package storage

import (
	"bytes"
	"database/sql"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"inkling/crdt"
)

// Limits of a peer's row.
const (
	maxPeerName  = 1 << 10 // bytes
	maxPeerAddrs = 8
)

// Peer is a device that is known.
type Peer struct {
	Key   [32]byte // Ed25519 public key of the device
	Name  string
	Addrs []netip.AddrPort // last known, at most 8

	Pinned time.Time // when the owner first trusted it; zero: never
	Seen   time.Time // when it was last connected; zero: never
}

// check says whether p fits the limits.
func (p Peer) check() error {
	if len(p.Name) > maxPeerName || len(p.Addrs) > maxPeerAddrs {
		return fmt.Errorf("storage: peer %x: name of %d bytes and %d addresses, at most %d and %d are allowed",
			p.Key[:4], len(p.Name), len(p.Addrs), maxPeerName, maxPeerAddrs)
	}
	for _, a := range p.Addrs {
		if !a.IsValid() || strings.ContainsAny(a.Addr().Zone(), " \t\n") {
			return fmt.Errorf("storage: peer %x: address %q cannot be stored", p.Key[:4], a)
		}
	}
	return nil
}

// addrs returns p's addresses as the column holds them.
func (p Peer) addrs() string {
	list := make([]string, len(p.Addrs))
	for i, a := range p.Addrs {
		list[i] = a.String()
	}
	return strings.Join(list, " ")
}

func scanPeer(scan func(...any) error) (p Peer, err error) {
	var key []byte
	var addrs string
	var pinned, seen sql.NullInt64
	if err = scan(&key, &p.Name, &addrs, &pinned, &seen); err != nil {
		return p, err
	}
	for _, text := range strings.Fields(addrs) {
		a, err := netip.ParseAddrPort(text)
		if err != nil {
			return p, err
		}
		p.Addrs = append(p.Addrs, a)
	}
	p.Pinned, p.Seen = timeOf(pinned), timeOf(seen)
	return p, fill(p.Key[:], key, "device key")
}

// Peers returns the devices that are known, by key: those that the owner trusts, and those that others let into documents.
func (l *Library) Peers() ([]Peer, error) {
	rows, err := l.readers.Query(`SELECT key, name, addrs, pinned, seen FROM peer ORDER BY key`)
	if err != nil {
		return nil, fmt.Errorf("storage: list peers: %w", err)
	}
	list, err := collect(rows, scanPeer)
	if err != nil {
		return nil, fmt.Errorf("storage: list peers: %w", err)
	}
	return list, nil
}

// maxReachable is how many devices this one has to do with at most. Those that the owner trusts come first.
const maxReachable = 1024

// Reachable returns the devices that may connect, by key: those that the owner trusts, and the members of documents that are not in the
// bin.
func (l *Library) Reachable() ([]Peer, error) {
	rows, err := l.readers.Query(`SELECT key, name, addrs, pinned, seen FROM peer
		WHERE pinned IS NOT NULL OR EXISTS (SELECT 1 FROM member JOIN doc ON doc.id = member.doc WHERE member.key = peer.key AND doc.deleted IS NULL)
		ORDER BY pinned IS NULL, key LIMIT ?`, maxReachable)
	if err != nil {
		return nil, fmt.Errorf("storage: list who may connect: %w", err)
	}
	list, err := collect(rows, scanPeer)
	if err != nil {
		return nil, fmt.Errorf("storage: list who may connect: %w", err)
	}
	slices.SortFunc(list, func(a, b Peer) int { return bytes.Compare(a.Key[:], b.Key[:]) })
	return list, nil
}

// Meet makes devices members of doc whom the document itself says to be, whoever let them in; they are not trusted by that. What is
// known of a device stays. news: one was no member before. Unknown documents give [ErrNotFound].
func (l *Library) Meet(doc crdt.DocID, devices []Peer, now time.Time) (news bool, err error) {
	known, err := l.Members(doc)
	if err != nil {
		return false, err
	}
	var strangers []Peer
	for _, p := range devices {
		if err := p.check(); err != nil {
			return false, err
		}
		if _, found := slices.BinarySearchFunc(known, p.Key, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) }); !found {
			strangers = append(strangers, p)
		}
	}
	if len(strangers) == 0 {
		return false, nil
	}
	return true, l.write("meet the members of a document", func(tx *sql.Tx) error {
		id, err := findDocument(tx, doc)
		if err != nil {
			return err
		}
		for _, p := range strangers {
			if _, err := tx.Exec(`INSERT INTO peer (key, name, addrs) VALUES (?, ?, ?) ON CONFLICT (key) DO NOTHING`, p.Key[:], p.Name, p.addrs()); err != nil {
				return err
			}
			if err := addMember(tx, id, p.Key, now); err != nil {
				return err
			}
		}
		return nil
	})
}

// SetPeer stores p as it is, in place of what was known of that device.
func (l *Library) SetPeer(p Peer) error {
	if err := p.check(); err != nil {
		return err
	}
	return l.write("remember peer", func(tx *sql.Tx) error {
		_, err := tx.Exec(`INSERT INTO peer (key, name, addrs, pinned, seen) VALUES (?, ?, ?, ?, ?)
			ON CONFLICT (key) DO UPDATE SET name = excluded.name, addrs = excluded.addrs, pinned = excluded.pinned, seen = excluded.seen`,
			p.Key[:], p.Name, p.addrs(), optionalTime(p.Pinned), optionalTime(p.Seen))
		return err
	})
}

// pin trusts p from now on. A device that is trusted already keeps the time of that,
// and its addresses when p brings none.
func pin(tx *sql.Tx, p Peer, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO peer (key, name, addrs, pinned, seen) VALUES (?, ?, ?, ?, ?)
		ON CONFLICT (key) DO UPDATE SET name = excluded.name, seen = excluded.seen,
			addrs = CASE excluded.addrs WHEN '' THEN addrs ELSE excluded.addrs END,
			pinned = coalesce(pinned, excluded.pinned)`,
		p.Key[:], p.Name, p.addrs(), now.UnixMilli(), now.UnixMilli())
	return err
}

// Members returns the keys of the devices that may read and write doc, ascending.
// An unknown document has none.
func (l *Library) Members(doc crdt.DocID) ([][32]byte, error) {
	rows, err := l.readers.Query(`SELECT member.key FROM member JOIN doc ON doc.id = member.doc WHERE doc.name = ? ORDER BY 1`, doc[:])
	if err != nil {
		return nil, fmt.Errorf("storage: list members of %s: %w", doc, err)
	}
	return collectArrays(rows, "device key")
}

// AddMember lets the device with key read and write doc. Adding it again changes
// nothing. Unknown documents give [ErrNotFound].
func (l *Library) AddMember(doc crdt.DocID, key [32]byte, now time.Time) error {
	return l.write("add member", func(tx *sql.Tx) error {
		id, err := findDocument(tx, doc)
		if err != nil {
			return err
		}
		return addMember(tx, id, key, now)
	})
}

func addMember(tx *sql.Tx, doc int64, key [32]byte, now time.Time) error {
	_, err := tx.Exec(`INSERT INTO member (doc, key, added) VALUES (?, ?, ?) ON CONFLICT (doc, key) DO NOTHING`,
		doc, key[:], now.UnixMilli())
	return err
}

// SharedWith returns the documents that the device with key may read and write, by
// id; not those in the bin, which are neither offered nor accepted.
func (l *Library) SharedWith(key [32]byte) ([]crdt.DocID, error) {
	rows, err := l.readers.Query(`SELECT doc.name FROM member JOIN doc ON doc.id = member.doc
		WHERE member.key = ? AND doc.deleted IS NULL ORDER BY 1`, key[:])
	if err != nil {
		return nil, fmt.Errorf("storage: list shared documents: %w", err)
	}
	list, err := collectArrays(rows, "document id")
	ids := make([]crdt.DocID, len(list))
	for i, name := range list {
		ids[i] = name
	}
	return ids, err
}

// collectArrays reads and closes rows of one column of 32 bytes.
func collectArrays(rows *sql.Rows, what string) ([][32]byte, error) {
	list, err := collect(rows, func(scan func(...any) error) (a [32]byte, err error) {
		var column []byte
		if err = scan(&column); err == nil {
			err = fill(a[:], column, what)
		}
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("storage: read a list: %w", err)
	}
	return list, nil
}
