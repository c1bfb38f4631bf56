package netsync

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"inkling/crdt"
	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// joinDial is how long the addresses of an invite are tried.
const joinDial = 10 * time.Second

// JoinFailure says why a Join came to nothing.
type JoinFailure int

const (
	BadLink    JoinFailure = iota // not an invite link
	OwnLink                       // made by this very device
	Expired                       // older than a day
	Used                          // by another person
	NoInvite                      // the issuer knows no such invite
	NoAnswer                      // nobody answers at the addresses
	Declined                      // the issuer's person said no
	Busy                          // too many tries, or askers
	Lost                          // the connection broke, or the issuer cannot store it
	Unstorable                    // this library cannot store the document
)

// A JoinError says in plain words why a Join came to nothing and what to do.
type JoinError struct {
	Failure JoinFailure
	Addrs   []netip.AddrPort // that were tried (NoAnswer)
	Err     error            // what lies below, may be nil
}

func (e *JoinError) Unwrap() error { return e.Err }

func (e *JoinError) Error() string {
	switch e.Failure {
	case BadLink:
		return e.Err.Error()
	case OwnLink:
		return "This invite was made on this device. Send it to somebody else."
	case Expired:
		return "This invite has expired: an invite is good for 24 hours. Ask for a new one."
	case Used:
		return "This invite was used already: an invite is good for one person. Ask for a new one."
	case NoInvite:
		return "The other side does not know this invite. Ask for a new one."
	case NoAnswer:
		return fmt.Sprintf("Nobody answers at %s. Inkling must be running there, and both computers must be on the same network.", e.where())
	case Declined:
		return "The other person declined."
	case Busy:
		return "The other side is busy with other requests. Try again in a minute."
	case Unstorable:
		return fmt.Sprintf("The document could not be stored here (%v). Make room and open the invite again.", e.Err)
	}
	return "The connection broke before the invite was answered. Open it again."
}

func (e *JoinError) where() string {
	if len(e.Addrs) == 0 {
		return "any address (the invite names none)"
	}
	all := make([]string, len(e.Addrs))
	for i, a := range e.Addrs {
		all[i] = a.String()
	}
	return strings.Join(all, ", ")
}

var refusals = map[wire.Reason]JoinFailure{
	wire.NoInvite: NoInvite, wire.UsedInvite: Used, wire.OldInvite: Expired,
	wire.Declined: Declined, wire.TooMany: Busy, wire.NoLibrary: Lost,
}

// Join opens an invite link: it dials the issuer, proves the secret, waits until
// the issuer's person has answered, and stores the document. The document's text
// comes by itself afterwards. The error is a [*JoinError] or ctx's.
func (n *Node) Join(ctx context.Context, text string) (crdt.DocID, error) {
	invite, err := pairing.ParseLink(text)
	switch {
	case err != nil:
		return crdt.DocID{}, &JoinError{Failure: BadLink, Err: err}
	case invite.Issuer == n.id:
		return crdt.DocID{}, &JoinError{Failure: OwnLink}
	case !time.Now().Before(invite.Expires):
		return crdt.DocID{}, &JoinError{Failure: Expired}
	}
	c, err := n.reachIssuer(ctx, invite)
	if err != nil {
		return crdt.DocID{}, err
	}
	answer, err := c.ask(ctx, wire.Join{
		Invite: invite.ID(), Proof: pairing.Proof(invite.Secret, c.exporter), Name: wire.CleanName(n.cfg.Name()),
	})
	if err != nil {
		return crdt.DocID{}, err
	}
	return n.joined(c, invite, answer)
}

// reachIssuer returns the link to the issuer, or dials one.
func (n *Node) reachIssuer(ctx context.Context, invite pairing.Invite) (*connection, error) {
	issuer := PeerID(invite.Issuer)
	n.mu.Lock()
	c := n.links[issuer]
	live := c != nil && c.quic.Context().Err() == nil
	p := n.peers[issuer]
	addrs := invite.Addrs
	for _, a := range addrs {
		if len(n.typed) < maxTracked {
			n.typed[a.Addr()] = true
		}
	}
	if p != nil {
		addrs = append(addrs[:len(addrs):len(addrs)], n.candidates(p)...)
	}
	n.mu.Unlock()
	if live {
		return c, nil
	}
	dialCtx, cancel := context.WithTimeout(ctx, joinDial)
	defer cancel()
	c, r := n.race(dialCtx, &goal{knocks: []PeerID{issuer}, pinned: p != nil}, addrs)
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case r == failed:
		return nil, &JoinError{Failure: NoAnswer, Addrs: invite.Addrs}
	}
	return c, nil
}

// ask sends the Join and waits for the answer. A connection that exists only for
// this question ends with it.
func (c *connection) ask(ctx context.Context, join wire.Join) (wire.Message, error) {
	n := c.node
	wait := make(chan wire.Message, 1)
	n.mu.Lock()
	taken := c.joinWait != nil
	if !taken {
		c.joinWait = wait
	}
	n.mu.Unlock()
	if taken {
		return nil, &JoinError{Failure: Busy}
	}
	c.post(link.Asked{Join: join})
	select {
	case answer := <-wait:
		return answer, nil
	case <-c.quic.Context().Done():
		return nil, &JoinError{Failure: Lost}
	case <-ctx.Done():
		c.closeWith(wire.Done, "nobody waits for the answer any more")
		return nil, ctx.Err()
	}
}

func (c *connection) joinAnswered(answer wire.Message) {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	if c.joinWait != nil {
		c.joinWait <- answer
		c.joinWait = nil
	}
}

// joined stores what the answer brought.
func (n *Node) joined(c *connection, invite pairing.Invite, answer wire.Message) (crdt.DocID, error) {
	if refused, ok := answer.(wire.Refused); ok {
		n.mu.Lock()
		stranger := !c.admitted
		n.mu.Unlock()
		if stranger {
			c.closeWith(wire.Done, "")
		}
		return crdt.DocID{}, &JoinError{Failure: refusals[refused.Reason]}
	}
	welcome := answer.(wire.Joined)
	genesis, err := crdt.DecodeGenesis(welcome.Genesis[:])
	if err != nil {
		c.closeWith(wire.Malformed, err.Error())
		return crdt.DocID{}, &JoinError{Failure: Lost, Err: err}
	}
	issuer := Peer{ID: invite.Issuer, Name: welcome.Name, Addrs: newestFirst(c.at, invite.Addrs)}
	if err := n.cfg.Library.Joined(genesis, issuer); err != nil {
		c.closeWith(wire.Unavailable, "")
		return crdt.DocID{}, &JoinError{Failure: Unstorable, Err: err}
	}
	if err := n.reloadPeers(); err != nil {
		n.log.Error("after a join", "error", err)
	}
	c.post(link.Adopted{})
	n.Shared(genesis.DocID())
	return genesis.DocID(), nil
}
