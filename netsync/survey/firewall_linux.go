package survey

import (
	"os"
	"path/filepath"
	"strings"
)

// ufwSwitch is the file in which ufw keeps whether it is on; everybody can read it.
const ufwSwitch = "/etc/ufw/ufw.conf"

// Firewalls returns which of the firewalls "ufw" and "firewalld" are on, as far as
// anybody can see. Rules that were set without them are shown to administrators only.
func Firewalls() (on []string) {
	if conf, err := os.ReadFile(ufwSwitch); err == nil && ufwOn(string(conf)) {
		on = append(on, "ufw")
	}
	if running("firewalld") {
		on = append(on, "firewalld")
	}
	return on
}

// ufwOn reads ufw.conf.
func ufwOn(conf string) bool {
	for line := range strings.Lines(conf) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		if strings.TrimSpace(key) == "ENABLED" {
			return strings.EqualFold(strings.Trim(strings.TrimSpace(value), `"'`), "yes")
		}
	}
	return false
}

// running says whether a program of that name runs.
func running(name string) bool {
	all, err := filepath.Glob("/proc/[0-9]*/comm")
	if err != nil {
		return false
	}
	for _, path := range all {
		if comm, err := os.ReadFile(path); err == nil && strings.TrimSpace(string(comm)) == name {
			return true
		}
	}
	return false
}
