package cli

import (
	"context"
	"errors"
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
	switch wrong {
	case 0:
		c.printf("All is well.\n")
		return nil
	case 1:
		return errors.New("one thing needs your attention")
	}
	return fmt.Errorf("%d things need your attention", wrong)
}
