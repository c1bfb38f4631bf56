package workspace

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"inkling/crdt"
	"inkling/netsync"
	"inkling/netsync/wire"
	"inkling/storage"
)

// openService opens a library as `inkling serve` does.
func openService(t *testing.T, dir string, service Service) *Workspace {
	t.Helper()
	w, err := Open(Config{Dir: dir, Name: "NAS", Finder: noFinder{}, Service: &service})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// pairByCode has guest type a code that host shows for itself.
func pairByCode(t *testing.T, host, guest *Workspace) {
	t.Helper()
	if err := host.ShowDeviceCode(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, host, "a code on the screen", func() bool { return host.Code().Text != "" })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	entry, err := guest.JoinAt(ctx, host.Code().Text, fmt.Sprintf("127.0.0.1:%d", host.Port()))
	if err != nil || !entry.Paired() || entry.Name != host.Name() || entry.Peer != host.device {
		t.Fatalf("came into %+v, %v", entry, err)
	}
	host.HideDeviceCode()
}

func titles(t *testing.T, w *Workspace) (list []string) {
	t.Helper()
	docs, err := w.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range docs {
		list = append(list, d.Title)
	}
	slices.Sort(list)
	return list
}

func offered(w *Workspace) (list []string) {
	for _, o := range w.Offers() {
		list = append(list, o.From.Name+": "+o.Title)
	}
	return list
}

// personIn returns what w says of the server in a document, or of the only one beside it.
func personIn(t *testing.T, w *Workspace, doc crdt.DocID) Person {
	t.Helper()
	people, err := w.People(doc)
	i := slices.IndexFunc(people, func(p Person) bool { return p.Name == "NAS" || len(people) == 1 })
	if err != nil || i < 0 {
		t.Fatalf("in the document are %v, %v", people, err)
	}
	return people[i]
}

// wrote imports a text as a document.
func wrote(t *testing.T, w *Workspace, text string) crdt.DocID {
	t.Helper()
	id, err := w.Import("", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// TestPutToAServer: a code on the server, typed once; then what is put to it is there, also what was put while it was
// away and after its restart, and others of the document get it from there. Nothing goes over by the pairing alone.
func TestPutToAServer(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	nas, ana := openService(t, dir, Service{}), openOnline(t, t.TempDir(), "Ana")
	first, private := wrote(t, ana, "Plans\nfor the summer"), wrote(t, ana, "Diary")
	pairByCode(t, nas, ana)
	known, err := ana.Known(first)
	if err != nil || len(known) != 1 || known[0].Name != "NAS" {
		t.Fatalf("Ana knows %v, %v", known, err)
	}
	waitFor(t, ana, "Ana is told that nobody sits there", func() bool { known, _ := ana.Known(first); return known[0].Unattended })
	if got := titles(t, nas); len(got) != 0 {
		t.Errorf("by the pairing the NAS has %v", got)
	}
	if err := ana.Put(first, nas.device); err != nil {
		t.Fatal(err)
	}
	waitFor(t, nas, "the document is there", func() bool { return slices.Equal(titles(t, nas), []string{"Plans"}) })
	waitFor(t, ana, "the NAS has everything", func() bool {
		p := personIn(t, ana, first)
		return p.Unattended && p.Confirmed && p.Behind == 0 && !p.Proposed
	})
	if known, err := ana.Known(first); err != nil || len(known) != 0 {
		t.Errorf("still to be put in: %v, %v", known, err)
	}

	if err := nas.Close(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ana, "the NAS goes", func() bool { return !personIn(t, ana, first).Here })
	second := wrote(t, ana, "Recipes")
	if err := ana.Put(second, nas.device); err != nil {
		t.Fatal(err)
	}
	if p := personIn(t, ana, second); !p.Proposed || p.Here {
		t.Errorf("put to who is away: %+v", p)
	}
	nas = openService(t, dir, Service{})
	waitFor(t, nas, "the second document, after a restart and without a code", func() bool {
		return slices.Equal(titles(t, nas), []string{"Plans", "Recipes"})
	})
	waitFor(t, ana, "Ana is told", func() bool { return !personIn(t, ana, second).Proposed })

	ben := openOnline(t, t.TempDir(), "Ben")
	if err := nas.ShowCode(second); err != nil {
		t.Fatal(err)
	}
	waitFor(t, nas, "a code for the document", func() bool { return nas.Code().Text != "" })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := ben.JoinAt(ctx, nas.Code().Text, fmt.Sprintf("127.0.0.1:%d", nas.Port())); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ben, "the document goes on to Ben", func() bool { return slices.Equal(titles(t, ben), []string{"Recipes"}) })
	if slices.Contains(titles(t, nas), "Diary") || slices.Contains(titles(t, ben), "Diary") || private == first {
		t.Error("what was put nowhere has gone over")
	}
}

// TestOffersWait: what is put to somebody who sits at a window waits for that person, who takes it or not; what was thrown away is
// not offered again.
func TestOffersWait(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	ana, ben := openOnline(t, t.TempDir(), "Ana"), openOnline(t, t.TempDir(), "Ben")
	pairByCode(t, ana, ben)
	tea, dull := wrote(t, ana, "Tea"), wrote(t, ana, "Dull")
	for _, doc := range []crdt.DocID{tea, dull} {
		if err := ana.Put(doc, ben.device); err != nil {
			t.Fatal(err)
		}
	}
	waitFor(t, ben, "both are offered", func() bool { return slices.Equal(offered(ben), []string{"Ana: Dull", "Ana: Tea"}) })
	if got := titles(t, ben); len(got) != 0 || !personIn(t, ana, tea).Proposed {
		t.Errorf("before Ben has answered he has %v, and Ana is told %+v", got, personIn(t, ana, tea))
	}
	ben.Decline(dull)
	if err := ben.Accept(tea); err != nil {
		t.Fatal(err)
	}
	if got := offered(ben); len(got) != 0 {
		t.Errorf("still offered: %v", got)
	}
	waitFor(t, ben, "the document's text", func() bool { return slices.Equal(titles(t, ben), []string{"Tea"}) })
	waitFor(t, ana, "Ana is told", func() bool { return !personIn(t, ana, tea).Proposed && personIn(t, ana, dull).Proposed })
	if err := ben.Accept(tea); err == nil || ben.Accept(dull) == nil {
		t.Errorf("taken twice, or taken though declined: %v", err)
	}
	again := func(doc crdt.DocID) wire.Verdict {
		t.Helper()
		d, err := ana.lib.Document(doc)
		if err != nil {
			t.Fatal(err)
		}
		verdict, err := peerLibrary{ben}.Proposed(ana.device, netsync.Proposal{Genesis: d.Genesis, Title: d.Title})
		if err != nil {
			t.Fatal(err)
		}
		return verdict
	}
	if err := ben.Delete(tea); err != nil {
		t.Fatal(err)
	}
	if again(tea) != wire.Waits || again(dull) != wire.Waits || len(ben.Offers()) != 0 || len(titles(t, ben)) != 0 {
		t.Errorf("offered anew: %v; Ben has %v", offered(ben), titles(t, ben))
	}
	for n := range 2 * maxOffers {
		g := crdt.Genesis{Creator: crdt.DeviceKey(ana.device), Random: [16]byte{byte(n)}}
		if v, err := (peerLibrary{ben}).Proposed(ana.device, netsync.Proposal{Genesis: g}); v != wire.Waits || err != nil {
			t.Fatalf("verdict %v, %v", v, err)
		}
	}
	if got := offered(ben); len(got) != maxOffers || got[0] != "Ana: "+Untitled {
		t.Errorf("%d are kept: %v", len(got), got)
	}
}

// TestProposalGivesNoRights: who is known, and names a document of others, does not get into it, and is told the same as of one that
// nobody has. Who is in it by the document's own word is let in.
func TestProposalGivesNoRights(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	nas := openService(t, t.TempDir(), Service{Accept: []string{Anyone}})
	eve, ana := PeerID{1, 2, 3}, PeerID{4, 5, 6}
	for _, id := range []PeerID{eve, ana} {
		if err := (peerLibrary{nas}).Pair(netsync.Peer{ID: id, Name: "somebody"}); err != nil {
			t.Fatal(err)
		}
	}
	secret := wrote(t, nas, "Secret")
	if err := nas.grant(secret, ana, "Ana"); err != nil {
		t.Fatal(err)
	}
	d, err := nas.lib.Document(secret)
	if err != nil {
		t.Fatal(err)
	}
	propose := func(w *Workspace, id PeerID, g crdt.Genesis) wire.Verdict {
		verdict, err := peerLibrary{w}.Proposed(id, netsync.Proposal{Genesis: g, Title: "Mine"})
		if err != nil {
			t.Fatal(err)
		}
		return verdict
	}
	met := PeerID{7, 8, 9} // in the document, by Ana's word: nobody was paired with it
	if _, err := nas.lib.Meet(secret, []storage.Peer{{Key: met, Name: "Ana"}}, nas.now()); err != nil {
		t.Fatal(err)
	}
	if id, err := nas.FindPerson("Ana"); err == nil {
		t.Errorf("a name in a Grant stands for a device that was paired: %x", id[:4])
	}
	other := crdt.Genesis{Creator: crdt.DeviceKey(met)}
	if propose(nas, met, other) != wire.Waits || len(nas.Offers()) != 0 || len(titles(t, nas)) != 1 {
		t.Errorf("of somebody met in a document the NAS takes %v, and lists %v", titles(t, nas), offered(nas))
	}
	unknown := crdt.Genesis{Creator: crdt.DeviceKey(eve), Random: [16]byte{9}}
	for _, anyone := range []bool{true, false} {
		nas.service.mu.Lock()
		nas.service.anyone, nas.service.from = anyone, nil
		nas.service.mu.Unlock()
		unknown.Random[1]++
		if a, b := propose(nas, eve, d.Genesis), propose(nas, eve, unknown); a != b {
			t.Errorf("anyone %v: of a document that is here Eve is told %d, of another %d", anyone, a, b)
		}
		if shared, err := nas.lib.SharedWith(eve); err != nil || slices.Contains(shared, secret) {
			t.Errorf("anyone %v: Eve is in %v, %v", anyone, shared, err)
		}
	}
	if propose(nas, ana, d.Genesis) != wire.Taken {
		t.Error("Ana's proposal is not taken")
	}
	if shared, err := nas.lib.SharedWith(ana); err != nil || !slices.Contains(shared, secret) {
		t.Errorf("Ana is in %v, %v", shared, err)
	}
}

// TestAcceptFrom: whose documents are taken, and whose are not.
func TestAcceptFrom(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	w := openOnline(t, dir, "NAS")
	people := map[string]PeerID{"Ana": {0xaa, 1, 2, 3, 4}, "Ben": {0xbb, 1, 2, 3, 4}, "Cleo": {0xcc}, "cleo": {0xcd}}
	for name, id := range people {
		if err := w.lib.Pair(peerLibrary{w}.row(netsync.Peer{ID: id, Name: name}), w.now()); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	for who, want := range map[string][]string{
		"":         nil,
		"ana":      {"Ana"},
		"BB010203": {"Ben"},
		"bb0102":   {"nobody called"},
		"Cleo":     {"2 devices are called", "cc000000 or cd000000"},
		Anyone:     {"Ana", "Ben", "Cleo", "cleo"},
		"Dan":      {"nobody called", "inkling serve --pair"},
	} {
		var accept []string
		if who != "" {
			accept = []string{who}
		}
		w, err := Open(Config{Dir: dir, Finder: noFinder{}, Service: &Service{Accept: accept}})
		if err != nil {
			for _, words := range want {
				if !strings.Contains(err.Error(), words) {
					t.Errorf("%q: %v", who, err)
				}
			}
			continue
		}
		for name, id := range people {
			if got := w.service.takesFrom(id); got != slices.Contains(want, name) {
				t.Errorf("%q: takes from %s: %v", who, name, got)
			}
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestQuota: a service that has what it may have takes no more and says so; what it has it gives to others. With a
// greater quota all comes.
func TestQuota(t *testing.T) {
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	dir := t.TempDir()
	nas, ana := openService(t, dir, Service{}), openOnline(t, t.TempDir(), "Ana")
	pairByCode(t, nas, ana)
	doc := wrote(t, ana, "Plans")
	if err := ana.Put(doc, nas.device); err != nil {
		t.Fatal(err)
	}
	text := func(w *Workspace) string {
		t.Helper()
		s, err := w.Open(doc)
		if err != nil {
			t.Fatal(err)
		}
		defer s.Close()
		return s.Text()
	}
	waitFor(t, nas, "the document is there", func() bool { return slices.Equal(titles(t, nas), []string{"Plans"}) })
	if err := nas.Close(); err != nil {
		t.Fatal(err)
	}
	used, err := folderSize(dir)
	if err != nil {
		t.Fatal(err)
	}

	nas = openService(t, dir, Service{Quota: used / 2})
	waitFor(t, ana, "Ana is told that there is no room", func() bool { return personIn(t, ana, doc).Full })
	s, err := ana.Open(doc)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	typeAt(s, 5, ", and more of them")
	s.sync()
	late := wrote(t, ana, "Too late")
	if err := ana.Put(late, nas.device); err != nil {
		t.Fatal(err)
	}
	ben := openOnline(t, t.TempDir(), "Ben")
	if err := nas.ShowCode(doc); err != nil {
		t.Fatal(err)
	}
	waitFor(t, nas, "a code for the document", func() bool { return nas.Code().Text != "" })
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if _, err := ben.JoinAt(ctx, nas.Code().Text, fmt.Sprintf("127.0.0.1:%d", nas.Port())); err != nil {
		t.Fatal(err)
	}
	waitFor(t, ben, "what the NAS has goes on to Ben", func() bool { return slices.Equal(titles(t, ben), []string{"Plans"}) && text(ben) == "Plans" })
	if got := text(nas); got != "Plans" || !slices.Equal(titles(t, nas), []string{"Plans"}) {
		t.Errorf("beyond its quota the NAS has %q and %v", got, titles(t, nas))
	}
	if got, quota, err := nas.Room(); err != nil || quota != used/2 || got < quota {
		t.Errorf("room: %d of %d, %v", got, quota, err)
	}

	if err := nas.Close(); err != nil {
		t.Fatal(err)
	}
	nas = openService(t, dir, Service{Quota: 1 << 40})
	waitFor(t, nas, "all is there", func() bool { return slices.Equal(titles(t, nas), []string{"Plans, and more of them", "Too late"}) })
	waitFor(t, ana, "Ana is told", func() bool { return !personIn(t, ana, doc).Full && !personIn(t, ana, late).Proposed })
}
