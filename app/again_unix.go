//go:build !windows

package app

import (
	"os"
	"syscall"
)

// replaceProgram runs another program in this process. It returns only if that fails.
func replaceProgram(path string, args []string) error { return syscall.Exec(path, args, os.Environ()) }
