package crdttest

import (
	"fmt"
	"slices"
	"strings"
)

// Step is one thing that happens in a random run: what, to which peer, and two numbers
// and a text that say how. A run gives meaning to any numbers, so that each part
// of a script is a script.
type Step struct {
	Verb string
	Peer int
	A, B int
	Text string
}

// Script is the steps of a run. Printed, it is a line per step, which ParseScript reads.
type Script []Step

func (s Script) String() string {
	var b strings.Builder
	for _, t := range s {
		fmt.Fprintf(&b, "%s %d %d %d %q\n", t.Verb, t.Peer, t.A, t.B, t.Text)
	}
	return b.String()
}

// ParseScript reads what Script.String wrote. It panics at anything else: a script is
// part of a test.
func ParseScript(text string) (s Script) {
	for line := range strings.Lines(strings.TrimSpace(text)) {
		var t Step
		if _, err := fmt.Sscanf(strings.TrimSpace(line), "%s %d %d %d %q", &t.Verb, &t.Peer, &t.A, &t.B, &t.Text); err != nil {
			panic(fmt.Sprintf("crdttest: step %q: %v", line, err))
		}
		s = append(s, t)
	}
	return s
}

// Shrink drops steps of a script that fails as long as it still fails: stretches at
// first, single steps in the end. It runs fails at most tries times.
func Shrink(s Script, tries int, fails func(Script) bool) Script {
	for size := len(s) / 2; size > 0; {
		dropped := false
		for at := 0; at < len(s); {
			if tries--; tries < 0 {
				return s
			}
			less := slices.Delete(slices.Clone(s), at, min(at+size, len(s)))
			if fails(less) {
				s, dropped = less, true
			} else {
				at += size
			}
		}
		if size > 1 || !dropped {
			size /= 2
		}
	}
	return s
}
