package netsync

import (
	"crypto/rand"
	"errors"
	"testing"
	"time"

	"inkling/netsync/pairing"
)

// TestInvitesThatFail: wrong, used, expired, declined, garbled, own, nobody there.
func TestInvitesThatFail(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, ben, cleo := w.person("Ana"), w.person("Ben"), w.person("Cleo")
		defer ana.stop()
		defer ben.stop()
		defer cleo.stop()
		doc := ana.library.add(genesisOf(1))
		good := w.invite(ana, doc)
		invite, _ := pairing.ParseLink(good)
		wrong := invite
		wrong.Secret[0] ^= 1
		nowhere := invite
		nowhere.Addrs = nil
		forged := invite
		forged.Issuer = cleo.id // nobody of that key at Ana's address

		fails := func(p *person, link string, want JoinFailure) {
			t.Helper()
			_, err := join(p, link)
			var failure *JoinError
			if !errors.As(err, &failure) || failure.Failure != want {
				t.Errorf("Join: %v (%+v), want failure %d", err, failure, want)
			}
		}
		fails(ben, "hello", BadLink)
		fails(ben, good[:len(good)-6], BadLink)
		fails(ana, good, OwnLink)
		fails(ben, wrong.Link(), NoInvite)
		fails(ben, nowhere.Link(), NoAnswer)
		fails(ben, forged.Link(), NoAnswer)
		ana.answer = no
		fails(ben, good, Declined)
		if len(ana.library.peers)+len(ben.library.peers) != 0 {
			t.Fatal("somebody was pinned by a failure")
		}
		ana.answer = yes
		if _, err := join(ben, good); err != nil {
			t.Fatal(err)
		}
		fails(cleo, good, Used)
		if _, err := join(ben, good); err != nil {
			t.Errorf("the same person, again: %v", err)
		}
		old, err := ana.NewInvite(doc, time.Now().Add(-inviteLife))
		if err != nil {
			t.Fatal(err)
		}
		fails(cleo, old, Expired)
		lying, _ := pairing.ParseLink(old)
		lying.Expires = time.Now().Add(time.Hour) // what the link says does not count
		fails(cleo, lying.Link(), Expired)
		if len(cleo.library.peers) != 0 {
			t.Error("Cleo pinned somebody")
		}
	})
}

// TestGuessingIsLimited: an address that shows many wrong invites is not listened
// to for a minute.
func TestGuessingIsLimited(t *testing.T) {
	inWorld(t, 1, 0, func(w *world) {
		ana, eve := w.person("Ana"), w.person("Eve")
		defer ana.stop()
		defer eve.stop()
		doc := ana.library.add(genesisOf(1))
		ana.answer = yes
		good := w.invite(ana, doc)
		guess, _ := pairing.ParseLink(good)
		var failure *JoinError
		for range maxTriesPerMinute {
			rand.Read(guess.Secret[:])
			if _, err := join(eve, guess.Link()); !errors.As(err, &failure) || failure.Failure != NoInvite {
				t.Fatalf("guess: %v", err)
			}
		}
		if _, err := join(eve, good); !errors.As(err, &failure) || failure.Failure != Busy {
			t.Errorf("after too many guesses: %v", err)
		}
		time.Sleep(61 * time.Second)
		if _, err := join(eve, good); err != nil {
			t.Errorf("a minute later: %v", err)
		}
	})
}
