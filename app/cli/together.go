package cli

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"inkling/app/workspace"
	"inkling/crdt"
)

func invite(ctx context.Context, c *Call) error {
	var approve, picture bool
	for len(c.Args) > 0 && strings.HasPrefix(c.Args[0], "--") {
		switch c.Args[0] {
		case "--accept":
			approve = true
		case "--qr":
			picture = true
		default:
			return usageError{c.Args[0] + " is no flag of it"}
		}
		c.Args = c.Args[1:]
	}
	if len(c.Args) == 0 {
		return usageError{"into which document?"}
	}
	doc, err := find(c, strings.Join(c.Args, " "))
	if err != nil {
		return err
	}
	link, err := c.Workspace.Invite(doc.ID, approve)
	if err != nil {
		return err
	}
	c.printf("%s\n", link)
	if picture {
		if err := printQR(c, link); err != nil {
			return err
		}
	}
	if approve {
		return nil
	}
	return showCode(ctx, c, doc.ID, inviteWords)
}

// pair shows a code for this device alone.
func pair(ctx context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"it takes no arguments"}
	}
	return showCode(ctx, c, crdt.DocID{}, pairWords)
}

// codeWords is what is said of a code.
type codeWords struct{ shown, gone, used string }

var (
	inviteWords = codeWords{
		shown: "Or the code %s, until %s, on this network. Ctrl+C takes it away.\n",
		gone:  "The code is gone. The link stays good for 24 hours.\n",
		used:  "%s is in.\n",
	}
	pairWords = codeWords{
		shown: "Type the code %s on your other computer, under *Were you invited?*, until %s, on this network.\n",
		gone:  "The code is gone. `inkling pair` shows another.\n",
		used:  "%s and this device know each other now.\n",
	}
)

// showCode shows a code for a document, or a zero one for the device, and what becomes of it, until the code is gone or the
// person ends the command.
func showCode(ctx context.Context, c *Call, doc crdt.DocID, words codeWords) error {
	news := make(chan workspace.Event, 64)
	stop := c.Workspace.Observe(func(e workspace.Event) {
		select {
		case news <- e:
		default: // nobody reads so slowly
		}
	})
	defer stop()
	show := func() error { return c.Workspace.ShowCode(doc) }
	if doc == (crdt.DocID{}) {
		show = c.Workspace.ShowDeviceCode
	}
	if err := show(); err != nil {
		return err
	}
	defer c.Workspace.HideCode(doc)
	shown := ""
	for {
		select {
		case <-ctx.Done():
			return nil
		case e := <-news:
			if sayNews(c, doc, words, e, &shown) {
				return nil
			}
		}
	}
}

// sayNews prints what happened to an invite; end: its code is gone. shown is the code that was printed last.
func sayNews(c *Call, doc crdt.DocID, words codeWords, e workspace.Event, shown *string) (end bool) {
	switch e := e.(type) {
	case workspace.CodeChanged:
		code := c.Workspace.Code()
		switch {
		case code.Doc != doc || code.Text == "":
			if *shown != "" {
				c.printf("%s", words.gone)
			}
			return *shown != ""
		case *shown == "":
			c.printf(words.shown, code.Text, code.Until.Format("15:04"))
		case *shown != code.Text:
			c.printf("The code is %s now.\n", code.Text)
		}
		*shown = code.Text
	case workspace.CodeTried:
		c.printf("Somebody at %s typed a wrong code (%d).\n", e.From, e.Count)
	case workspace.CodeUsed:
		if e.Doc == doc {
			c.printf(words.used, e.Name)
		}
	case workspace.JoinRequested:
		if e.Doc == doc {
			where := "answer in the window"
			if c.Window == nil {
				where = "this program has no window to answer in, make a link with --accept"
			}
			c.printf("%s has the link and asks to be let in: %s.\n", e.Name, where)
		}
	}
	return false
}

// firstText is how long join waits for the document's text after it was let in.
const firstText = 30 * time.Second

func join(ctx context.Context, c *Call) error {
	text, addr, err := joinArgs(c.Args)
	if err != nil {
		return err
	}
	var entry workspace.Entry
	if addr != "" {
		entry, err = c.Workspace.JoinAt(ctx, text, addr)
	} else {
		entry, err = c.Workspace.Join(ctx, text)
	}
	if err != nil {
		return err
	}
	if entry.Paired() {
		c.printf("You and %s know each other now. To have it keep a document: inkling put DOC %q\n", entry.Name, entry.Name)
		return nil
	}
	id := entry.Doc
	title := waitForTitle(ctx, c.Workspace, id)
	c.printf("%s  %s%s\n", id.String()[:shortID], title, company(c.Workspace, id))
	if c.Window != nil {
		c.Window.Show(id)
	}
	return nil
}

// joinArgs reads CODE|LINK [--at ADDRESS]; a code may have spaces.
func joinArgs(args []string) (text, addr string, err error) {
	if i := slices.Index(args, "--at"); i >= 0 {
		if i+1 >= len(args) {
			return "", "", usageError{"--at needs an address"}
		}
		addr = args[i+1]
		args = slices.Delete(slices.Clone(args), i, i+2)
	}
	text = strings.Join(args, " ")
	switch {
	case text == "":
		return "", "", usageError{"a code or a link is needed"}
	case addr != "" && strings.Contains(text, "inkling:"):
		return "", "", usageError{"--at goes with a code; a link names its addresses"}
	}
	return text, addr, nil
}

// company says with whom one is in a document that has just been joined.
func company(w *workspace.Workspace, id crdt.DocID) string {
	people, err := w.People(id)
	if err != nil || len(people) == 0 {
		return ""
	}
	var names []string
	for _, p := range people {
		names = append(names, p.Name)
	}
	return "  (with " + strings.Join(names, ", ") + ")"
}

// waitForTitle returns the title of a document that has just been joined, as soon
// as its text has come.
func waitForTitle(ctx context.Context, w *workspace.Workspace, id crdt.DocID) string {
	ctx, cancel := context.WithTimeout(ctx, firstText)
	defer cancel()
	changed := make(chan struct{}, 1)
	stop := w.Observe(func(workspace.Event) {
		select {
		case changed <- struct{}{}:
		default:
		}
	})
	defer stop()
	for {
		docs, err := w.Documents()
		if d, err2 := workspace.Find(docs, id.String()); err == nil && err2 == nil && d.Title != "" {
			return d.Title
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return workspace.Untitled
		}
	}
}

// Status is what `inkling status --json` prints.
type Status struct {
	Name      string           `json:"name"`
	Library   string           `json:"library"`
	Port      int              `json:"port"`     // UDP; 0 without network
	Together  bool             `json:"together"` // visible to people nearby
	Code      string           `json:"code"`     // on the screen, for others to type; "" when there is none
	Unsaved   string           `json:"unsaved"`  // why nothing is saved; "" when all is well
	NoRoom    string           `json:"no_room"`  // why nothing is taken from others; "" when it is
	Offers    []StatusOffer    `json:"offers"`   // documents that others would have this device take
	Trouble   []string         `json:"trouble"`  // of the network, in sentences
	Nearby    []string         `json:"nearby"`   // names
	Documents []StatusDocument `json:"documents"`
}

// StatusDocument is a document in a [Status].
type StatusDocument struct {
	ID     string         `json:"id"`
	Title  string         `json:"title"`
	People []StatusPerson `json:"people"`
}

// StatusOffer is a document that is offered.
type StatusOffer struct {
	Name  string `json:"name"` // whose it is
	Title string `json:"title"`
}

// StatusPerson is somebody else in a document.
type StatusPerson struct {
	Name       string `json:"name"`
	Proposed   bool   `json:"proposed"`   // the document was put to it and is not taken yet
	Unattended bool   `json:"unattended"` // nobody sits there: it passes on
	Full       bool   `json:"full"`       // it takes nothing more
	Here       bool   `json:"here"`
	Confirmed  bool   `json:"confirmed"` // the person has said what it has
	Behind     int    `json:"behind"`    // edits that it lacks by that
}

func status(_ context.Context, c *Call) error {
	asJSON := len(c.Args) == 1 && c.Args[0] == "--json"
	if len(c.Args) > 0 && !asJSON {
		return usageError{"status takes --json or nothing"}
	}
	s, err := statusOf(c.Workspace)
	if err != nil {
		return err
	}
	if asJSON {
		e := json.NewEncoder(c.Stdout)
		e.SetIndent("", "  ")
		return e.Encode(s)
	}
	printStatus(c, s)
	return nil
}

func statusOf(w *workspace.Workspace) (Status, error) {
	s := Status{Name: w.Name(), Library: w.Dir(), Port: w.Port(), Together: w.Visible(), Code: w.Code().Text, Trouble: w.NetworkTrouble()}
	if _, err := w.Saving(); err != nil {
		s.Unsaved = err.Error()
	}
	s.NoRoom = noRoom(w)
	for _, o := range w.Offers() {
		s.Offers = append(s.Offers, StatusOffer{Name: o.From.Name, Title: o.Title})
	}
	for _, n := range w.Nearby() {
		s.Nearby = append(s.Nearby, n.Name)
	}
	docs, err := w.Documents()
	if err != nil {
		return s, err
	}
	for _, d := range docs {
		people, err := w.People(d.ID)
		if err != nil {
			return s, err
		}
		row := StatusDocument{ID: d.ID.String(), Title: workspace.Titled(d)}
		for _, p := range people {
			row.People = append(row.People, StatusPerson{
				Name: p.Name, Here: p.Here, Confirmed: p.Confirmed, Behind: p.Behind, Proposed: p.Proposed, Unattended: p.Unattended, Full: p.Full,
			})
		}
		s.Documents = append(s.Documents, row)
	}
	return s, nil
}

func printStatus(c *Call, s Status) {
	c.printf("You are %s. The library is %s.\n", s.Name, s.Library)
	if s.Unsaved != "" {
		c.printf("NOT SAVED: %s\n", s.Unsaved)
	}
	if s.NoRoom != "" {
		c.printf("NO ROOM: %s\n", s.NoRoom)
	}
	for _, o := range s.Offers {
		c.printf("%s offers %s: `inkling accept %q` takes it.\n", o.Name, o.Title, o.Title)
	}
	for _, t := range s.Trouble {
		c.printf("Network: %s\n", t)
	}
	if s.Code != "" {
		c.printf("On the screen is the code %s.\n", s.Code)
	}
	for _, d := range s.Documents {
		for _, p := range d.People {
			c.printf("%s: %s\n", d.Title, personLine(p))
		}
	}
}

func personLine(p StatusPerson) string {
	where := "away"
	if p.Here {
		where = "here"
	}
	s := p.Name + " is " + where
	if p.Unattended {
		s += ", and passes on without a window"
	}
	switch {
	case p.Full:
		s += ", but has no room"
	case p.Proposed:
		s += ", and has not taken the document yet"
	case p.Behind > 0:
		s += " and lacks the newest edits"
	}
	return s
}
