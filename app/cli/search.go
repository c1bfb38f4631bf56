package cli

import (
	"context"
	"errors"
	"strings"

	"inkling/app/workspace"
)

func search(ctx context.Context, c *Call) error {
	if len(c.Args) == 0 {
		return usageError{"which words?"}
	}
	lagging := c.Workspace.CatchUp(ctx) // the other documents are found all the same
	typed := strings.Join(c.Args, " ")
	found, err := c.Workspace.Search(ctx, typed)
	if err != nil {
		return errors.Join(err, lagging)
	}
	if len(found) == 0 {
		c.printf("Nothing fits “%s”.\n", typed)
	}
	for _, f := range found {
		c.printf("%s  %s  %s\n", f.ID.String()[:shortID], f.Modified.Local().Format("2006-01-02 15:04"), workspace.Titled(f.Document))
		c.printf("    %s\n", line(f.Snippet))
	}
	return lagging
}

// line joins a snippet.
func line(pieces []workspace.Piece) string {
	var b strings.Builder
	for _, p := range pieces {
		b.WriteString(p.Text)
	}
	return strings.TrimSpace(b.String())
}

func rebuild(ctx context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"rebuild takes no arguments"}
	}
	n, err := c.Workspace.Rebuild(ctx)
	if err != nil {
		return err
	}
	c.printf("What documents are listed and found by was derived anew from their changes. Documents: %d.\n", n)
	return nil
}
