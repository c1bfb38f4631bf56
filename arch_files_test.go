package main_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"strconv"
	"strings"
)

// sourceFile is a parsed file, or the reason why it is not.
type sourceFile struct {
	name  string
	lines int
	set   *token.FileSet
	tree  *ast.File
	err   error
}

func (f sourceFile) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

// goFiles parses all Go files by folder. Hidden folders, testdata, out and tools (a module of its own) are none of
// the product.
func goFiles(tree fs.FS) map[string][]sourceFile {
	folders := map[string][]sourceFile{}
	err := fs.WalkDir(tree, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			hidden := strings.HasPrefix(entry.Name(), ".") && name != "."
			if hidden || entry.Name() == "testdata" || name == "out" || name == "tools" {
				return fs.SkipDir
			}
			return nil
		}
		if strings.HasSuffix(name, ".go") {
			folder := strings.TrimPrefix(path.Dir(name), ".")
			folders[folder] = append(folders[folder], parse(tree, name))
		}
		return nil
	})
	if err != nil {
		folders[""] = append(folders[""], sourceFile{name: ".", err: err})
	}
	return folders
}

func parse(tree fs.FS, name string) sourceFile {
	f := sourceFile{name: name, set: token.NewFileSet()}
	source, err := fs.ReadFile(tree, name)
	if err != nil {
		f.err = err
		return f
	}
	f.lines = strings.Count(string(source), "\n")
	f.tree, f.err = parser.ParseFile(f.set, name, source, parser.ParseComments)
	return f
}

// nameOf is what the file calls an imported package; "" when it does not import it.
func nameOf(f sourceFile, imported string) string {
	for _, spec := range f.tree.Imports {
		if spec.Path.Value == strconv.Quote(imported) {
			if spec.Name != nil {
				return spec.Name.Name
			}
			return path.Base(imported)
		}
	}
	return ""
}
