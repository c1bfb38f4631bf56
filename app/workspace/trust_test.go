package workspace

import (
	"crypto/ed25519"
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/storage"
)

// join makes b's workspace know a's document, without a Grant.
func join(t *testing.T, a, b *Workspace, s *Session) *Session {
	t.Helper()
	know(t, a, b, s)
	joined, err := b.Open(s.ID())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(joined.Close)
	return joined
}

// know is join without opening the document.
func know(t *testing.T, a, b *Workspace, s *Session) {
	t.Helper()
	s.sync()
	if err := (peerLibrary{b}).Joined(s.doc.Genesis(), netPeer(a)); err != nil {
		t.Fatal(err)
	}
}

func TestNewcomerWritesOnceTheGrantHasCome(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "text")
	sb := join(t, a, b, sa)
	if typeAt(sb, 0, "early "); sb.Text() != "" || sb.Standing() != NoMember {
		t.Errorf("before anything came: %q, standing %d", sb.Text(), sb.Standing())
	}
	pass(t, a, b, sa.ID())
	if typeAt(sb, 0, "early "); sb.Text() != "text" || sb.Standing() != NoMember {
		t.Errorf("before the Grant: %q, standing %d", sb.Text(), sb.Standing())
	}
	told := false
	defer sb.Watch(func() { told = sb.Standing() == MayWrite })()
	if err := sa.grant(b.device, b.Name()); err != nil {
		t.Fatal(err)
	}
	pass(t, a, b, sa.ID())
	if !told {
		t.Error("who watches the document was not told that it can be written in")
	}
	typeAt(sb, 4, " and more")
	sb.sync()
	pass(t, b, a, sa.ID())
	if sa.Text() != "text and more" || sb.Text() != sa.Text() {
		t.Errorf("%q and %q", sa.Text(), sb.Text())
	}
}

// TestStrangersChangesCountNothing: without a Grant also the changes of a copy that
// was altered to write all the same are not taken.
func TestStrangersChangesCountNothing(t *testing.T) {
	a := openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "text")
	sa.sync()
	key := ed25519.NewKeyFromSeed(make([]byte, ed25519.SeedSize))
	body := append([]byte{0x11}, key.Public().(ed25519.PublicKey)...)
	body = append(body, make([]byte, 16)...)
	body = append(body, 0x61, 5, 6, 1) // an Insert of 5 code points in 6 bytes, at the root
	body = append(body, "evil!"...)
	author := crdt.Author{Device: crdt.DeviceKey(key.Public().(ed25519.PublicKey))}
	replica, doc := author.Replica(sa.ID()), sa.ID()
	before := sha256.Sum256(append(doc[:], replica[:]...))
	c := forge(t, replica, 0, before, body, key)
	receive(t, a, sa.ID(), c)
	if v, err := a.lib.Version(sa.ID()); err != nil || len(v) != 1 || sa.Text() != "text" || sa.doc.Pending() != 0 {
		t.Errorf("version %v, %v, text %q, %d wait", v, err, sa.Text(), sa.doc.Pending())
	}
}

// forge makes a change of these parts, signed by key.
func forge(t *testing.T, replica crdt.ReplicaID, seq uint32, before crdt.Hash, body []byte, key ed25519.PrivateKey) *crdt.Change {
	t.Helper()
	hash := crdt.Hash(sha256.Sum256(append(before[:], body...)))
	c, err := crdt.NewChange(replica, seq, body, hash, ed25519.Sign(key, hash[:]))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func receive(t *testing.T, w *Workspace, doc crdt.DocID, changes ...*crdt.Change) {
	t.Helper()
	var encoded [][]byte
	for _, c := range changes {
		encoded = append(encoded, c.AppendFrame(nil))
	}
	if err := (peerLibrary{w}).Receive(netsync.PeerID{1}, doc, encoded); err != nil {
		t.Fatal(err)
	}
}

// journal returns the changes of a document that are on disk.
func journal(t *testing.T, w *Workspace, doc crdt.DocID) (list []*crdt.Change) {
	t.Helper()
	for c, err := range w.lib.Changes(doc) {
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, c)
	}
	return list
}

func TestForgedSignatureIsRefused(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "text")
	sb := join(t, a, b, sa)
	typed := journal(t, a, sa.ID())
	forged := *typed[0]
	forged.Signature = slices.Clone(forged.Signature)
	forged.Signature[9] ^= 1
	receive(t, b, sa.ID(), &forged)
	if v, err := b.lib.Version(sa.ID()); err != nil || len(v) != 0 || sb.Text() != "" || sb.doc.Pending() != 0 {
		t.Errorf("version %v, %v, text %q, %d wait", v, err, sb.Text(), sb.doc.Pending())
	}
	altered := *typed[0]
	altered.Body = slices.Clone(altered.Body)
	altered.Body[len(altered.Body)-1] = '!'
	receive(t, b, sa.ID(), &altered)
	if v, err := b.lib.Version(sa.ID()); err != nil || len(v) != 0 || sb.Text() != "" {
		t.Errorf("altered text: version %v, %v, text %q", v, err, sb.Text())
	}
	pass(t, a, b, sa.ID()) // what is true comes in after that
	if sb.Text() != "text" {
		t.Errorf("text %q", sb.Text())
	}
}

// TestUnsignedChangesWait: changes are neither stored nor shown before a signature that
// covers them.
func TestUnsignedChangesWait(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "one")
	sa.sync()
	typeAt(sa, 3, " two")
	sb := join(t, a, b, sa)
	typed := journal(t, a, sa.ID())
	if len(typed) != 2 {
		t.Fatalf("%d changes", len(typed))
	}
	unsigned := *typed[0]
	unsigned.Signature = nil
	receive(t, b, sa.ID(), &unsigned)
	if v, err := b.lib.Version(sa.ID()); err != nil || len(v) != 0 || sb.Text() != "" {
		t.Errorf("unsigned: version %v, %v, text %q", v, err, sb.Text())
	}
	receive(t, b, sa.ID(), typed[1])
	if got := journal(t, b, sa.ID()); len(got) != 2 || sb.Text() != "one two" || got[0].Signature != nil || got[0].Hash != typed[0].Hash {
		t.Errorf("signed: %d changes stored, text %q", len(got), sb.Text())
	}
}

func TestRubbishFromAPeerIsAFormatError(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	defer s.Close()
	typeAt(s, 0, "text")
	s.sync()
	good := journal(t, w, s.ID())[0].AppendFrame(nil)
	for name, b := range map[string][]byte{"nothing": {}, "cut": good[:20], "too long": append(slices.Clone(good), 0), "flags": append([]byte{8}, good[1:]...)} {
		var malformed *crdt.FormatError
		if err := (peerLibrary{w}).Receive(netsync.PeerID{1}, s.ID(), [][]byte{good, b}); !errors.As(err, &malformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNewerOpsMakeTheDocumentReadOnly: what this program does not know is kept and
// passed on, but nobody writes over it.
func TestNewerOpsMakeTheDocumentReadOnly(t *testing.T) {
	w := openTest(t, t.TempDir())
	s := w.New()
	defer s.Close()
	typeAt(s, 0, "text")
	s.sync()
	other := openTest(t, t.TempDir())
	share(t, w, other, s)
	last := journal(t, w, s.ID())[1]
	newer := forge(t, last.Replica, last.Next, last.Hash, []byte{0x01, 20, 0}, w.key)
	receive(t, other, s.ID(), newer)
	so, err := other.Open(s.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer so.Close()
	if typeAt(so, 0, "x"); so.Standing() != NeedsNewer || so.Text() != "text" {
		t.Errorf("standing %d, text %q", so.Standing(), so.Text())
	}
	if _, ok := so.Undo(); ok {
		t.Error("something was undone")
	}
	if got := journal(t, other, s.ID()); len(got) != 3 {
		t.Errorf("%d changes are stored, want 3", len(got))
	}
}

// TestNobodyIsAdmittedWithoutAGrant: where the Grant cannot be made, the newcomer gets
// nothing and the invite stays open.
func TestNobodyIsAdmittedWithoutAGrant(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "text")
	know(t, a, b, sa) // b may only read
	invite := netsync.Invite{ID: [8]byte{1}, Doc: sa.ID(), Expires: time.Now().Add(time.Hour)}
	newcomer := netsync.Peer{ID: PeerID{7}, Name: "Cleo"}
	for _, w := range []*Workspace{a, b} {
		library := peerLibrary{w}
		if err := library.AddInvite(invite); err != nil {
			t.Fatal(err)
		}
		_, err := library.Admit(invite.ID, newcomer)
		now, err2 := library.Invite(invite.ID)
		shared, err3 := library.SharedWith(newcomer.ID)
		if (err == nil) != (w == a) || err2 != nil || now.Used != (w == a) || err3 != nil || len(shared) == 1 != (w == a) {
			t.Errorf("issuer %s: admitted: %v; used: %v, %v; shared: %v, %v", w.Name(), err, now.Used, err2, shared, err3)
		}
	}
	if _, err := (peerLibrary{a}).Admit(invite.ID, netsync.Peer{ID: PeerID{8}, Name: "Dan"}); !errors.Is(err, storage.ErrInviteUsed) {
		t.Errorf("the second newcomer: %v", err)
	}
	if members := sa.doc.Members(); len(members) != 2 || members[1].Name != "Cleo" {
		t.Errorf("members %+v", members)
	}
}

// TestDocumentIsKeptWhileChangesWait: a document that nobody looks at is not dropped with
// half of what a peer sends.
func TestDocumentIsKeptWhileChangesWait(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "one")
	sa.sync()
	typeAt(sa, 3, " two")
	know(t, a, b, sa)
	typed := journal(t, a, sa.ID())
	unsigned := *typed[0]
	unsigned.Signature = nil
	dropAll := func() {
		for _, s := range b.loaded() {
			b.drop(s)
		}
	}
	receive(t, b, sa.ID(), &unsigned)
	dropAll()
	receive(t, b, sa.ID(), typed[1])
	if got := journal(t, b, sa.ID()); len(got) != 2 {
		t.Errorf("%d changes are stored", len(got))
	}
	if dropAll(); len(b.loaded()) != 0 {
		t.Error("the document stays loaded")
	}
}

// TestMembersLetOthersIn: whoever was let in lets others in, and what these write counts
// with everybody, also with those who hear of it late and from somebody else.
func TestMembersLetOthersIn(t *testing.T) {
	a, b, c := openTest(t, t.TempDir()), openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	typeAt(sa, 0, "a")
	share(t, a, b, sa)
	sb, err := b.Open(sa.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer sb.Close()
	typeAt(sb, 1, "b")
	share(t, b, c, sb)
	sc, err := c.Open(sa.ID())
	if err != nil {
		t.Fatal(err)
	}
	defer sc.Close()
	typeAt(sc, 2, "c")
	sc.sync()
	wrote := journal(t, c, sa.ID())
	receive(t, a, sa.ID(), wrote[len(wrote)-1]) // before the Grant that it builds on
	if sa.Text() != "a" || sa.doc.Pending() != 1 {
		t.Errorf("before the Grant: %q, %d wait", sa.Text(), sa.doc.Pending())
	}
	pass(t, b, a, sa.ID())
	for _, w := range []*Workspace{a, b} {
		pass(t, c, w, sa.ID())
	}
	for _, s := range []*Session{sa, sb, sc} {
		if s.Text() != "abc" || s.doc.Pending() != 0 {
			t.Errorf("%q, %d wait", s.Text(), s.doc.Pending())
		}
	}
	for _, w := range []*Workspace{a, b, c} {
		if r, err := w.Check(t.Context()); err != nil || !r.Intact() {
			t.Errorf("%v, %v", r, err)
		}
	}
}

// TestGreatPasteReachesOthers: more text at once than may wait for a signature.
func TestGreatPasteReachesOthers(t *testing.T) {
	a, b := openTest(t, t.TempDir()), openTest(t, t.TempDir())
	sa := a.New()
	defer sa.Close()
	text := strings.Repeat("Ten bytes\n", crdt.MaxPendingBytes/5)
	typeAt(sa, 0, text)
	sb := join(t, a, b, sa)
	for range 2 + len(text)>>20 {
		pass(t, a, b, sa.ID())
	}
	if got := sb.Text(); got != text {
		t.Errorf("%d bytes of %d arrived", len(got), len(text))
	}
}
