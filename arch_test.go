package main_test

import (
	"os"
	"testing"
)

// The house as a table (ARCHITECTURE.md draws it). A layer is a folder with all below it that has no line of its own.
// What a layer does not list it must not import; why says what would be lost. The standard library is free to all but
// the pure layers, see impure in arch_rules_test.go.
var house = []layer{
	{folder: "", ours: []string{"app"},
		why: "main has flags and an exit code; what it does beyond handing over to app, no test could reach"},

	{folder: "crdt", ours: []string{"crdt/internal"}, theirs: []string{"github.com/klauspost/compress/zstd"}, pure: true,
		why: "the document must give the same result everywhere and be provable alone; zstd packs what is stored of it"},
	{folder: "crdt/internal", ours: []string{"crdt/internal"}, pure: true,
		why: "trees and coders that know no document are tried and measured by themselves"},
	{folder: "crdt/portable", ours: []string{"crdt"}, theirs: []string{"github.com/klauspost/compress/zstd"}, pure: true,
		why: "a document as one file is values in, bytes out: who opens the file, and what becomes of the document, is elsewhere"},
	{folder: "crdt/crdttest", ours: []string{"crdt"},
		why: "the oracle would prove nothing if it shared more than values with what it judges"},

	{folder: "storage", ours: []string{"crdt"}, theirs: []string{"modernc.org/sqlite", "golang.org/x/sys"},
		why: "what is on disk must outlive every other part; it knows of peers only keys and names"},
	{folder: "storage/disktest", theirs: []string{"modernc.org/sqlite", "modernc.org/libc"},
		why: "it stands in for a disk, to anything that uses SQLite"},

	{folder: "netsync", ours: []string{"crdt", "netsync"},
		theirs: []string{"github.com/quic-go/quic-go", "github.com/fxamacker/cbor/v2", "golang.org/x/crypto", "golang.org/x/net", "golang.org/x/sys"},
		why:    "it reaches the library through netsync.Library, so that it can be tried without a disk"},
	{folder: "netsync/wire", ours: []string{"crdt"}, theirs: []string{"github.com/fxamacker/cbor/v2"}, pure: true,
		why: "bytes from strangers are decoded here: values in, values out"},
	{folder: "netsync/link", ours: []string{"crdt", "netsync/wire", "netsync/pairing"}, pure: true,
		why: "a state machine that is given the time and the dice replays every failure"},
	{folder: "netsync/docsync", ours: []string{"crdt", "netsync/wire"}, pure: true,
		why: "a state machine that is given the time and the dice replays every failure"},
	{folder: "netsync/reconcile", ours: []string{"crdt", "netsync/wire"}, pure: true,
		why: "what differs between two sets is a function of the two: both ends run side by side in a test, without a stream"},
	{folder: "netsync/bulk", ours: []string{"crdt", "netsync/wire"},
		why: "it keeps bytes that nobody has judged yet: it must know of documents only their names"},
	{folder: "netsync/pairing", ours: []string{"netsync/pairing"}, theirs: []string{"filippo.io/edwards25519"}, pure: true,
		tests: []string{"github.com/cloudflare/circl"},
		why:   "proofs of identity are checked against vectors, so they take their randomness as an argument"},
	{folder: "netsync/diagnosis", pure: true,
		why: "what follows from what was seen is judged without looking, so that every case can be tried"},
	{folder: "netsync/survey", ours: []string{"netsync/diagnosis"}, theirs: []string{"golang.org/x/net"},
		why: "it sees what every program may see; it needs no keys or documents"},
	{folder: "netsync/discovery", theirs: []string{"github.com/hashicorp/mdns", "github.com/miekg/dns", "golang.org/x/net", "golang.org/x/sys"},
		why: "it finds programs; it must have no keys or documents that it could give away"},

	{folder: "editor", ours: []string{"editor", "assets"},
		theirs: []string{"fyne.io/fyne/v2", "github.com/go-text/typesetting", "golang.org/x/image"},
		why:    "the widget edits any model.Document; with the library behind it, it could not be tried alone"},
	{folder: "editor/model", theirs: []string{"github.com/rivo/uniseg"}, pure: true,
		why: "editing is tested by marked text, without a window, a disk or a network"},
	{folder: "editor/layout", ours: []string{"editor/model"},
		theirs: []string{"github.com/go-text/typesetting", "github.com/rivo/uniseg", "golang.org/x/image", "golang.org/x/text"},
		tests:  []string{"inkling/assets/fonts"},
		why:    "lines are numbers; faces come in as values"},
	{folder: "editor/raster", ours: []string{"editor/layout"},
		theirs: []string{"github.com/go-text/typesetting", "golang.org/x/image"},
		tests:  []string{"inkling/assets/fonts"},
		why:    "glyphs become pixels in memory, whatever shows them"},

	{folder: "app", ours: []string{"app", "storage", "netsync", "crdt"},
		why: "it wires; what it would draw belongs into app/ui"},
	{folder: "app/workspace", ours: []string{"crdt", "storage", "netsync"},
		why: "the server and the sub-commands use it too: no window here, and no editor"},
	{folder: "app/handover", theirs: []string{"golang.org/x/sys"},
		why: "it carries a command line to the running program, whatever the command"},
	{folder: "app/cli", ours: []string{"app/workspace", "app/handover", "app/qrcode", "crdt", "storage", "netsync"},
		why: "sub-commands are in the static build, which has no window"},
	{folder: "app/qrcode", theirs: []string{"rsc.io/qr"},
		why: "a link becomes black and white squares, whoever shows them"},
	{folder: "app/ui", ours: []string{"editor", "app/workspace", "app/qrcode", "assets", "crdt"}, theirs: []string{"fyne.io/fyne/v2"},
		why: "the window never waits: disk and network are behind app/workspace; of the document it has ids and places"},
	{folder: "app/desktop", ours: []string{"app/ui", "app/cli", "app/workspace", "assets"}, theirs: []string{"fyne.io/fyne/v2"},
		why: "it opens the window and does nothing else, for it cannot be tested without a display"},

	{folder: "assets", theirs: []string{"fyne.io/fyne/v2"},
		why: "embedded files have no code to depend on"},
	{folder: "assets/fonts", tests: []string{"github.com/go-text/typesetting"},
		why: "faces are bytes to whoever shapes text with them"},
	{folder: "packaging",
		why: "installers are judged as files, from outside"},
	{folder: "uitest", theirs: []string{"fyne.io/fyne/v2", "github.com/jezek/xgb", "golang.org/x/image"},
		why: "it drives the built program as a person does; with our packages in hand it would test those instead"},
}

// bans hold across the table, in test files too.
var bans = []ban{
	{path: "fyne.io/fyne/v2/app", only: []string{"app/desktop"},
		why: "it needs cgo and a display: every test but uitest runs without both"},
	{path: "fyne.io/fyne/v2", only: []string{"editor/", "app/ui", "app/desktop", "assets/", "uitest"},
		why: "what knows no toolkit can be tested without one and outlives it"},
	{path: "inkling/app/desktop", only: []string{"app/"},
		why: "whoever imports it needs cgo and a display"},
	{path: "C", only: nil,
		why: "our own code is Go alone, so that CGO_ENABLED=0 gives a program for servers"},
	{path: "unsafe", only: []string{"storage/", "storage/disktest", "app/handover", "netsync/socket"}, // for system calls, and SQLite's own, that have no other form
		why: "memory safety is what lets a decoder meet bytes from strangers"},
}

// forTests are modules that test files and test packages may use in every layer.
var forTests = []string{
	"pgregory.net/rapid", "go.uber.org/goleak", "golang.org/x/tools", "github.com/quic-go/quic-go/testutils",
	"github.com/makiuchi-d/gozxing", // reads QR codes
}

// topFolders is all that may lie at the top, beside hidden folders.
var topFolders = []string{
	"crdt", "storage", "netsync", "editor", "app", "assets", "packaging", "uitest", // the house
	"scripts", "tools", // what make calls
	"docs", // pictures of the README; words are beside the code
	"out",  // what make builds; not in git
}

func TestHouse(t *testing.T) {
	report := inspect(os.DirFS("."))
	for _, violation := range report.violations {
		t.Error(violation)
	}
	for _, long := range report.longFiles {
		t.Log(long)
	}
	if report.packages == 0 {
		t.Error("not one package was looked at: the test does not run at the top of the module")
	}
}
