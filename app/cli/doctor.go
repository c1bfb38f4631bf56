package cli

import (
	"context"
	"fmt"
	"time"

	"inkling/netsync/diagnosis"
)

// patientAfter is when the person is told that the examination goes on.
const patientAfter = 4 * time.Second

// marks show what a finding means at the beginning of its line.
var marks = map[diagnosis.Mark]string{diagnosis.Good: "ok ", diagnosis.Unsure: " ? ", diagnosis.Wrong: "-> "}

func doctor(ctx context.Context, c *Call) error {
	if len(c.Args) > 1 {
		return usageError{"doctor takes one address, or nothing"}
	}
	named := ""
	if len(c.Args) == 1 {
		named = c.Args[0]
	}
	patience := time.AfterFunc(patientAfter, func() {
		fmt.Fprintln(c.Stderr, "Waiting for computers that do not answer; this takes up to 20 seconds.")
	})
	findings, err := c.Workspace.Examine(ctx, named)
	patience.Stop()
	if err != nil {
		return err
	}
	count := map[diagnosis.Mark]int{}
	for _, f := range findings {
		count[f.Mark]++
		c.printf("%s %s\n", marks[f.Mark], f.What)
		if f.Do != "" {
			c.printf("    %s\n", f.Do)
		}
	}
	switch {
	case count[diagnosis.Wrong] == 1:
		return fmt.Errorf("one thing needs your attention, marked ->")
	case count[diagnosis.Wrong] > 1:
		return fmt.Errorf("%d things need your attention, marked ->", count[diagnosis.Wrong])
	case count[diagnosis.Unsure] > 0:
		c.printf("Nothing is wrong that can be told from this computer alone; see what is marked ?.\n")
	default:
		c.printf("All is well.\n")
	}
	return nil
}
