//go:build !windows

package survey

import "syscall"

const (
	refused      = syscall.ECONNREFUSED
	reset        = syscall.ECONNRESET
	noNetwork    = syscall.ENETUNREACH
	noPermission = syscall.EPERM // a firewall of this computer
	noAccess     = syscall.EACCES
	inUse        = syscall.EADDRINUSE
)
