package survey

import "syscall"

// Winsock's own numbers: the syscall package invents others for the POSIX names.
const (
	refused      = syscall.Errno(10061) // WSAECONNREFUSED
	reset        = syscall.Errno(10054) // WSAECONNRESET: what UDP says when nothing listens
	noNetwork    = syscall.Errno(10051) // WSAENETUNREACH
	noPermission = syscall.Errno(10013) // WSAEACCES: a firewall
	noAccess     = syscall.Errno(5)     // ERROR_ACCESS_DENIED
	inUse        = syscall.Errno(10048) // WSAEADDRINUSE
)
