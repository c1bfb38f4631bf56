package app

import "os"

// replaceProgram starts another program and ends this one. It returns only if that fails.
func replaceProgram(path string, args []string) error {
	_, err := os.StartProcess(path, args, &os.ProcAttr{Files: []*os.File{os.Stdin, os.Stdout, os.Stderr}})
	if err == nil {
		os.Exit(0)
	}
	return err
}
