package socket

import "syscall"

// Winsock's own numbers: the syscall package invents others for the POSIX names.
const addressInUse = syscall.Errno(10048) // WSAEADDRINUSE

// notNow are the errors of a network that is missing, changing, refusing or full.
var notNow = []syscall.Errno{
	10013, // WSAEACCES: a firewall
	10022, // WSAEINVAL: the source address has just gone
	10049, // WSAEADDRNOTAVAIL
	10050, // WSAENETDOWN
	10051, // WSAENETUNREACH
	10054, // WSAECONNRESET: an earlier packet found nobody
	10055, // WSAENOBUFS
	10064, // WSAEHOSTDOWN
	10065, // WSAEHOSTUNREACH
}
