// Inkling is an editor for writing together without a server. See README.md.
package main

import (
	"os"

	"inkling/app"
)

// version is set by the build (-ldflags "-X main.version=…").
var version = "development"

func main() { os.Exit(app.Main(version, os.Args[1:])) }
