package crdttest

import (
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"
)

// Trace is a recorded editing session from https://github.com/josephg/editing-traces
// (CC BY 4.0), of one person or of several at once.
type Trace struct {
	Agents int // 1 in a sequential trace
	Txns   []Txn
	End    string // the text at the end
}

// Txn is edits that one person made at one time.
type Txn struct {
	Parents []int // the txns that it was made in knowledge of, with theirs; in a sequential trace the one before
	Agent   int
	Time    time.Time
	Edits   []Edit
}

// rawTrace is a trace as its file has it.
type rawTrace struct {
	Kind         string
	StartContent string
	EndContent   string
	NumAgents    int
	Txns         []struct {
		Parents []int
		Agent   int
		Time    string
		Patches [][]any
	}
}

// LoadTrace reads a gzipped JSON trace, sequential or concurrent.
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
	var raw rawTrace
	if err := json.NewDecoder(z).Decode(&raw); err != nil {
		return nil, fmt.Errorf("read trace %s: %w", path, err)
	}
	t, err := raw.trace()
	if err != nil {
		return nil, fmt.Errorf("read trace %s: %w", path, err)
	}
	return t, nil
}

func (raw *rawTrace) trace() (*Trace, error) {
	t := &Trace{Agents: max(1, raw.NumAgents), End: raw.EndContent}
	concurrent := raw.Kind == "concurrent"
	if raw.StartContent != "" && concurrent {
		return nil, errors.New("a concurrent trace that begins with a text")
	}
	if raw.StartContent != "" {
		t.Txns = append(t.Txns, Txn{Edits: []Edit{{Insert: raw.StartContent}}})
	}
	for i, r := range raw.Txns {
		at, err := time.Parse(time.RFC3339, r.Time)
		if err != nil {
			return nil, err
		}
		txn := Txn{Agent: r.Agent, Time: at, Parents: r.Parents}
		for _, p := range r.Patches {
			e, err := edit(p)
			if err != nil {
				return nil, err
			}
			txn.Edits = append(txn.Edits, e)
		}
		if !concurrent && len(t.Txns) > 0 {
			txn.Parents = []int{len(t.Txns) - 1}
		}
		for _, parent := range txn.Parents {
			if parent < 0 || parent >= len(t.Txns) {
				return nil, fmt.Errorf("txn %d has the parent %d", i, parent)
			}
		}
		t.Txns = append(t.Txns, txn)
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
