package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"inkling/app/workspace"
	"inkling/storage"
)

func backup(ctx context.Context, c *Call) error {
	var b workspace.Backup
	var err error
	switch {
	case len(c.Args) == 0:
		b, err = c.Workspace.BackUp(ctx)
	case len(c.Args) == 2 && (c.Args[0] == "-o" || c.Args[0] == "--output"):
		b, err = c.Workspace.BackUpTo(ctx, c.path(c.Args[1]))
	default:
		return usageError{"backup takes -o FILE or nothing"}
	}
	if errors.Is(err, storage.ErrUnchanged) {
		c.printf("Nothing has changed since the newest backup.\n")
		return nil
	}
	if err != nil {
		return err
	}
	c.printf("%s  %s\n", megabytes(b.Bytes), b.Path)
	return nil
}

func listBackups(_ context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"backups takes no arguments"}
	}
	list, err := c.Workspace.Backups()
	if err != nil {
		return err
	}
	if len(list) == 0 {
		c.printf("There is no backup yet.\n")
	}
	for _, b := range list {
		c.printf("%-25s  %s  %9s%s\n", b.Name, b.At.Local().Format("2006-01-02 15:04"), megabytes(b.Bytes), mark(b))
	}
	return nil
}

func mark(b workspace.Backup) string {
	if b.Replaced {
		return "  what a backup replaced then"
	}
	if b.Before > 0 {
		return fmt.Sprintf("  made before the library got format %d", b.Before)
	}
	return ""
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/(1<<20)) }

func restore(ctx context.Context, c *Call) error {
	if len(c.Args) == 0 {
		if err := listBackups(ctx, c); err != nil {
			return err
		}
		return usageError{"which backup? One of the list, `newest`, or a file"}
	}
	list, err := c.Workspace.Backups()
	if err != nil {
		return err
	}
	path, err := workspace.FindBackup(list, strings.Join(c.Args, " "), c.Dir)
	if err != nil {
		return err
	}
	words, err := c.Workspace.Restoring(path)
	if err != nil {
		words = "" // of a damaged library nobody knows; whether the backup is whole is told next
	}
	if err := c.Workspace.Restore(ctx, path); err != nil {
		return err
	}
	c.printf("%s\n", strings.TrimSpace(words+" "+workspace.RestoreNote))
	c.Restart()
	return nil
}
