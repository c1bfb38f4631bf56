//go:build !windows && !darwin

package workspace

import (
	"os"
	"path/filepath"
)

func dataHome() (string, error) {
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "share"), err
}
