package netsync

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/quic-go/quic-go"

	"inkling/netsync/link"
	"inkling/netsync/pairing"
	"inkling/netsync/wire"
)

// joinDial is how long the addresses of an invite are tried.
const joinDial = 10 * time.Second

// JoinFailure says why a Join came to nothing.
type JoinFailure int

const (
	BadLink      JoinFailure = iota // not an invite link
	OwnLink                         // made by this very device
	Expired                         // older than a day
	Used                            // by another person
	NoInvite                        // the issuer knows no such invite
	NoAnswer                        // nobody answers at the addresses
	Declined                        // the issuer's person said no
	Busy                            // too many tries, or askers
	Lost                            // the connection broke, or the issuer cannot store it
	Unstorable                      // this library cannot store the document
	BadCode                         // not a code
	OwnCode                         // it is on this very screen
	NoHost                          // nobody here shows a code
	SeveralHosts                    // more than one does
	WrongCode                       // not the one that the host shows
	CodeGone                        // the host shows none any more
	Barred                          // too many wrong codes from here
)

// A JoinError says in plain words why a Join came to nothing and what to do.
type JoinError struct {
	Failure JoinFailure
	Addrs   []netip.AddrPort // that were tried (NoAnswer)
	Hosts   []Host           // who shows a code (SeveralHosts)
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
	case BadCode:
		return "This is neither a code nor an invite link. A code has six digits; a link begins with " + pairing.Prefix
	case OwnCode:
		return "This code is on your own screen. Type it on the other computer."
	case NoHost:
		return "Nobody on this network shows a code now. Ask the other person to show one; or to send you the invite link, if this network keeps computers from finding each other."
	case SeveralHosts:
		return "Several people here show a code: " + e.names() + ". Choose whose it is."
	case WrongCode:
		return "This is not the code on the other screen. Look again: it may have changed."
	case CodeGone:
		return "The other screen shows no code any more. Ask for a new one."
	case Barred:
		return "Too many wrong codes were typed here. Ask the other person to show a new one, or to send you the invite link."
	case Busy:
		return "The other side is busy with other requests. Try again in a minute."
	case Unstorable:
		return fmt.Sprintf("The document could not be stored here (%v). Make room and open the invite again.", e.Err)
	}
	return "The connection broke before the other side answered. Try again."
}

func (e *JoinError) names() string {
	var all []string
	for _, h := range e.Hosts {
		all = append(all, cmp.Or(h.Name, "somebody")+" ("+h.Addr+")")
	}
	return strings.Join(all, ", ")
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
	wire.WrongCode: WrongCode, wire.NoCode: CodeGone, wire.Barred: Barred,
}

// Join opens an invite link: it dials the issuer, proves the secret, waits until
// the issuer's person has answered, and stores the document. The document's text
// comes by itself afterwards. The error is a [*JoinError] or ctx's.
func (n *Node) Join(ctx context.Context, text string) (Entry, error) {
	invite, err := pairing.ParseLink(text)
	switch {
	case err != nil:
		return Entry{}, &JoinError{Failure: BadLink, Err: err}
	case invite.Issuer == n.id:
		return Entry{}, &JoinError{Failure: OwnLink}
	case !time.Now().Before(invite.Expires):
		return Entry{}, &JoinError{Failure: Expired}
	}
	for round := 1; ; round++ {
		c, err := n.reachIssuer(ctx, invite)
		if err != nil {
			return Entry{}, err
		}
		answer, err := c.await(ctx, link.Asked{Join: wire.Join{
			Invite: invite.ID(), Proof: pairing.Proof(invite.Secret, c.exporter), Name: wire.CleanName(n.cfg.Name()),
		}})
		switch {
		case err == nil:
			return n.entered(c, Peer{ID: invite.Issuer, Addrs: newestFirst(c.at, invite.Addrs)}, answer.Answer)
		case !c.replaced() || round == joinRounds:
			return Entry{}, err
		}
	}
}

// joinRounds is how often one asks on another connection when one was replaced at that moment, because both ends dialled.
const joinRounds = 3

// replaced says whether the connection was closed because the two devices keep another one.
func (c *connection) replaced() bool {
	var closed *quic.ApplicationError
	return errors.As(context.Cause(c.quic.Context()), &closed) && wire.Code(closed.ErrorCode) == wire.Duplicate
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

// await gives the wish to join to the link and waits for the answer. A connection that
// exists only for this question ends with it.
func (c *connection) await(ctx context.Context, wish link.Event) (answer link.JoinAnswered, err error) {
	n := c.node
	wait := make(chan link.JoinAnswered, 1)
	n.mu.Lock()
	taken := c.joinWait != nil
	if !taken {
		c.joinWait = wait
	}
	n.mu.Unlock()
	if taken {
		return answer, &JoinError{Failure: Busy}
	}
	c.post(wish)
	select {
	case answer = <-wait:
		return answer, nil
	case <-c.quic.Context().Done():
		return answer, &JoinError{Failure: Lost}
	case <-ctx.Done():
		c.closeWith(wire.Done, "nobody waits for the answer any more")
		return answer, ctx.Err()
	}
}

func (c *connection) joinAnswered(answer link.JoinAnswered) {
	c.node.mu.Lock()
	defer c.node.mu.Unlock()
	if c.joinWait != nil {
		c.joinWait <- answer
		c.joinWait = nil
	}
}

// leaveStranger closes the connection unless it is of use beyond what was asked.
func (c *connection) leaveStranger() {
	c.node.mu.Lock()
	stranger := !c.admitted
	c.node.mu.Unlock()
	if stranger {
		c.closeWith(wire.Done, "")
	}
}
