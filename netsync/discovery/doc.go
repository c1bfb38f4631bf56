// Package discovery finds Inkling programs on the local network by multicast
// DNS (RFC 6762), service _inkling._udp.
package discovery
