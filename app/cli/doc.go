// Package cli is the program without a window: the sub-commands that list, export,
// import and look after the documents of a library.
//
// A command is a function of a [Call]: an open workspace, arguments, and where to
// write. It does not know whether it runs in the process that the person started or
// in the running program that owns the library and was handed the command line;
// both give the same answer. Relative file names count from Call.Dir.
//
//	exit := cli.Run(ctx, cli.Call{Workspace: w, Args: []string{"list"}, …})
//
// Exit codes: 0 done, 1 it could not be done (a sentence on stderr says why and
// what to do), 2 the command line is wrong.
//
// What needs no library (version, help) and what owns it for long (the window,
// serve) is in package app.
package cli
