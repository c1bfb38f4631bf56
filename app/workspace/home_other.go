//go:build windows || darwin

package workspace

import (
	"os"
	"path/filepath"
	"runtime"
)

func dataHome() (string, error) {
	if runtime.GOOS == "windows" {
		return os.UserCacheDir() // %LocalAppData%: does not roam, as a database must not
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, "Library", "Application Support"), err
}
