// Package handover carries a command line to the program that has a library
// open, and the command's output back.
//
// # Idea
//
// One program owns a library folder; that is decided by the library's lock on
// disk, not here. The owner listens on a socket of the person who runs it. A
// later start that finds the library locked calls the owner, hands its command
// line over, shows what comes back and ends with the same exit code: for the
// person it is as if the command had run where it was typed.
//
// # Words
//
//	owner     the program that has the library; it listens
//	caller    the program that hands a command line over
//	answer    what the owner sends: first whether it takes the command, then
//	          output, at last the exit code
//
// # Smallest example
//
//	l, err := handover.Listen(dir, func(ctx context.Context, r handover.Request, stdout, stderr io.Writer) int {
//		fmt.Fprintln(stdout, r.Args)
//		return 0
//	})
//	defer l.Close()
//
//	// in another program
//	exit, err := handover.Call(ctx, dir, handover.Request{Args: os.Args[1:], Dir: wd}, os.Stdout, os.Stderr)
//
// # Where
//
// The socket is a Unix socket, on Windows too, which has them since Windows 10
// version 1803. See [SocketPath]. Its folder belongs to the user alone; that is
// checked before each use. Elsewhere than on Windows both sides also ask the
// system who is at the other end (SO_PEERCRED, LOCAL_PEERCRED) and go on only
// with a process of the same user; Windows cannot tell, there the access list of
// the user's local application data is what keeps others out.
//
// # Protocol, version 1
//
// A frame is its length in 4 bytes, most significant first, and so many bytes of
// a JSON object. The caller sends one frame and nothing more; to close the
// connection is to cancel the command:
//
//	{"version":1, "args":[base64, ...], "dir":base64}    at most 1 MiB
//
// Arguments are bytes in base64, as file names need not be UTF-8. The owner sends
// frames of at most 64 KiB, within 5 s the first of these, then any number of the
// next two in the order of writing, at last the exit code, and closes:
//
//	{"version":1}                     the command is taken
//	{"version":1, "refused":"text"}   it is not, and this is the last frame; the text says why
//	{"stdout":base64}  {"stderr":base64}
//	{"exit":0}
//
// The first frame of either side has "version" in every version of the protocol.
// An owner that does not speak the caller's version refuses; so does one that has
// 16 callers. Unknown members of an object are passed over.
//
// # What it does not do
//
// It does not decide who owns a library, start programs, or know any command. It
// carries no standard input and no signals but the one to stop. A command whose
// caller does not take its output waits, as it would at a full pipe.
package handover
