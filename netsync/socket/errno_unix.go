//go:build !windows

package socket

import "syscall"

const addressInUse = syscall.EADDRINUSE

// notNow are the errors of a network that is missing, changing, refusing or
// full. EINVAL is what Linux says for a source address that has just gone, EPERM
// what it says when a firewall drops the packet.
var notNow = []syscall.Errno{
	syscall.ENETUNREACH, syscall.EHOSTUNREACH, syscall.EADDRNOTAVAIL, syscall.ENETDOWN, syscall.EHOSTDOWN,
	syscall.EINVAL, syscall.EPERM, syscall.EACCES, syscall.ENOBUFS, syscall.ECONNREFUSED,
}
