package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"inkling/app/workspace"
	"inkling/crdt"
)

// shortID is how many hexadecimal digits of an id a list shows.
const shortID = 12

func list(ctx context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"list takes no arguments"}
	}
	lagging := c.Workspace.CatchUp(ctx) // the list is there all the same
	docs, err := c.Workspace.Documents()
	if err != nil {
		return errors.Join(err, lagging)
	}
	names, err := c.Workspace.Names()
	if err != nil {
		return errors.Join(err, lagging)
	}
	if len(docs) == 0 {
		c.printf("No documents yet.\n")
	}
	for _, d := range docs {
		c.printf("%s  %s  %s\n", d.ID.String()[:shortID], d.Modified.Local().Format("2006-01-02 15:04"), workspace.Titled(d))
		if about := lead(d, names); about != "" {
			c.printf("    %s\n", about)
		}
	}
	return lagging
}

// lead says in a line how a document begins behind its title, and who wrote in it, if not only this person did.
func lead(d workspace.Document, names workspace.Names) string {
	people := names.Of(d.People)
	if len(names.Others(d.People)) == 0 {
		return d.Preview
	}
	return strings.TrimSuffix(strings.Join(people, ", ")+": "+d.Preview, ": ")
}

func find(c *Call, words string) (workspace.Document, error) {
	docs, err := c.Workspace.Documents()
	if err != nil {
		return workspace.Document{}, err
	}
	return workspace.Find(docs, words)
}

func export(_ context.Context, c *Call) error {
	words, file, err := exportArgs(c.Args)
	if err != nil {
		return err
	}
	doc, err := find(c, words)
	if err != nil {
		return err
	}
	if workspace.IsParcel(file) {
		return c.Workspace.SaveParcel(doc.ID, c.path(file))
	}
	text, err := c.Workspace.Export(doc.ID)
	if err != nil {
		return err
	}
	if file == "" {
		_, err = fmt.Fprint(c.Stdout, text)
		return err
	}
	return workspace.WriteBeside(c.path(file), func(f *os.File) error {
		_, err := f.WriteString(text)
		return err
	})
}

// exportArgs reads DOC words and -o FILE in any order.
func exportArgs(args []string) (doc, file string, err error) {
	words, file, err := outputArgs(args)
	if err == nil && len(words) == 0 {
		err = usageError{"which document?"}
	}
	return strings.Join(words, " "), file, err
}

// outputArgs reads words and -o FILE in any order.
func outputArgs(args []string) (words []string, file string, err error) {
	for i := 0; i < len(args); i++ {
		switch {
		case args[i] == "-o" || args[i] == "--output":
			if i++; i == len(args) {
				return nil, "", usageError{"-o needs a file name"}
			}
			file = args[i]
		case strings.HasPrefix(args[i], "-"):
			return nil, "", usageError{fmt.Sprintf("there is no option %s", args[i])}
		default:
			words = append(words, args[i])
		}
	}
	return words, file, nil
}

func importFiles(ctx context.Context, c *Call) error {
	if len(c.Args) == 0 {
		return usageError{"which files?"}
	}
	_, err := importAll(ctx, c)
	return err
}

// importAll imports the files of c.Args, each whether or not others fail. One of which a part was left out counts and gives an error.
func importAll(ctx context.Context, c *Call) (ids []crdt.DocID, err error) {
	for _, name := range c.Args {
		if ctx.Err() != nil {
			return ids, errors.Join(err, ctx.Err())
		}
		id, title, err2 := importFile(ctx, c, name)
		err = errors.Join(err, err2)
		if title == "" {
			continue
		}
		c.printf("%s  %s\n", id.String()[:shortID], title)
		ids = append(ids, id)
	}
	return ids, err
}

// importFile returns the document's title, "" when nothing was imported.
func importFile(ctx context.Context, c *Call, name string) (id crdt.DocID, title string, err error) {
	info, err := os.Stat(c.path(name))
	if errors.Is(err, fs.ErrNotExist) {
		return id, "", fmt.Errorf("there is no file %s", name)
	}
	if err != nil {
		return id, "", err
	}
	if !info.Mode().IsRegular() {
		return id, "", fmt.Errorf("%s is not a file", name)
	}
	f, err := os.Open(c.path(name))
	if err != nil {
		return id, "", err
	}
	defer f.Close()
	id, err = c.Workspace.ImportFile(ctx, name, f)
	var left *workspace.LeftOutError
	if err != nil && !errors.As(err, &left) {
		return id, "", err
	}
	doc, findErr := find(c, id.String())
	return id, workspace.Titled(doc), errors.Join(err, findErr)
}

func appendLine(_ context.Context, c *Call) error {
	if len(c.Args) < 2 {
		return usageError{"to which document, and what?"}
	}
	doc, err := find(c, c.Args[0])
	if err != nil {
		return err
	}
	return c.Workspace.Append(doc.ID, strings.Join(c.Args[1:], " "))
}

func open(ctx context.Context, c *Call) error {
	if c.Window == nil {
		return errors.New("the running program has no window")
	}
	ids, err := importAll(ctx, c)
	if len(ids) > 0 {
		c.Window.Show(ids[len(ids)-1])
	} else {
		c.Window.Raise()
	}
	return err
}
