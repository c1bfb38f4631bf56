//go:build !windows

package storage_test

import (
	"os"
	"syscall"
)

// roomOf returns how many bytes of the disk a file takes.
func roomOf(info os.FileInfo) int64 { return info.Sys().(*syscall.Stat_t).Blocks * 512 }
