package crdttest

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"os"
)

// Trace is a recorded sequential editing session from
// https://github.com/josephg/editing-traces (sequential_traces; CC BY 4.0).
type Trace struct {
	Edits []Edit
	End   string // the text at the end
}

// LoadTrace reads a gzipped JSON trace. Concurrent traces are an error.
func LoadTrace(path string) (*Trace, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", path, err)
	}
	var raw struct {
		Kind         string
		StartContent string
		EndContent   string
		Txns         []struct{ Patches [][]any }
	}
	if err := json.NewDecoder(z).Decode(&raw); err != nil {
		return nil, fmt.Errorf("read trace %s: %w", path, err)
	}
	if raw.Kind == "concurrent" {
		return nil, fmt.Errorf("read trace %s: it is not sequential", path)
	}
	t := &Trace{End: raw.EndContent}
	if raw.StartContent != "" {
		t.Edits = append(t.Edits, Edit{Insert: raw.StartContent})
	}
	for _, txn := range raw.Txns {
		for _, p := range txn.Patches {
			e, err := edit(p)
			if err != nil {
				return nil, fmt.Errorf("read trace %s: %w", path, err)
			}
			t.Edits = append(t.Edits, e)
		}
	}
	return t, nil
}

// edit reads a patch: [offset, deleted, inserted].
func edit(p []any) (Edit, error) {
	if len(p) == 3 {
		at, ok1 := p[0].(float64)
		deleted, ok2 := p[1].(float64)
		inserted, ok3 := p[2].(string)
		if ok1 && ok2 && ok3 {
			return Edit{At: int(at), Delete: int(deleted), Insert: inserted}, nil
		}
	}
	return Edit{}, fmt.Errorf("%v is not a patch", p)
}
