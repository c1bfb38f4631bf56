package storage_test

import "os"

// roomOf returns how many bytes of the disk a file takes: Windows has holes only where they are asked for.
func roomOf(info os.FileInfo) int64 { return info.Size() }
