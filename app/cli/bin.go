package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"inkling/app/workspace"
)

func deleteDocument(_ context.Context, c *Call) error {
	if len(c.Args) == 0 {
		return usageError{"which document?"}
	}
	doc, err := find(c, strings.Join(c.Args, " "))
	if err != nil {
		return err
	}
	if err := c.Workspace.Delete(doc.ID); err != nil {
		return err
	}
	c.printf("“%s” is in the bin. `inkling undelete %s` takes it out again.\n", workspace.Titled(doc), doc.ID.String()[:shortID])
	return nil
}

func listBin(_ context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"bin takes no arguments"}
	}
	bin, err := c.Workspace.Bin()
	if err != nil {
		return err
	}
	if len(bin) == 0 {
		c.printf("The bin is empty.\n")
	}
	for _, d := range bin {
		c.printf("%s  %s  %s (%s)\n", d.ID.String()[:shortID], d.At.Local().Format("2006-01-02 15:04"), workspace.Titled(d.Document), workspace.TimeLeft(d))
	}
	return nil
}

// findInBin returns the document of the bin that a person means.
func findInBin(c *Call, words []string) (workspace.Document, error) {
	if len(words) == 0 {
		return workspace.Document{}, usageError{"which document of the bin?"}
	}
	bin, err := c.Workspace.Bin()
	if err != nil {
		return workspace.Document{}, err
	}
	docs := make([]workspace.Document, len(bin))
	for i, d := range bin {
		docs[i] = d.Document
	}
	doc, err := workspace.Find(docs, strings.Join(words, " "))
	if err != nil {
		return doc, fmt.Errorf("in the bin, %w (`inkling bin` lists what is there)", err)
	}
	return doc, nil
}

func undelete(_ context.Context, c *Call) error {
	doc, err := findInBin(c, c.Args)
	if err != nil {
		return err
	}
	if err := c.Workspace.Undelete(doc.ID); err != nil {
		return err
	}
	c.printf("%s  %s\n", doc.ID.String()[:shortID], workspace.Titled(doc))
	return nil
}

func destroy(_ context.Context, c *Call) error {
	sure := len(c.Args) > 0 && c.Args[0] == "--yes"
	if sure {
		c.Args = c.Args[1:]
	}
	doc, err := findInBin(c, c.Args)
	if err != nil {
		return err
	}
	fate, err := c.Workspace.FateOf(doc.ID)
	if err != nil {
		return err
	}
	c.printf("“%s”: %s\n", fate.Title, fate.Sentences())
	if !sure {
		return errors.New("nothing was deleted: say `inkling destroy --yes` to delete it for ever")
	}
	if err := c.Workspace.Destroy(doc.ID); err != nil {
		return err
	}
	c.printf("It is deleted for ever.\n")
	return nil
}
