package crdttest

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"inkling/crdt"
)

// # The text of a history
//
// A line for each op, in a causal order, as the oracle that the proof gives reads them:
//
//	i ID ORIGIN NAMED      an Insert of one code point; ORIGIN and NAMED are an ID or -
//	d ID TARGET...         a Delete
//	r ID TARGET            a Restore
//	x ID                   an op that does nothing
//
// and in front of each change's ops a line that the oracle needs not, with the last ops of the changes that are its
// causes:
//
//	c CAUSE...
//
// An ID is a Lamport and the numbers of its writer, joined by dots: the rank of the ReplicaID, and
// in a chain that forked the ranks of the hashes of its changes, from the first to the one that holds the op. Ids are ordered by the
// Lamport, then by these numbers.

// String returns h with the lines of its changes.
func (h *History) String() string { return h.text(true) }

// Ops returns h as the oracle reads it.
func (h *History) Ops() string { return h.text(false) }

func (h *History) text(changes bool) string {
	var b strings.Builder
	writers := h.writers()
	id := func(d *deed) string {
		if d == nil {
			return "-"
		}
		return fmt.Sprintf("%d.%s", d.lamport, writers[d.in])
	}
	for _, e := range h.entries {
		if changes {
			b.WriteByte('c')
			for _, k := range e.causes {
				b.WriteString(" " + id(k.last()))
			}
			b.WriteByte('\n')
		}
		for _, d := range e.deeds {
			fmt.Fprintf(&b, "%c %s", d.verb, id(d))
			if d.verb == 'i' {
				b.WriteString(" " + id(d.origin) + " " + id(d.named))
			}
			for _, target := range d.targets {
				b.WriteString(" " + id(target))
			}
			b.WriteByte('\n')
		}
	}
	return b.String()
}

// writers returns the numbers in the ids of each change's ops.
func (h *History) writers() map[*entry]string {
	families := map[int][]*entry{}
	for _, e := range h.entries {
		families[e.writer] = append(families[e.writer], e)
	}
	numbers := map[*entry]string{}
	for writer, family := range families {
		forked := h.forked(writer)
		ranked := slices.SortedFunc(slices.Values(family), func(e, k *entry) int { return bytes.Compare(e.hash[:], k.hash[:]) })
		for _, e := range family {
			switch {
			case !forked:
				numbers[e] = strconv.Itoa(writer)
			case e.previous == nil:
				numbers[e] = fmt.Sprintf("%d.%d", writer, slices.Index(ranked, e))
			default:
				numbers[e] = fmt.Sprintf("%s.%d", numbers[e.previous], slices.Index(ranked, e))
			}
		}
	}
	return numbers
}

// Answer returns what the oracle should say of a document with all of h: its elements in document order,
// order, each with + when it is visible and - when not.
func (h *History) Answer(order []crdt.ID, visible func(crdt.ID) bool) string {
	deeds, writers := h.names(), h.writers()
	words := make([]string, len(order))
	for i, id := range order {
		sign := "-"
		if visible(id) {
			sign = "+"
		}
		if d := deeds[id]; d != nil {
			words[i] = fmt.Sprintf("%s%d.%s", sign, d.lamport, writers[d.in])
		} else {
			words[i] = fmt.Sprintf("%s%v?", sign, id)
		}
	}
	return strings.Join(words, " ")
}

// ParseHistory reads what [History.String] wrote and makes its bytes. An error says that it is no history, or one
// whose hashes would be others now.
func ParseHistory(text string) (*History, error) {
	p := parsing{h: &History{}, deeds: map[string]*deed{}, ends: map[string]*entry{}}
	for line := range strings.Lines(text) {
		if p.line(strings.Fields(line)); p.err != nil {
			return nil, fmt.Errorf("line %q: %w", strings.TrimSpace(line), p.err)
		}
	}
	if p.h.number(); !p.h.sound() {
		return nil, errors.New("there are no bytes for that")
	}
	p.h.write()
	if again := p.h.String(); again != text {
		return nil, fmt.Errorf("it reads as\n%s", again)
	}
	return p.h, nil
}

// parsing is a text that is being read.
type parsing struct {
	h     *History
	deeds map[string]*deed
	ends  map[string]*entry // by the numbers of the writer
	err   error
}

func (p *parsing) line(words []string) {
	if len(words) == 0 {
		return
	}
	if words[0] == "c" {
		e := &entry{}
		for _, word := range words[1:] {
			if k := p.known(word); k != nil {
				e.causes = append(e.causes, k.in)
			}
		}
		p.h.entries = append(p.h.entries, e)
		return
	}
	if len(p.h.entries) == 0 || len(words) < 2 || len(words[0]) != 1 {
		p.err = fmt.Errorf("no op of a change")
		return
	}
	e := p.h.entries[len(p.h.entries)-1]
	d := &deed{verb: words[0][0], in: e}
	if len(e.deeds) == 0 {
		p.begin(e, words[1])
	}
	switch rest := words[2:]; {
	case d.verb == 'i' && len(rest) == 2:
		d.origin, d.named = p.known(rest[0]), p.known(rest[1])
	case d.verb == 'd' && len(rest) > 0, d.verb == 'r' && len(rest) == 1:
		for _, word := range rest {
			d.targets = append(d.targets, p.known(word))
		}
	case d.verb != 'x' || len(rest) > 0:
		p.err = fmt.Errorf("no op")
	}
	e.deeds = append(e.deeds, d)
	p.deeds[words[1]] = d
}

// begin finds out whose change e is, and from which it goes on, by the id of its first op.
func (p *parsing) begin(e *entry, id string) {
	_, name, _ := strings.Cut(id, ".")
	writer, ranks, _ := strings.Cut(name, ".")
	if e.writer, p.err = strconv.Atoi(writer); p.err != nil {
		return
	}
	if e.previous = p.ends[name]; ranks != "" {
		e.previous = p.ends[name[:strings.LastIndexByte(name, '.')]]
	}
	p.ends[name] = e
}

// known returns the op of an id, nil for none.
func (p *parsing) known(id string) *deed {
	d := p.deeds[id]
	if d == nil && id != "-" {
		p.err = fmt.Errorf("%s is not known yet", id)
	}
	return d
}
