package survey

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// Holder names the programs, other than this one, that have a UDP port: "avahi-daemon".
// It is "" when there is none, or when this person may not see whose it is.
func Holder(port int) string {
	var inodes []string
	for _, table := range []string{"/proc/net/udp", "/proc/net/udp6"} {
		inodes = append(inodes, socketsOn(table, port)...)
	}
	var names []string
	for _, inode := range inodes {
		if name := ownerOf(inode); name != "" && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return strings.Join(names, ", ")
}

// socketsOn returns the inodes of the sockets that a table of the system has on port.
func socketsOn(table string, port int) (inodes []string) {
	f, err := os.Open(table)
	if err != nil {
		return nil
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		// sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode …
		fields := strings.Fields(lines.Text())
		if len(fields) < 10 {
			continue
		}
		_, local, _ := strings.Cut(fields[1], ":")
		if got, err := strconv.ParseUint(local, 16, 16); err == nil && int(got) == port && fields[9] != "0" {
			inodes = append(inodes, fields[9])
		}
	}
	return inodes
}

// ownerOf returns the name of the program, not this one, that has the socket with an
// inode; "" when it cannot be seen.
func ownerOf(inode string) string {
	want := "socket:[" + inode + "]"
	open, err := filepath.Glob("/proc/[0-9]*/fd/*")
	if err != nil {
		return ""
	}
	own := fmt.Sprintf("/proc/%d/", os.Getpid())
	for _, path := range open {
		if link, err := os.Readlink(path); err != nil || link != want || strings.HasPrefix(path, own) {
			continue
		}
		name, err := os.ReadFile(filepath.Join(filepath.Dir(filepath.Dir(path)), "comm"))
		if err == nil {
			return strings.TrimSpace(string(name))
		}
	}
	return ""
}
