package storage_test

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
)

// tellAll says in plain text what a library holds: the expectation of a golden one.
func tellAll(t *testing.T, l *storage.Library) string {
	t.Helper()
	var b strings.Builder
	say := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	ok := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	for n := goldenScripts; n <= goldenForkedBlock; n++ {
		id := genesis(n).DocID()
		d, err := l.Document(id)
		if errors.Is(err, storage.ErrNotFound) {
			say("document %d (%s): not there", n, id)
			continue
		}
		ok(err)
		say("document %d (%s): %q, created %s, modified %s, in the bin %v", n, id, d.Title, stamp(d.Created), stamp(d.Modified), d.Deleted)
		tellText(t, l, id, say)
		members, err := l.Members(id)
		ok(err)
		slices.SortFunc(members, func(a, b [32]byte) int { return bytes.Compare(a[:], b[:]) })
		for _, m := range members {
			say("  member %x", m)
		}
		nonce, err := l.Nonce(id)
		ok(err)
		say("  nonce %x", nonce)
		tellFiles(t, l, id, say)
		for _, key := range []string{"undo", "caret"} {
			value, err := l.State(id, key)
			ok(err)
			say("  %s %x", key, value)
		}
	}
	documents, err := l.Documents()
	ok(err)
	slices.SortFunc(documents, func(a, b storage.Document) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	for _, d := range documents {
		say("listed %s: %q, people %x, current to %d", d.ID.String()[:8], d.Preview, d.People, d.Upto)
	}
	for _, typed := range []string{"kind", "東京", "w5", "black", "secretly"} {
		say("%q finds %d", typed, len(finds(t, l, typed)))
	}
	lagging, err := l.Lagging()
	ok(err)
	say("%d lag", len(lagging))
	tellPeople(t, l, say)
	return b.String()
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// tellText tells the changes of a document, and the text that they make.
func tellText(t *testing.T, l *storage.Library, id crdt.DocID, say func(string, ...any)) {
	t.Helper()
	doc, err := l.Load(id)
	if err != nil {
		t.Fatal(err)
	}
	say("  text %q", doc.Text())
	place, err := l.Place(id)
	if err != nil {
		t.Fatal(err)
	}
	all := sha256.New()
	for c, err := range l.Changes(id) {
		if err != nil {
			t.Fatal(err)
		}
		all.Write(c.Hash[:])
		all.Write(c.Body)
	}
	say("  changes %d, hashes and bodies %x", place, all.Sum(nil))
	heads, err := l.Heads(id)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, h := range heads {
		lines = append(lines, fmt.Sprintf("  head %s %d %x", h.Replica, h.Next, h.Stamp))
	}
	slices.Sort(lines)
	for _, line := range lines {
		say("%s", line)
	}
}

// tellFiles tells what a document holds, as it is read.
func tellFiles(t *testing.T, l *storage.Library, id crdt.DocID, say func(string, ...any)) {
	t.Helper()
	files, err := l.Attachments(id)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		content, err := contentOf(l, f.Hash)
		if err != nil {
			t.Fatal(err)
		}
		say("  file %q, %d bytes, %x, taken off %v", f.Name, len(content), sha256.Sum256(content), f.IsDetached())
	}
}

// tellPeople tells the devices, invites and what is remembered of the library itself.
func tellPeople(t *testing.T, l *storage.Library, say func(string, ...any)) {
	t.Helper()
	peers, err := l.Peers()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range peers {
		say("peer %x %q at %v, trusted since %s", p.Key, p.Name, p.Addrs, stamp(p.Pinned))
	}
	for n := byte(1); n < 4; n++ {
		switch i, err := l.Invite([8]byte{n}); {
		case errors.Is(err, storage.ErrNotFound):
			say("invite %d: not there", n)
		case err != nil:
			t.Fatal(err)
		case i.Used.IsZero():
			say("invite %d: to %s, secret %x, open until %s", n, i.Doc.String()[:8], i.Secret, stamp(i.Expires))
		default:
			say("invite %d: to %s, used at %s by %x", n, i.Doc.String()[:8], stamp(i.Used), i.UsedBy)
		}
	}
	for _, key := range []string{"window.size", "token", "days", "device"} {
		value, err := l.State(crdt.DocID{}, key)
		if err != nil {
			t.Fatal(err)
		}
		say("state %s %x", key, value)
	}
}
