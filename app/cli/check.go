package cli

import (
	"context"
	"errors"
	"fmt"

	"inkling/app/workspace"
)

func check(ctx context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"check takes no arguments"}
	}
	report, err := c.Workspace.Check(ctx)
	if err != nil {
		return err
	}
	c.printf("%v", report)
	if report.Intact() {
		return nil
	}
	return errors.New(report.Summary() + ". " + workspace.SalvageStep)
}

func salvage(ctx context.Context, c *Call) error {
	switch len(c.Args) {
	case 0:
		nothing, err := c.Workspace.AskSalvage(ctx)
		if err != nil {
			return err
		}
		if nothing != "" {
			c.printf("%s\n", nothing)
			return nil
		}
		c.printf("What can be read is saved now; that may take a while.\n")
		c.Restart()
		return nil
	case 1:
		return salvageFrom(ctx, c, c.path(c.Args[0]))
	}
	return usageError{"salvage takes one file or none"}
}

// salvageFrom takes from another library's file what this one lacks.
func salvageFrom(ctx context.Context, c *Call, path string) error {
	list, err := c.Workspace.SalvageFrom(ctx, path)
	if err != nil {
		return err
	}
	taken := 0
	for _, t := range list {
		taken += t.Changes
		c.printf("%s  %s: %d changes taken", t.ID.String()[:8], t.Title, t.Changes)
		if len(t.Left) > 0 {
			c.printf(", %d still lack what they build on", len(t.Left))
		}
		c.printf("\n")
		for _, change := range t.Left {
			c.printf("    %s\n", quoted(change.Typed()))
		}
	}
	if taken == 0 {
		c.printf("There is nothing in it that this library lacks and can place.\n")
	}
	return nil
}

// quotedLetters is how much of a change's words is shown.
const quotedLetters = 80

func quoted(s string) string {
	if runes := []rune(s); len(runes) > quotedLetters {
		return fmt.Sprintf("%q … (%d letters)", string(runes[:quotedLetters]), len(runes))
	}
	if s == "" {
		return "(no text)"
	}
	return fmt.Sprintf("%q", s)
}
