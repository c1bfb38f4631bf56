package workspace

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strings"
)

// DefaultDir returns the library folder of a person who names none: the XDG data
// folder, or what the system has for it.
func DefaultDir() (string, error) {
	if d := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(d) {
		return filepath.Join(d, "inkling"), nil
	}
	base, err := dataHome()
	if err != nil {
		return "", fmt.Errorf("no folder for your documents is known (%w): name one with --data DIR", err)
	}
	return filepath.Join(base, "inkling"), nil
}

// keySuffix ends the name of a device key's file.
const keySuffix = ".key"

// KeyPath returns where the device key of the library in dir is kept: outside the
// library, so that neither a copy of the folder nor a backup carries it along.
// dir must be absolute.
func KeyPath(dir string) (string, error) {
	base, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no folder for the device key is known: %w", err)
	}
	sum := sha256.Sum256([]byte(realDir(dir)))
	return filepath.Join(base, "inkling", "devices", hex.EncodeToString(sum[:8])+keySuffix), nil
}

// deviceKey returns the device key of the library in dir, made at the first start.
// The file holds the 32-byte Ed25519 seed in hexadecimal and a newline; mode 0600.
func deviceKey(dir string) (ed25519.PrivateKey, error) {
	path, err := KeyPath(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return newDeviceKey(path)
	}
	if err != nil {
		return nil, fmt.Errorf("read the device key: %w", err)
	}
	seed, err := hex.DecodeString(strings.TrimSpace(string(text)))
	if err != nil || len(seed) != ed25519.SeedSize {
		return nil, fmt.Errorf("the device key in %s is damaged. Move the file away and start again: this computer then counts as a new one, and people you wrote with have to invite it again", path)
	}
	return ed25519.NewKeyFromSeed(seed), nil
}

// newDeviceKey writes a new key to path. A power cut leaves a whole key or none.
func newDeviceKey(path string) (ed25519.PrivateKey, error) {
	_, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make the device key: %w", err)
	}
	if err := writeWhole(path, hex.EncodeToString(key.Seed())+"\n"); err != nil {
		return nil, fmt.Errorf("make the device key: %w", err)
	}
	return key, nil
}

// personName returns the name by which others see a person who chose none: the
// full name the system knows, or the login name.
func personName() string {
	u, err := user.Current()
	if err != nil {
		return "Somebody"
	}
	full, _, _ := strings.Cut(u.Name, ",")
	for _, name := range []string{strings.TrimSpace(full), filepath.Base(filepath.ToSlash(u.Username))} {
		if name != "" && name != "root" && name != "." {
			return name
		}
	}
	return "Somebody"
}
