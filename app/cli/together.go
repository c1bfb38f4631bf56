package cli

import (
	"context"
	"encoding/json"
	"strings"
	"time"

	"inkling/app/workspace"
	"inkling/crdt"
)

func invite(_ context.Context, c *Call) error {
	approve := len(c.Args) > 0 && c.Args[0] == "--accept"
	if approve {
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
	return nil
}

// firstText is how long join waits for the document's text after it was let in.
const firstText = 30 * time.Second

func join(ctx context.Context, c *Call) error {
	if len(c.Args) != 1 {
		return usageError{"one link is needed"}
	}
	id, err := c.Workspace.Join(ctx, c.Args[0])
	if err != nil {
		return err
	}
	title := waitForTitle(ctx, c.Workspace, id)
	c.printf("%s  %s\n", id.String()[:shortID], title)
	if c.Window != nil {
		c.Window.Show(id)
	}
	return nil
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
	Unsaved   string           `json:"unsaved"`  // why nothing is saved; "" when all is well
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

// StatusPerson is somebody else in a document.
type StatusPerson struct {
	Name      string `json:"name"`
	Here      bool   `json:"here"`
	Confirmed bool   `json:"confirmed"` // the person has said what it has
	Behind    int    `json:"behind"`    // edits that it lacks by that
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
	s := Status{Name: w.Name(), Library: w.Dir(), Port: w.Port(), Together: w.Visible(), Trouble: w.NetworkTrouble()}
	if _, err := w.Saving(); err != nil {
		s.Unsaved = err.Error()
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
			row.People = append(row.People, StatusPerson{Name: p.Name, Here: p.Here, Confirmed: p.Confirmed, Behind: p.Behind})
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
	for _, t := range s.Trouble {
		c.printf("Network: %s\n", t)
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
	if p.Behind > 0 {
		return p.Name + " is " + where + " and lacks the newest edits"
	}
	return p.Name + " is " + where
}
