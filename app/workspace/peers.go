package workspace

import (
	"fmt"
	"slices"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/netsync/pairing"
	"inkling/netsync/reconcile"
	"inkling/netsync/wire"
	"inkling/storage"
)

// peerLibrary is the workspace as the network node sees it: netsync.Library.
type peerLibrary struct{ w *Workspace }

var _ netsync.Library = peerLibrary{}

func (p peerLibrary) Peers() ([]netsync.Peer, error) {
	rows, err := p.w.lib.Reachable()
	if err != nil {
		return nil, fmt.Errorf("list known peers: %w", err)
	}
	peers := make([]netsync.Peer, 0, len(rows))
	for _, r := range rows {
		peers = append(peers, netsync.Peer{ID: r.Key, Name: r.Name, Addrs: r.Addrs})
	}
	return peers, nil
}

func (p peerLibrary) RememberPeer(n netsync.Peer) error {
	rows, err := p.w.lib.Peers()
	if err != nil {
		return fmt.Errorf("remember a peer: %w", err)
	}
	for _, r := range rows {
		if r.Key == n.ID {
			r.Name, r.Addrs, r.Seen = n.Name, n.Addrs, p.w.now()
			return p.w.lib.SetPeer(r)
		}
	}
	return fmt.Errorf("remember a peer: %x is not known", n.ID[:4])
}

func (p peerLibrary) SharedWith(id netsync.PeerID) ([]crdt.DocID, error) {
	return p.w.lib.SharedWith(id)
}

func (p peerLibrary) Sums(id netsync.PeerID) ([]reconcile.Doc, error) {
	rows, err := p.w.lib.SumsWith(id)
	docs := make([]reconcile.Doc, len(rows))
	for i, r := range rows {
		docs[i] = reconcile.Doc{ID: r.Doc, Sum: r.Sum}
	}
	return docs, err
}

func (p peerLibrary) Heads(doc crdt.DocID) ([]crdt.Head, error) {
	return p.w.lib.Heads(doc)
}

func (p peerLibrary) Since(doc crdt.DocID, have []crdt.Head, maxBytes int, declines func(wire.Hash) bool) ([][]byte, []crdt.Head, *wire.Block, error) {
	g, err := p.w.lib.Give(doc, have, maxBytes, func(hash [32]byte) bool { return declines(hash) })
	if err != nil || g.Base == nil {
		return g.Frames, g.Then, nil, err
	}
	return nil, nil, &wire.Block{Hash: g.Base.Hash, Length: g.Base.Length, Heads: g.Base.Heads}, nil
}

// Receive decodes, applies and stores what a peer sent. All of it is decoded before the
// first change takes effect.
func (p peerLibrary) Receive(_ netsync.PeerID, doc crdt.DocID, encoded [][]byte) error {
	changes := make([]*crdt.Change, 0, len(encoded))
	for _, b := range encoded {
		c, err := decodeChange(b)
		if err != nil {
			return err
		}
		changes = append(changes, c)
	}
	s, err := p.w.acquire(doc)
	if err != nil {
		return err
	}
	defer p.w.release(s)
	return s.receive(p.w.life, slices.Chunk(changes, applyBatch))
}

// decodeChange reads one change that fills b.
func decodeChange(b []byte) (*crdt.Change, error) {
	c, rest, err := crdt.DecodeFrame(b)
	if err == nil && len(rest) > 0 {
		err = &crdt.FormatError{Offset: len(b) - len(rest), Reason: "bytes behind the change"}
	}
	return c, err
}

func (p peerLibrary) AddInvite(i netsync.Invite) error {
	return p.w.lib.AddInvite(storage.Invite{ID: i.ID, Secret: i.Secret, Doc: i.Doc, Created: p.w.now(), Expires: i.Expires})
}

func (p peerLibrary) Invite(id [8]byte) (netsync.Invite, error) {
	row, err := p.w.lib.Invite(id)
	if err != nil {
		return netsync.Invite{}, err
	}
	return netsync.Invite{ID: row.ID, Secret: row.Secret, Doc: row.Doc, Expires: row.Expires, Used: !row.Used.IsZero()}, nil
}

// Admit lets n into the document of an invite and returns what it starts from. When it
// returns, the Grant with which n may write there is on disk. The Grant goes first: when
// it cannot be saved, nobody is admitted and the invite stays open for another try.
func (p peerLibrary) Admit(id [8]byte, n netsync.Peer) (crdt.Genesis, error) {
	row, err := p.w.lib.Invite(id)
	if err != nil {
		return crdt.Genesis{}, err
	}
	doc, err := p.w.lib.Document(row.Doc)
	if err != nil {
		return crdt.Genesis{}, err
	}
	if !row.Used.IsZero() && row.UsedBy != n.ID {
		return crdt.Genesis{}, storage.ErrInviteUsed
	}
	if err := p.w.grant(row.Doc, n.ID, n.Name); err != nil {
		return crdt.Genesis{}, err
	}
	if err := p.w.lib.Admit(id, p.row(n), p.w.now()); err != nil {
		return crdt.Genesis{}, err
	}
	p.w.events.tell(PeopleChanged{})
	return doc.Genesis, nil
}

// Let lets n, who typed the code on the screen, into a document. The Grant goes first, as in Admit.
func (p peerLibrary) Let(id crdt.DocID, n netsync.Peer) (crdt.Genesis, error) {
	doc, err := p.w.lib.Document(id)
	if err != nil {
		return crdt.Genesis{}, err
	}
	if err := p.w.grant(id, n.ID, n.Name); err != nil {
		return crdt.Genesis{}, err
	}
	if err := p.w.lib.Let(id, p.row(n), p.w.now()); err != nil {
		return crdt.Genesis{}, err
	}
	p.w.events.tell(PeopleChanged{})
	return doc.Genesis, nil
}

// Joined notes a document that an invite brought, and who gave it.
func (p peerLibrary) Joined(g crdt.Genesis, issuer netsync.Peer) error {
	now := p.w.now()
	if err := p.w.lib.Joined(g, p.row(issuer), now); err != nil {
		return err
	}
	if err := p.w.lib.AddMember(g.DocID(), p.w.device, now); err != nil {
		return err
	}
	p.w.events.tell(DocumentsChanged{})
	p.w.events.tell(PeopleChanged{})
	return nil
}

func (p peerLibrary) row(n netsync.Peer) storage.Peer {
	now := p.w.now()
	return storage.Peer{Key: n.ID, Name: n.Name, Addrs: n.Addrs, Pinned: now, Seen: now}
}

// netEvent is called by the node with what happened on the network.
func (w *Workspace) netEvent(e netsync.Event) {
	switch e := e.(type) {
	case netsync.PeerChanged:
		w.people.setStatus(e.PeerStatus)
		w.events.tell(PeopleChanged{})
	case netsync.Acked:
		w.people.setAcked(e.Peer, e.Doc, e.Heads)
		w.events.tell(PeopleChanged{})
	case netsync.NearbyChanged:
		w.events.tell(NearbyChanged{})
	case netsync.PresenceChanged:
		w.people.setCaret(e.Peer, e.Name, e.Doc, e.Presence)
		w.mu.Lock()
		s := w.sessions[e.Doc]
		w.mu.Unlock()
		if s != nil {
			s.watch.tell(struct{}{})
		}
	case netsync.JoinRequested:
		w.joinRequested(e)
	case netsync.CodeShown:
		w.codeShown(Code{Doc: e.Doc, Text: pairing.SpellCode(e.Code), Until: e.Until})
	case netsync.CodeTried:
		w.events.tell(CodeTried{From: e.From.String(), Count: e.Count})
	case netsync.CodeUsed:
		w.events.tell(CodeUsed{Name: e.Name, Doc: e.Doc})
	}
}

func (w *Workspace) joinRequested(e netsync.JoinRequested) {
	title := Untitled
	if d, err := w.lib.Document(e.Doc); err == nil && d.Title != "" {
		title = d.Title
	}
	if w.people.preapproved(e.Doc) {
		e.Answer(true)
		return
	}
	w.events.tell(JoinRequested{Name: e.Name, Doc: e.Doc, Title: title, Answer: e.Answer})
}
