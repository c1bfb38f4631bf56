package storage

import (
	"context"
	"fmt"
	"strings"

	"inkling/crdt"
)

// MaxFound is how many documents a search gives at most: those that fit best.
const MaxFound = 30

// snippetWords is how many words a snippet has at most.
const snippetWords = 16

// Marks that SQLite puts around what was found. No indexed text has them.
const (
	hitBegins = "\x02"
	hitEnds   = "\x03"
)

// Found is a document that fits a search.
type Found struct {
	Document         // without preview and people: the snippet says more
	Snippet  []Piece // a line of its text, from where it fits best
}

// Piece is a part of a snippet.
type Piece struct {
	Text string
	Hit  bool // it is what was searched for
}

// foundSQL has SQLite rank the documents first, and make snippets of those few that are shown. A word found in a title
// counts as much as a hundred in the text.
const foundSQL = `
SELECT doc.name, snippet(search, 1, ?2, ?3, '…', ?4)
  FROM search CROSS JOIN doc ON doc.id = search.rowid
 WHERE search MATCH ?1 AND search.rank MATCH 'bm25(100.0, 1.0)' AND doc.deleted IS NULL AND doc.destroyed IS NULL
 ORDER BY search.rank LIMIT ?5`

// Search gives the documents that fit what a person typed, the best first, at most [MaxFound] of them. It never refuses
// what was typed: see [matchOf] for what that means. Documents in the bin are not found. An edit is found
// as soon as [Library.Index] knows of it. A damaged index gives an [*IndexDamageError].
func (l *Library) Search(ctx context.Context, typed string) ([]Found, error) {
	match := matchOf(typed)
	if match == "" {
		return nil, nil
	}
	found, err := l.search(ctx, match)
	if err != nil {
		return nil, fmt.Errorf("storage: search for %.100q: %w", typed, orIndexDamage(err))
	}
	return found, nil
}

func (l *Library) search(ctx context.Context, match string) ([]Found, error) {
	rows, err := l.readers.QueryContext(ctx, foundSQL, match, hitBegins, hitEnds, snippetWords, MaxFound)
	if err != nil {
		return nil, err
	}
	found, err := collect(rows, func(scan func(...any) error) (f Found, err error) {
		var name []byte
		var snippet string
		if err = scan(&name, &snippet); err == nil {
			err = fill(f.ID[:], name, "name")
		}
		f.Snippet = piecesOf(snippet)
		return f, err
	})
	if err != nil {
		return nil, err
	}
	return l.describe(found)
}

// describe fills in the documents of found, but of those that were destroyed meanwhile, which it leaves out.
func (l *Library) describe(found []Found) ([]Found, error) {
	kept := found[:0]
	for _, f := range found {
		documents, err := l.documents(`AND doc.name = ?`, f.ID[:])
		if err != nil {
			return nil, err
		}
		if len(documents) > 0 && documents[0].ID != (crdt.DocID{}) {
			f.Document = documents[0]
			kept = append(kept, f)
		}
	}
	return kept, nil
}

// piecesOf reads a snippet as SQLite gives it, and makes one line of it.
func piecesOf(snippet string) []Piece {
	snippet = strings.NewReplacer(string(seam), "", "\n", " ").Replace(snippet)
	var pieces []Piece
	add := func(text string, hit bool) {
		if text != "" {
			pieces = append(pieces, Piece{text, hit})
		}
	}
	for snippet != "" {
		before, rest, _ := strings.Cut(snippet, hitBegins)
		hit, behind, _ := strings.Cut(rest, hitEnds)
		add(before, false)
		add(hit, true)
		snippet = behind
	}
	return pieces
}
