// Package disktest is a disk in memory on which SQLite keeps its files, for tests:
// it remembers every write, can lose power after any of them, and can refuse.
//
// # Idea
//
// A [Disk] has a folder. Whatever SQLite opens there, by the ordinary driver and with
// no setting of its own, lies in memory: the package registers itself as SQLite's
// default way to files (a VFS) and hands all other folders on to the one that was
// default before. What a program does to files without SQLite is not seen.
//
// From [Disk.Record] on, the disk writes down what SQLite does. A [Replay] goes through
// that list and tells, after each entry, what a power cut there could have left: what
// was synced, and of the rest any selection. [Replay.Image] draws one such selection
// and makes a new Disk of it, to be opened and looked at.
//
// # What a power cut leaves
//
//	synced       a write is safe once its file was synced after it
//	sectors      of other writes each piece of 512 bytes is there, is not, or is torn:
//	             its first bytes are there. Pieces do not depend on each other: a later
//	             write may be there without an earlier one. Bytes beside a write stay
//	truncation   is there or is not, unless synced
//	names        a new file's name is safe once the file was synced, a deletion once the
//	             folder was; of other such steps the first few are there
//	failed sync  what it was to write is settled there and then, each piece written or
//	             gone for ever, and a later sync that succeeds says nothing about it, as
//	             on Linux. Reading goes on to give what was written
//
// # Words
//
//	Disk      files in memory, in one folder
//	Event     an entry of the record: write, truncation, sync, creation, deletion
//	Position  how many events there are so far
//	Image     a disk as a power cut left it
//	Fault     an error that the disk gives at a chosen write, sync or read
//
// # Smallest example
//
//	disk := disktest.New()
//	defer disk.Close()
//	disk.Create("a.db")
//	db, err := sql.Open("sqlite", "file:"+disk.Path("a.db"))
//	disk.Record()
//	_, err = db.Exec("CREATE TABLE t (x)")
//	for r := disk.Replay(rng); r.Next(); {
//		image := r.Image(rng) // open image.Path("a.db") and look
//		image.Close()
//	}
//
// # What it does not do
//
// It has no second process and maps no files into memory. It alters no bytes that were
// synced: flipped bits are the business of other tests. Locks and the wal-index are kept per disk, as
// one computer's kernel would.
package disktest
