package cli

import (
	"context"
	"fmt"
	"strings"

	"inkling/app/workspace"
)

// put puts somebody who is known into a document.
func put(_ context.Context, c *Call) error {
	if len(c.Args) < 2 {
		return usageError{"a document and somebody are needed"}
	}
	last := len(c.Args) - 1
	doc, err := find(c, strings.Join(c.Args[:last], " "))
	if err != nil {
		return err
	}
	who, err := c.Workspace.FindPerson(c.Args[last])
	if err != nil {
		return err
	}
	if err := c.Workspace.Put(doc.ID, who); err != nil {
		return err
	}
	c.printf("%s is in %s, and is told as soon as both are here.\n", c.Args[last], workspace.Titled(doc))
	return nil
}

// accept takes what somebody offers.
func accept(_ context.Context, c *Call) error {
	title := strings.Join(c.Args, " ")
	var found []workspace.Offer
	for _, o := range c.Workspace.Offers() {
		if title != "" && (strings.EqualFold(o.Title, title) || strings.HasPrefix(o.Doc.String(), title)) {
			found = append(found, o)
		}
	}
	switch {
	case title == "":
		return usageError{"which document?"}
	case len(found) == 0:
		return fmt.Errorf("nobody offers %q now: `inkling status` tells what is offered", title)
	case len(found) > 1:
		return fmt.Errorf("%d documents called %q are offered: say which by its id, %s or %s", len(found), title, found[0].Doc.String()[:shortID], found[1].Doc.String()[:shortID])
	}
	if err := c.Workspace.Accept(found[0].Doc); err != nil {
		return err
	}
	c.printf("%s is taken from %s.\n", found[0].Title, found[0].From.Name)
	return nil
}

// noRoom says why nothing is taken from others; "": it is.
func noRoom(w *workspace.Workspace) string {
	used, quota, err := w.Room()
	switch {
	case err != nil || quota == 0 || used < quota:
		return ""
	}
	return fmt.Sprintf("the library has %s, and may have %s: nothing more is taken from others. Give it more by a greater --quota. What is there stays readable, and goes on to others", size(used), size(quota))
}
