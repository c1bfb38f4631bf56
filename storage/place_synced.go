package storage

import (
	"os"
	"path/filepath"
	"strings"
)

// How the folders of programs that keep several computers in step are known: by a file that the program leaves in the
// topmost folder that it has, or, where it leaves none, by the name that it gives to that folder.

// marks are patterns of what lies in such a folder. A mark with a file is not a folder: ~/.dropbox is one, and the
// program's own.
var marks = []struct {
	program, pattern string
	file             bool
}{
	{program: "Dropbox", pattern: ".dropbox", file: true},
	{program: "Dropbox", pattern: ".dropbox.cache"},
	{program: "OneDrive", pattern: ".849C9593-D756-4E56-8D6E-42412F2A707B"},
	{program: "Google Drive", pattern: ".tmp.drivedownload"},
	{program: "Google Drive", pattern: ".tmp.driveupload"},
	{program: "Nextcloud or ownCloud", pattern: ".sync_*.db", file: true},
	{program: "Nextcloud or ownCloud", pattern: "._sync_*.db", file: true},
	{program: "Nextcloud", pattern: ".nextcloudsync.log", file: true},
	{program: "ownCloud", pattern: ".owncloudsync.log", file: true},
	{program: "Syncthing", pattern: ".stfolder"},
	{program: "Resilio Sync", pattern: filepath.Join(".sync", "ID"), file: true},
}

// names are what such folders are called; one that ends in * begins so.
var names = []struct{ program, name string }{
	{"Dropbox", "Dropbox"},
	{"Dropbox", "Dropbox (*"}, // Dropbox (Personal)
	{"OneDrive", "OneDrive"},
	{"OneDrive", "OneDrive - *"}, // OneDrive - Company
	{"Google Drive", "Google Drive"},
	{"Google Drive", "GoogleDrive*"}, // GoogleDrive-ana@example.org
	{"iCloud", "iCloud Drive"},
	{"iCloud", "iCloudDrive"},
	{"iCloud", "Mobile Documents"}, // in ~/Library
	{"a cloud program", "CloudStorage"},
	{"Nextcloud", "Nextcloud"},
	{"ownCloud", "ownCloud"},
}

// syncedBy returns the program that keeps dir in step with other computers, "" when none is known to. dir is a real
// path and need not exist.
func syncedBy(dir string) string {
	for at := dir; ; at = filepath.Dir(at) {
		for _, found := range []string{markIn(at), namedFor(filepath.Base(at)), cloudAttribute(at)} {
			if found != "" {
				return found
			}
		}
		if at == filepath.Dir(at) {
			return ""
		}
	}
}

// markIn returns the program that has left its mark in a folder.
func markIn(folder string) string {
	for _, m := range marks {
		parent, pattern := filepath.Split(filepath.Join(folder, m.pattern))
		entries := []string{filepath.Base(pattern)}
		if strings.Contains(pattern, "*") {
			list, _ := os.ReadDir(parent) // a folder that may not be read has no marks for us
			entries = entries[:0]
			for _, e := range list {
				if fits, _ := filepath.Match(pattern, e.Name()); fits { // the patterns are well-formed
					entries = append(entries, e.Name())
				}
			}
		}
		for _, name := range entries {
			if info, err := os.Lstat(filepath.Join(parent, name)); err == nil && (!m.file || info.Mode().IsRegular()) {
				return m.program
			}
		}
	}
	return ""
}

// namedFor returns the program that calls its folder name.
func namedFor(name string) string {
	for _, n := range names {
		beginning, open := strings.CutSuffix(n.name, "*")
		if name == n.name || open && strings.HasPrefix(name, beginning) {
			return n.program
		}
	}
	return ""
}
