package main_test

import (
	"strings"
	"testing"
	"testing/fstest"
)

// good is a tree without a violation; each planted one is added to it.
func good() fstest.MapFS {
	files := map[string]string{
		"main.go":                   "// Inkling is an editor.\npackage main\nimport \"inkling/app\"\nvar _ = app.Run\n",
		"main_test.go":              "package main_test\nimport \"testing\"\n",
		"app/app.go":                "// Package app wires.\npackage app\nimport (\"inkling/app/ui\"; \"inkling/app/desktop\"; \"inkling/storage\")\n",
		"app/desktop/cgo.go":        "//go:build cgo\n\n// Package desktop opens the window.\npackage desktop\nimport \"fyne.io/fyne/v2/app\"\n",
		"app/desktop/nocgo.go":      "//go:build !cgo\n\npackage desktop\n",
		"crdt/doc.go":               "// Package crdt is the document.\npackage crdt\nimport \"time\"\nvar _ time.Time\n",
		"crdt/doc_test.go":          "package crdt_test\nimport (\"inkling/crdt\"; \"inkling/crdt/crdttest\"; \"math/rand/v2\"; \"pgregory.net/rapid\")\nfunc f() { go f() }\n",
		"crdt/crdttest/naive.go":    "// Package crdttest is an oracle.\npackage crdttest\nimport (\"inkling/crdt\"; \"math/rand/v2\")\n",
		"storage/storagetest/a.go":  "// Package storagetest opens libraries.\npackage storagetest\nimport (\"inkling/storage\"; \"testing\")\n",
		"storage/library.go":        "// Package storage is the library.\npackage storage\nimport (\"inkling/crdt\"; _ \"modernc.org/sqlite\"; \"os\")\n",
		"crdt/testdata/broken.go":   "not Go",
		"tools/go.mod":              "module inkling/tools\n",
		".hidden/util/util.go":      "package util\n",
		"editor/editor_test.go":     "package editor\nimport \"fyne.io/fyne/v2/test\"\n",
		"editor/model/model.go":     "// Package model edits.\npackage model\nimport \"github.com/rivo/uniseg\"\n",
		"editor/layout/cut_test.go": "package layout\nimport \"inkling/assets/fonts\"\n",
		"app/workspace/hub_test.go": "package workspace\nimport \"inkling/storage/storagetest\"\n",
	}
	tree := fstest.MapFS{}
	for name, source := range files {
		tree[name] = &fstest.MapFile{Data: []byte(source)}
	}
	return tree
}

func TestRulesAcceptAGoodTree(t *testing.T) {
	for _, violation := range inspect(good()).violations {
		t.Error(violation)
	}
}

// Each planted file breaks one rule; the report must name the file and say what is wrong.
func TestRulesHaveTeeth(t *testing.T) {
	planted := []struct {
		rule, file, source, want string
	}{
		{"the document knows nobody", "crdt/bad.go", "package crdt\nimport \"inkling/storage\"", `imports "inkling/storage"`},
		{"also in its tests", "crdt/bad_test.go", "package crdt\nimport \"inkling/netsync/wire\"", `imports "inkling/netsync/wire"`},
		{"the oracle is apart", "crdt/crdttest/bad.go", "package crdttest\nimport \"inkling/storage\"", `imports "inkling/storage"`},
		{"imports go down", "storage/bad.go", "package storage\nimport \"inkling/netsync\"", `imports "inkling/netsync"`},
		{"imports go down", "editor/bad.go", "package editor\nimport \"inkling/app/ui\"", `imports "inkling/app/ui"`},
		{"the editor has no library", "editor/bad.go", "package editor\nimport \"inkling/crdt\"", `imports "inkling/crdt"`},
		{"discovery has no documents", "netsync/discovery/bad.go", "package discovery\nimport \"inkling/crdt\"", `imports "inkling/crdt"`},
		{"the window has no disk", "app/ui/bad.go", "package ui\nimport \"inkling/storage\"", `imports "inkling/storage"`},
		{"the hub has no editor", "app/workspace/bad.go", "package workspace\nimport \"inkling/editor/model\"", `imports "inkling/editor/model"`},
		{"main only hands over", "bad.go", "package main\nimport \"inkling/netsync\"", `imports "inkling/netsync"`},
		{"window tests stay outside", "uitest/bad_test.go", "package uitest\nimport \"inkling/app/workspace\"", `imports "inkling/app/workspace"`},

		{"no toolkit in the model", "editor/model/bad.go", "package model\nimport \"fyne.io/fyne/v2\"", "knows no toolkit"},
		{"no toolkit in its tests", "editor/model/bad_test.go", "package model\nimport \"fyne.io/fyne/v2/test\"", "knows no toolkit"},
		{"no toolkit in the hub", "app/workspace/bad.go", "package workspace\nimport \"fyne.io/fyne/v2\"", "knows no toolkit"},
		{"no toolkit in embedded faces", "assets/fonts/bad.go", "package fonts\nimport \"fyne.io/fyne/v2\"", "knows no toolkit"},
		{"faces come in as values", "editor/layout/bad.go", "package layout\nimport \"inkling/assets/fonts\"", `imports "inkling/assets/fonts"`},
		{"one place opens the window", "app/ui/bad_test.go", "package ui\nimport \"fyne.io/fyne/v2/app\"", "needs cgo and a display"},
		{"desktop is app's alone", "app/ui/bad.go", "package ui\nimport \"inkling/app/desktop\"", "needs cgo and a display"},
		{"no C", "storage/bad.go", "package storage\nimport \"C\"", `imports "C"`},
		{"no unsafe", "netsync/wire/bad.go", "package wire\nimport \"unsafe\"", "memory safety"},
		{"every module is a decision", "crdt/bad.go", "package crdt\nimport \"github.com/google/uuid\"", `imports "github.com/google/uuid"`},
		{"test modules are for tests", "crdt/bad.go", "package crdt\nimport \"pgregory.net/rapid\"", `imports "pgregory.net/rapid"`},
		{"test packages are for tests", "app/workspace/bad.go", "package workspace\nimport \"inkling/storage/storagetest\"", "is for tests"},

		{"no files in the document", "crdt/bad.go", "package crdt\nimport \"os\"", `imports "os", but crdt is pure`},
		{"no sockets in a state machine", "netsync/link/bad.go", "package link\nimport \"net\"", `imports "net", but netsync/link is pure`},
		{"no dice in the document", "crdt/bad.go", "package crdt\nimport \"math/rand/v2\"", "is pure"},
		{"no clock", "crdt/bad.go", "package crdt\nimport \"time\"\nvar t = time.Now()", "uses time.Now"},
		{"no clock under another name", "crdt/bad.go", "package crdt\nimport clock \"time\"\nvar t = clock.Now()", "uses time.Now"},
		{"no goroutine", "editor/model/bad.go", "package model\nfunc f() { go f() }", "starts a goroutine"},

		{"a package has a comment", "app/cli/bad.go", "package cli", "has 0 package comments"},
		{"and only one", "crdt/bad.go", "// Package crdt again.\npackage crdt", "has 2 package comments"},
		{"that go doc understands", "app/cli/bad.go", "// Commands.\npackage cli", "does not begin with"},
		{"names say something", "app/utils/bad.go", "// Package utils is vague.\npackage utils", "says nothing of what is inside"},
		{"the package's too", "app/cli/bad.go", "// Package helpers is vague.\npackage helpers", "package helpers: the name says nothing"},
		{"the top is fixed", "internal/bad/bad.go", "// Package bad is new.\npackage bad", "no folder of the house"},
		{"also for what is not Go", "misc/notes.txt", "", "no folder of the house"},
		{"a layer has a line", "backup/bad.go", "// Package backup is new.\npackage backup", "without a line in the table"},
		{"nothing left to do", "crdt/bad.go", "package crdt\n\n// TO" + "DO: later\nvar x int", "finish it or write an issue"},
		{"what does not parse is seen", "crdt/bad.go", "package", "expected 'IDENT'"},
	}
	for _, p := range planted {
		tree := good()
		tree[p.file] = &fstest.MapFile{Data: []byte(p.source)}
		violations := inspect(tree).violations
		if !names(violations, p.file, p.want) {
			t.Errorf("%s: %s was not reported with %q; the report is:\n%s", p.rule, p.file, p.want, strings.Join(violations, "\n"))
		}
	}
}

// names says whether a violation is of the file, its folder or its top folder, and says want.
func names(violations []string, file, want string) bool {
	folder, _, _ := strings.Cut(file, "/")
	for _, v := range violations {
		if strings.HasPrefix(strings.TrimPrefix(v, "./"), folder) && strings.Contains(v, want) {
			return true
		}
	}
	return false
}

func TestLongFilesAreReported(t *testing.T) {
	tree := good()
	tree["crdt/long.go"] = &fstest.MapFile{Data: []byte("package crdt\n" + strings.Repeat("\n", longFile))}
	if got := inspect(tree).longFiles; len(got) != 1 || !strings.HasPrefix(got[0], "crdt/long.go: 501 lines") {
		t.Errorf("long files: %q", got)
	}
}
