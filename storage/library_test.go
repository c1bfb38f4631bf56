package storage_test

import (
	"bytes"
	"errors"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/storage"
	"inkling/storage/storagetest"
)

func TestDocumentsAreListedNewestFirst(t *testing.T) {
	l := storagetest.Open(t)
	for i, hour := range []int{3, 1, 2} {
		doc := add(t, l, i)
		if err := save(l, doc, []*crdt.Change{newHand(i, 1).insert(0, "x")}, strings.Repeat("T", i+1), day.Add(time.Duration(hour)*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Delete(genesis(2).DocID(), day); err != nil {
		t.Fatal(err)
	}
	if err := l.Add(genesis(2), day); err != nil { // does not take it out of the bin
		t.Fatal(err)
	}
	l = storagetest.Reopen(t, l)
	list, err := l.Documents()
	if err != nil || len(list) != 2 || list[0].Title != "T" || list[1].Title != "TT" || list[0].Genesis != genesis(0) || list[0].ID != genesis(0).DocID() {
		t.Errorf("list %+v, %v", list, err)
	}
	if d, err := l.Document(genesis(2).DocID()); err != nil || !d.Deleted {
		t.Errorf("deleted document %+v, %v", d, err)
	}
	if got := frames(t, l, genesis(2).DocID()); len(got) != 1 {
		t.Errorf("%d changes of the deleted document left, want 1", len(got))
	}
}

func TestUnknownDocumentsAreNotFound(t *testing.T) {
	l := storagetest.Open(t)
	unknown := genesis(1).DocID()
	_, documentErr := l.Document(unknown)
	_, versionErr := l.Heads(unknown)
	_, _, sinceErr := l.Since(unknown, nil, 100)
	_, nonceErr := l.Nonce(unknown)
	_, inviteErr := l.Invite([8]byte{1})
	for name, err := range map[string]error{
		"Document": documentErr, "Version": versionErr, "Since": sinceErr, "Nonce": nonceErr, "Invite": inviteErr,
		"Delete":    l.Delete(unknown, day),
		"SetNonce":  l.SetNonce(unknown, storage.Nonce{1}),
		"AddMember": l.AddMember(unknown, [32]byte{1}, day),
		"AddInvite": l.AddInvite(storage.Invite{ID: [8]byte{1}, Doc: unknown}),
		"Admit":     l.Admit([8]byte{1}, storage.Peer{}, day),
	} {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("%s: %v, want ErrNotFound", name, err)
		}
	}
	for _, err := range l.Changes(unknown) {
		if !errors.Is(err, storage.ErrNotFound) {
			t.Errorf("Changes: %v, want ErrNotFound", err)
		}
	}
	if list, err := l.Members(unknown); err != nil || len(list) != 0 {
		t.Errorf("Members: %v, %v", list, err)
	}
}

func TestNonceAndStateAreRemembered(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	if n, err := l.Nonce(doc); err != nil || n != (storage.Nonce{}) {
		t.Errorf("nonce before one was drawn: %v, %v", n, err)
	}
	if v, err := l.State(doc, "caret"); err != nil || v != nil {
		t.Errorf("state never set: %v, %v", v, err)
	}
	values := map[string][]byte{"caret": {1, 2}, "empty": {}, "big": bytes.Repeat([]byte{7}, 256<<10)}
	for _, n := range []storage.Nonce{{1}, {2}} {
		if err := l.SetNonce(doc, n); err != nil {
			t.Fatal(err)
		}
		for key, value := range values {
			if err := errors.Join(l.SetState(doc, key, []byte("old")), l.SetState(doc, key, value), l.SetState(crdt.DocID{}, key, nil)); err != nil {
				t.Fatal(err)
			}
		}
		l = storagetest.Reopen(t, l)
		if got, err := l.Nonce(doc); err != nil || got != n {
			t.Errorf("nonce %v, %v, want %v", got, err, n)
		}
		for key, value := range values {
			if got, err := l.State(doc, key); err != nil || got == nil || !bytes.Equal(got, value) {
				t.Errorf("state %q is %v, %v", key, got, err)
			}
		}
	}
	if err := l.SetState(doc, "big", make([]byte, 256<<10+1)); err == nil {
		t.Error("a value beyond the limit was taken")
	}
	if err := l.SetBack(false); err != nil {
		t.Fatal(err)
	}
	if n, err := l.Nonce(doc); err != nil || n != (storage.Nonce{}) {
		t.Errorf("a nonce that was to be forgotten: %v, %v", n, err)
	}
}

// peer returns the n-th device.
func peer(n byte) storage.Peer {
	return storage.Peer{
		Key: [32]byte{n}, Name: strings.Repeat("Ana", int(n)), Pinned: day.Local(), Seen: day.Add(time.Hour).Local(),
		Addrs: []netip.AddrPort{netip.MustParseAddrPort("192.168.1.2:7000"), netip.MustParseAddrPort("[fe80::1%eth0]:7001")},
	}
}

func TestPeersAreRememberedAsTheyWereSet(t *testing.T) {
	l := storagetest.Open(t)
	ana, bob := peer(1), peer(2)
	bob.Addrs, bob.Seen = nil, time.Time{}
	for _, p := range []storage.Peer{bob, {Key: ana.Key, Name: "old"}, ana} {
		if err := l.SetPeer(p); err != nil {
			t.Fatal(err)
		}
	}
	l = storagetest.Reopen(t, l)
	if got, err := l.Peers(); err != nil || !reflect.DeepEqual(got, []storage.Peer{ana, bob}) {
		t.Errorf("peers %+v, %v", got, err)
	}
	ana.Addrs = make([]netip.AddrPort, 9)
	if err := l.SetPeer(ana); err == nil {
		t.Error("nine addresses were taken")
	}
}

func TestInviteAdmitsOneDevice(t *testing.T) {
	l := storagetest.Open(t)
	doc := add(t, l, 1)
	invite := storage.Invite{ID: [8]byte{1}, Secret: [16]byte{2}, Doc: doc, Created: day.Local(), Expires: day.Add(24 * time.Hour).Local()}
	if err := l.AddInvite(invite); err != nil {
		t.Fatal(err)
	}
	if err := l.AddInvite(invite); !errors.Is(err, storage.ErrInviteExists) {
		t.Errorf("the same id again: %v", err)
	}
	if got, err := l.Invite(invite.ID); err != nil || got != invite {
		t.Errorf("invite %+v, %v, want %+v", got, err, invite)
	}
	ana, eve := peer(1), peer(2)
	for range 2 { // the answer may have been lost on the way, so Ana may come again
		if err := l.Admit(invite.ID, ana, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Admit(invite.ID, eve, day); !errors.Is(err, storage.ErrInviteUsed) {
		t.Errorf("a second device: %v, want ErrInviteUsed", err)
	}
	l = storagetest.Reopen(t, l)
	invite.UsedBy, invite.Used = ana.Key, day.Local()
	if got, err := l.Invite(invite.ID); err != nil || got != invite {
		t.Errorf("used invite %+v, %v", got, err)
	}
	if peers, err := l.Peers(); err != nil || len(peers) != 1 || peers[0].Key != ana.Key || !peers[0].Pinned.Equal(day) {
		t.Errorf("peers %+v, %v, want Ana", peers, err)
	}
	checkShared(t, l, doc, ana, true)
	checkShared(t, l, doc, eve, false)
}

func checkShared(t *testing.T, l *storage.Library, doc crdt.DocID, p storage.Peer, want bool) {
	t.Helper()
	members, err := l.Members(doc)
	if got := len(members) == 1 && members[0] == p.Key; err != nil || got != want {
		t.Errorf("members %v, %v; is %s one: want %v", members, err, p.Name, want)
	}
	shared, err := l.SharedWith(p.Key)
	if got := len(shared) == 1 && shared[0] == doc; err != nil || got != want {
		t.Errorf("shared with %s: %v, %v; want %v", p.Name, shared, err, want)
	}
}

// TestLetTrustsADevice: without an invite, as often as it is asked, and not into a document that is not there.
func TestLetTrustsADevice(t *testing.T) {
	l := storagetest.Open(t)
	doc, ana, eve := add(t, l, 1), peer(1), peer(2)
	for range 2 { // the answer may have been lost on the way
		if err := l.Let(doc, ana, day); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Let(crdt.DocID{9}, eve, day); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("into no document: %v, want ErrNotFound", err)
	}
	l = storagetest.Reopen(t, l)
	checkShared(t, l, doc, ana, true)
	if known, err := l.Peers(); err != nil || len(known) != 1 {
		t.Errorf("known are %+v, %v", known, err)
	}
}

func TestJoinedDocumentLeavesTheBinOnlyByAnotherInvite(t *testing.T) {
	l := storagetest.Open(t)
	g, issuer := genesis(1), peer(1)
	if err := l.SetPeer(issuer); err != nil {
		t.Fatal(err)
	}
	again := storage.Peer{Key: issuer.Key, Name: "New name"}
	if err := l.Joined(g, again, day.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	checkShared(t, l, g.DocID(), issuer, true)
	if p, err := l.Peers(); err != nil || p[0].Name != "New name" || !p[0].Pinned.Equal(day) || len(p[0].Addrs) != 2 {
		t.Errorf("issuer %+v, %v: forgot when it was pinned or where it is", p, err)
	}
	if err := l.Delete(g.DocID(), day); err != nil {
		t.Fatal(err)
	}
	if shared, err := l.SharedWith(issuer.Key); err != nil || len(shared) != 0 {
		t.Errorf("a document in the bin is shared: %v, %v", shared, err)
	}
	if err := l.Joined(g, issuer, day); err != nil {
		t.Fatal(err)
	}
	checkShared(t, l, g.DocID(), issuer, true)
}

// Reading a page and a version must not become slower with the length of the journal.
func TestQueriesUseTheirIndices(t *testing.T) {
	l := storagetest.Open(t)
	for query, args := range map[string][]any{
		storage.PageSQL: {nil, 0, 1}, storage.HeadsSQL: {1, 0, 1 << 40}, storage.NextRowSQL: {1, nil, 1, 1, 1}, storage.FamilySQL: {1, nil, 1, 1},
		storage.BlocksSQL: {1}, storage.PartsSQL: {1}, storage.FreshSQL: {1, 1}, storage.OldestSQL: {1}, storage.SweepSQL: {1, 1, 1}, storage.BlockHeadsSQL: {1},
		storage.KnowsSQL: {1, nil, 1, nil}, storage.HasEndSQL: {1, nil, 1, nil}, storage.ForksSQL: {1},
	} {
		plan, err := storage.Plan(l, query, args...)
		if err != nil || strings.Contains(plan, "SCAN change") || strings.Contains(plan, "SCAN doc") || strings.Contains(plan, "SCAN fork") || strings.Contains(plan, "TEMP B-TREE") {
			t.Errorf("plan %s, %v", plan, err)
		}
	}
}

// SQLite's Go translation works only with the very libc it was made with.
func TestLibcIsTheOneThatSQLitePins(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "modernc.org/sqlite").Output()
	if err != nil {
		t.Fatalf("find the module: %v", err)
	}
	ours, pinned := libcIn(t, "../go.mod"), libcIn(t, filepath.Join(strings.TrimSpace(string(out)), "go.mod"))
	if ours != pinned {
		t.Errorf("go.mod has modernc.org/libc %s, modernc.org/sqlite pins %s", ours, pinned)
	}
}

func libcIn(t *testing.T, path string) (version string) {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`modernc\.org/libc (v\S+)`).FindSubmatch(b)
	if found == nil {
		t.Fatalf("%s names no modernc.org/libc", path)
	}
	return string(found[1])
}

// Those whom others let into a document may connect as long as it is not in the bin, and are not trusted by that; what is known of a
// device stays.
func TestMeetMembers(t *testing.T) {
	l := storagetest.Open(t)
	doc, other := add(t, l, 1), add(t, l, 2)
	trusted := storage.Peer{Key: [32]byte{1}, Name: "Ben", Pinned: day, Seen: day}
	if err := l.SetPeer(trusted); err != nil {
		t.Fatal(err)
	}
	cleo := storage.Peer{Key: [32]byte{2}, Name: "Cleo"}
	for i, want := range []bool{true, false} {
		news, err := l.Meet(doc, []storage.Peer{{Key: trusted.Key, Name: "somebody"}, cleo}, day)
		if err != nil || news != want {
			t.Fatalf("meeting %d: news %v, %v", i, news, err)
		}
	}
	if _, err := l.Meet(crdt.DocID{9}, []storage.Peer{cleo}, day); !errors.Is(err, storage.ErrNotFound) {
		t.Errorf("in an unknown document: %v", err)
	}
	reachable := func() (names []string) {
		list, err := l.Reachable()
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range list {
			names = append(names, p.Name)
			if p.Name == "Cleo" && !p.Pinned.IsZero() {
				t.Error("Cleo is trusted")
			}
		}
		return names
	}
	if got := reachable(); !slices.Equal(got, []string{"Ben", "Cleo"}) {
		t.Errorf("%v may connect", got)
	}
	if shared, err := l.SharedWith(cleo.Key); err != nil || !slices.Equal(shared, []crdt.DocID{doc}) {
		t.Errorf("shared with Cleo: %v, %v", shared, err)
	}
	if err := l.Delete(doc, day); err != nil {
		t.Fatal(err)
	}
	if got := reachable(); !slices.Equal(got, []string{"Ben"}) {
		t.Errorf("with the document in the bin %v may connect", got)
	}
	if _, err := l.Meet(other, []storage.Peer{cleo}, day); err != nil {
		t.Fatal(err)
	}
	if got := reachable(); !slices.Equal(got, []string{"Ben", "Cleo"}) {
		t.Errorf("with another document %v may connect", got)
	}
}
