package cli

import (
	"context"
	"fmt"
)

func doctor(ctx context.Context, c *Call) error {
	if len(c.Args) > 0 {
		return usageError{"doctor takes no arguments"}
	}
	wrong := 0
	for _, f := range c.Workspace.Examine(ctx) {
		mark := "ok "
		if !f.OK {
			mark = "-> "
			wrong++
		}
		c.printf("%s %s\n", mark, f.What)
		if f.Do != "" {
			c.printf("    %s\n", f.Do)
		}
	}
	if wrong > 0 {
		return fmt.Errorf("%d thing(s) need your attention", wrong)
	}
	c.printf("All is well.\n")
	return nil
}
