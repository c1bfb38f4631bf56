package crdttest

import (
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"
)

func traceFile(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "trace.json.gz")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestLoadTrace(t *testing.T) {
	noon := time.Date(2021, 4, 19, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		file string
		want Trace
	}{
		"sequential": {
			`{"startContent":"a","endContent":"xé","txns":[{"time":"2021-04-19T12:00:00.000Z","patches":[[0,1,""],[0,0,"é"]]},{"time":"2021-04-19T14:00:00+02:00","patches":[[0,0,"x"]]}]}`,
			Trace{Agents: 1, End: "xé", Txns: []Txn{
				{Edits: []Edit{{Insert: "a"}}},
				{Parents: []int{0}, Time: noon, Edits: []Edit{{Delete: 1}, {Insert: "é"}}},
				{Parents: []int{1}, Time: noon, Edits: []Edit{{Insert: "x"}}},
			}},
		},
		"concurrent": {
			`{"kind":"concurrent","endContent":"ab","numAgents":2,"txns":[{"parents":[],"numChildren":1,"agent":0,"time":"2021-04-19T12:00:00Z","patches":[[0,0,"a"]]},{"parents":[0],"numChildren":0,"agent":1,"time":"2021-04-19T12:00:00Z","patches":[[1,0,"b"]]}]}`,
			Trace{Agents: 2, End: "ab", Txns: []Txn{
				{Parents: []int{}, Time: noon, Edits: []Edit{{Insert: "a"}}},
				{Parents: []int{0}, Agent: 1, Time: noon, Edits: []Edit{{At: 1, Insert: "b"}}},
			}},
		},
	} {
		got, err := LoadTrace(traceFile(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		for i := range got.Txns {
			got.Txns[i].Time = got.Txns[i].Time.UTC()
		}
		if !reflect.DeepEqual(*got, c.want) {
			t.Errorf("%s: %+v, want %+v", name, *got, c.want)
		}
	}
	for name, text := range map[string]string{
		"no JSON":       `[`,
		"no time":       `{"txns":[{"patches":[]}]}`,
		"no patch":      `{"txns":[{"time":"2021-04-19T12:00:00Z","patches":[[0,"x"]]}]}`,
		"no parent":     `{"kind":"concurrent","txns":[{"parents":[3],"time":"2021-04-19T12:00:00Z","patches":[]}]}`,
		"a text before": `{"kind":"concurrent","startContent":"x","txns":[]}`,
	} {
		if got, err := LoadTrace(traceFile(t, text)); err == nil {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if _, err := LoadTrace(filepath.Join(t.TempDir(), "none")); err == nil {
		t.Error("a file that is not there was read")
	}
	plain := filepath.Join(t.TempDir(), "plain")
	if err := os.WriteFile(plain, []byte("text"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := LoadTrace(plain); err == nil {
		t.Error("a file that is not compressed was read")
	}
}
