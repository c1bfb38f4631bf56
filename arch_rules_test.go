package main_test

import (
	"fmt"
	"go/ast"
	"io/fs"
	"maps"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// layer is a line of the house.
type layer struct {
	folder string   // from the top of the module; "" is the top itself
	ours   []string // folders of this module that it may import, each with all below it
	theirs []string // modules, or packages of them, that it may import, each with all below it
	tests  []string // import paths that its tests may import as well
	pure   bool     // no clock, randomness, file, network, log or goroutine; they come in as arguments
	why    string
}

// ban keeps one package, with all below it, to a few folders.
type ban struct {
	path string
	only []string // folders with all below them; one that ends in "/" without what is below
	why  string
}

// impure are the standard packages that a pure layer must not import, and clock the functions of package time.
var (
	impure = []string{
		"os", "os/exec", "os/signal", "io/ioutil", "syscall", "net", "net/http", "log", "log/slog",
		"math/rand", "math/rand/v2", "crypto/rand", "runtime",
	}
	clock = []string{"Now", "Since", "Until", "After", "AfterFunc", "Sleep", "Tick", "NewTimer", "NewTicker"}
)

var (
	vagueName = regexp.MustCompile(`^(utils?|commons?|helpers?|types|core|managers?)$`) // they say nothing of what is inside
	leftover  = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|XX` + `X|HA` + `CK)\b`)     // an issue is the place for what is left to do
)

const (
	module   = "inkling/" // before every import path of ours
	longFile = 500        // lines; house style: look hard at it
)

// report is what inspect found. Violations fail the test; longFiles are for people to read.
type report struct {
	violations []string
	longFiles  []string
	packages   int
}

func (r *report) add(where, format string, args ...any) {
	r.violations = append(r.violations, where+": "+fmt.Sprintf(format, args...))
}

// inspect holds every Go file of a module against the table. It parses and never builds, so files for other systems
// and build tags are seen as well, and a tree that does not compile yet can be judged.
func inspect(tree fs.FS) report {
	var r report
	r.topFolders(tree)
	for folder, files := range goFiles(tree) {
		r.packages++
		r.folder(folder, files)
	}
	slices.Sort(r.violations)
	slices.Sort(r.longFiles)
	return r
}

func (r *report) topFolders(tree fs.FS) {
	entries, err := fs.ReadDir(tree, ".")
	if err != nil {
		r.add(".", "%v", err)
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.IsDir() && !strings.HasPrefix(name, ".") && !slices.Contains(topFolders, name) {
			r.add(name, "no folder of the house; the top is fixed so that it can be learnt once")
		}
	}
}

func (r *report) folder(folder string, files []sourceFile) {
	home, known := layerOf(folder)
	if !known {
		r.add(folder, "a package without a line in the table (arch_test.go)")
	}
	comments := map[string]int{} // package name -> package comments, test files left out
	for _, f := range files {
		if f.err != nil {
			r.add(f.name, "%v", f.err)
			continue
		}
		if f.lines > longFile {
			r.longFiles = append(r.longFiles, fmt.Sprintf("%s: %d lines", f.name, f.lines))
		}
		r.imports(home, folder, f)
		r.leftovers(f)
		if f.isTest() {
			continue
		}
		if home.pure {
			r.purity(home, f)
		}
		comments[f.tree.Name.Name] += r.packageComment(f)
	}
	r.names(folder, comments)
}

// names checks the folder's and the packages' names and that each package has one package comment.
func (r *report) names(folder string, comments map[string]int) {
	if vagueName.MatchString(path.Base(folder)) {
		r.add(folder, "the folder's name says nothing of what is inside")
	}
	for _, name := range slices.Sorted(maps.Keys(comments)) {
		if vagueName.MatchString(name) {
			r.add(folder, "package %s: the name says nothing of what is inside", name)
		}
		if comments[name] != 1 {
			r.add("./"+folder, "package %s has %d package comments, want one: what it is, its words, an example, what it does not do", name, comments[name])
		}
	}
}

// packageComment counts the file's package comment, and looks at how it begins.
func (r *report) packageComment(f sourceFile) int {
	if f.tree.Doc == nil {
		return 0
	}
	name := f.tree.Name.Name
	if want := "Package " + name + " "; name != "main" && !strings.HasPrefix(f.tree.Doc.Text(), want) {
		r.add(f.name, "the package comment does not begin with %q, as go doc expects", want)
	}
	return 1
}

func (r *report) imports(home layer, folder string, f sourceFile) {
	for _, spec := range f.tree.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			r.add(f.name, "import %s: %v", spec.Path.Value, err)
			continue
		}
		where := f.set.Position(spec.Pos()).String()
		for _, b := range bans {
			if within(imported, b.path) && !slices.ContainsFunc(b.only, func(only string) bool { return permits(only, folder) }) {
				r.add(where, "imports %q: %s", imported, b.why)
			}
		}
		test := f.isTest() || isTestPackage(folder)
		if ours, isOurs := strings.CutPrefix(imported, module); isOurs && isTestPackage(ours) && !test {
			r.add(where, "imports %q, which is for tests", imported)
		}
		if !allows(home, folder, imported, test) {
			r.add(where, "imports %q: %s", imported, home.why)
		}
		if home.pure && !test && slices.Contains(impure, imported) {
			r.add(where, "imports %q, but %s is pure: %s", imported, home.folder, home.why)
		}
	}
}

// allows says whether the table lets a file of folder import a package.
func allows(home layer, folder, imported string, test bool) bool {
	under := func(name string, list []string) bool {
		return slices.ContainsFunc(list, func(prefix string) bool { return within(name, prefix) })
	}
	if test && under(imported, home.tests) {
		return true
	}
	if ours, isOurs := strings.CutPrefix(imported, module); isOurs {
		return under(ours, home.ours) || test && allowsTest(folder, ours)
	}
	if first, _, _ := strings.Cut(imported, "/"); !strings.Contains(first, ".") {
		return true // the standard library; see bans and purity
	}
	return under(imported, home.theirs) || test && under(imported, forTests)
}

// allowsTest adds what test code may import: the package it tests, what is below that, and the test support of its
// own part of the house.
func allowsTest(folder, imported string) bool {
	part, _, _ := strings.Cut(folder, "/")
	return within(imported, folder) ||
		isTestPackage(folder) && imported == path.Dir(folder) ||
		isTestPackage(imported) && within(imported, part)
}

// purity finds what a pure layer must not do even with the imports it has.
func (r *report) purity(home layer, f sourceFile) {
	time := nameOf(f, "time")
	ast.Inspect(f.tree, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			r.add(f.set.Position(n.Pos()).String(), "starts a goroutine, but %s is pure: %s", home.folder, home.why)
		case *ast.SelectorExpr:
			if from, ok := n.X.(*ast.Ident); ok && from.Name == time && slices.Contains(clock, n.Sel.Name) {
				r.add(f.set.Position(n.Pos()).String(), "uses time.%s, but %s is pure: %s", n.Sel.Name, home.folder, home.why)
			}
		}
		return true
	})
}

func (r *report) leftovers(f sourceFile) {
	for _, group := range f.tree.Comments {
		for _, comment := range group.List {
			if found := leftover.FindString(comment.Text); found != "" {
				r.add(f.set.Position(comment.Pos()).String(), "%s: finish it or write an issue", found)
			}
		}
	}
}

// layerOf is the deepest layer that holds folder.
func layerOf(folder string) (deepest layer, found bool) {
	for _, l := range house {
		holds := l.folder == folder || l.folder != "" && within(folder, l.folder)
		if holds && (!found || len(l.folder) > len(deepest.folder)) {
			deepest, found = l, true
		}
	}
	return deepest, found
}

// within says whether an import path or folder is prefix or below it.
func within(name, prefix string) bool {
	return name == prefix || strings.HasPrefix(name, prefix+"/")
}

// permits says whether an entry of ban.only covers folder.
func permits(only, folder string) bool {
	if exact, isExact := strings.CutSuffix(only, "/"); isExact {
		return folder == exact
	}
	return within(folder, only)
}

// isTestPackage says whether a folder holds test support: crdt/crdttest, storage/storagetest, ... (not uitest, which
// is a layer of its own).
func isTestPackage(folder string) bool {
	return strings.Contains(folder, "/") && strings.HasSuffix(folder, "test")
}
