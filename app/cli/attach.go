package cli

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"inkling/app/workspace"
)

// whereFilesGo is told with what was attached: it is not what people expect of a program that sends what they write.
const whereFilesGo = "They are in backups, and go along in .inkling files that you export. They are not yet sent to the people you write with.\n"

func attach(ctx context.Context, c *Call) error {
	if len(c.Args) < 2 {
		return usageError{"which document, and which files?"}
	}
	doc, err := find(c, c.Args[0])
	if err != nil {
		return err
	}
	done := 0
	for _, name := range c.Args[1:] {
		a, attachErr := c.Workspace.Attach(ctx, doc.ID, c.path(name))
		if ctx.Err() != nil {
			return errors.Join(err, ctx.Err())
		}
		if attachErr != nil {
			err = errors.Join(err, attachErr)
			continue
		}
		done++
		c.printf("%s  %s  %s\n", shortHash(a), size(a.Length), a.Name)
	}
	if done > 0 {
		c.printf("Attached to “%s”. "+whereFilesGo, workspace.Titled(doc))
	}
	return err
}

func attachments(_ context.Context, c *Call) error {
	if len(c.Args) == 0 {
		return usageError{"of which document?"}
	}
	doc, err := find(c, strings.Join(c.Args, " "))
	if err != nil {
		return err
	}
	list, err := c.Workspace.Attachments(doc.ID)
	for _, a := range list {
		c.printf("%s  %s  %9s  %s", shortHash(a), a.Added.Local().Format("2006-01-02 15:04"), size(a.Length), a.Name)
		if a.IsDetached() {
			c.printf(" (detached; %s)", workspace.StaysFor(a.Left))
		}
		c.printf("\n")
	}
	switch {
	case err != nil:
		return err
	case len(list) == 0:
		c.printf("Nothing is attached to “%s”.\n", workspace.Titled(doc))
	default:
		c.printf(whereFilesGo)
	}
	return nil
}

// findAttached returns the document and the file of it that a person means by words: the first is the document, the
// others are the file. detached says of which kind the file is.
func findAttached(c *Call, words []string, detached bool) (doc workspace.Document, a workspace.Attached, err error) {
	if len(words) < 2 {
		return doc, a, usageError{"which document, and which file of it?"}
	}
	if doc, err = find(c, words[0]); err != nil {
		return doc, a, err
	}
	list, err := c.Workspace.Attachments(doc.ID)
	if err != nil {
		return doc, a, err
	}
	var some []workspace.Attached
	for _, a := range list {
		if a.IsDetached() == detached {
			some = append(some, a)
		}
	}
	if a, err = workspace.FindAttached(some, strings.Join(words[1:], " ")); err != nil {
		kind := "attached to"
		if detached {
			kind = "detached from"
		}
		err = fmt.Errorf("of what is %s “%s”, %w", kind, workspace.Titled(doc), err)
	}
	return doc, a, err
}

func detach(_ context.Context, c *Call) error {
	doc, a, err := findAttached(c, c.Args, false)
	if err != nil {
		return err
	}
	if err := c.Workspace.Detach(doc.ID, a); err != nil {
		return err
	}
	c.printf("“%s” is detached from “%s”. `inkling reattach %s %s` brings it back, for 30 days on which Inkling runs.\n",
		a.Name, workspace.Titled(doc), doc.ID.String()[:shortID], shortHash(a))
	return nil
}

func reattach(_ context.Context, c *Call) error {
	doc, a, err := findAttached(c, c.Args, true)
	if err != nil {
		return err
	}
	if err := c.Workspace.Reattach(doc.ID, a); err != nil {
		return err
	}
	c.printf("%s  %s  %s\n", shortHash(a), size(a.Length), a.Name)
	return nil
}

func extract(ctx context.Context, c *Call) error {
	words, file, err := outputArgs(c.Args)
	if err != nil {
		return err
	}
	_, a, err := findAttached(c, words, false)
	if err != nil {
		return err
	}
	if file == "" {
		file = a.Name
		if !filepath.IsLocal(file) || filepath.Base(file) != file {
			return fmt.Errorf("%q cannot be a file's name here: name another one with -o FILE", file)
		}
		if _, err := os.Lstat(c.path(file)); !errors.Is(err, fs.ErrNotExist) {
			return errors.Join(fmt.Errorf("%s is there already: name another file with -o FILE", file), err)
		}
	}
	return c.Workspace.Extract(ctx, a, c.path(file))
}

// shortHash returns the beginning of the hash by which a person can name a file.
func shortHash(a workspace.Attached) string { return hex.EncodeToString(a.Hash[:])[:shortID] }

// size says how long a file is.
func size(bytes int64) string {
	switch {
	case bytes < 1000:
		return fmt.Sprintf("%d B", bytes)
	case bytes < 1_000_000:
		return fmt.Sprintf("%.1f kB", float64(bytes)/1e3)
	}
	return fmt.Sprintf("%.1f MB", float64(bytes)/1e6)
}
