// Package storage is the library on disk: one folder, one SQLite database, every
// change of every document.
//
// # Idea
//
// Changes are the only truth (package crdt). The library is a journal of them:
// per document, in the order in which they were applied. Whoever has the journal
// has the text. No change in it is ever altered. The list of documents is derived
// from it and written in the same transaction.
//
// A change comes in as a row of its own. Rows that have gathered are compacted: one block, a few hundredths as
// long, takes the place of all that were there, and new rows go on behind it (block.go, compact.go). No row is deleted
// before the block was read from the disk and compared with it.
//
// One goroutine writes. [Library.Append] puts changes into a queue and returns;
// the goroutine commits the first changes of a burst at once and later ones in
// groups, 50 ms apart, with synchronous=FULL, and then says so. Only then may a
// change leave this machine. When the disk refuses, nothing is dropped: the queue
// is tried again until it succeeds, and [Library.Trouble] says since when nothing
// is saved. A full disk has a reserve for a while (reserve.go). Readers have connections of their own and are never waited for.
//
// # Words
//
//	Library   the folder and its database; one process owns it at a time
//	Journal   a document's committed changes in apply order
//	Place     a change's number in its document's journal, from 1
//	Block     many changes in few bytes (crdt/FORMAT-BLOCKS.md); Base: the one that a journal begins
//	          with; Successor: a base to be; Open-block: one that is quicker to open
//	Row       a change that is kept by itself, behind the base
//	Archive   a base unpacked in memory, for who asks for what is old
//	Body      the bytes of a change, as crdt encodes them; stored with the change's
//	          hash, its signature if it has one, and a checksum of the row
//	Previous  the stamp (beginning of the hash) of the change that one goes on from
//	Head      where a chain ends: no stored change goes on from there. A chain that forked,
//	          as one does when a library is set back to a backup and used, has several
//	Frame     a change with all that it takes to pass it on
//	Nonce     what this device's replica of a document is named by
//	Group     the changes committed by one transaction
//	Indexed   the text of a document as of a place, in which SQLite's full-text index finds its words (indexed.go, search.go)
//	Attachment
//	          a file that documents hold: its content, kept once, named by its hash, in parts (attach.go)
//	Attached  what a document holds: names of attachments. Detached: taken off by the person, and still there for a while
//	Listing   what the list of documents shows at once: title, time of last change
//	Lead      what it shows of the text, as of a place: the first words, whose words they are
//	Schema    the tables, made by numbered files (sql); Format, or version: how many of them a library has run (migrate.go)
//	Token     names a state of the library, here and outside of it; where the two differ, an older state was put back
//	Backup    a copy of the whole library in one file, checked, without what only one copy may go on with (nonces,
//	          open invites)
//	Bin       where deleted documents are; after 30 running days (dates on which a program had the library open)
//	          they are destroyed: their text goes from the disk, and their name stays
//	Member    a device that a document is shared with; who of them may write in it is
//	          said in the document
//	Reserve   a file that takes 4 MB of the disk, to be given up for what was typed when the disk is full (reserve.go)
//	Damaged   the file is not what was written; it is copied aside, never repaired
//	          in place
//	Scrub     reading again, little by little, what is stored; Fault: what it finds that is not what was written (scrub.go)
//	Salvage   making a new library of what can be read of a damaged one; Remains: that, page by page (salvage.go)
//
// # Smallest example
//
//	library, err := storage.Open(dir)
//	err = library.Add(genesis, time.Now())
//	batch := doc.Flush()
//	changes := batch.Seal(key)
//	doc.Sealed(changes)
//	library.Append(genesis.DocID(), changes, "Title", now, func(err error) {
//		// committed when err is nil
//	})
//	doc, err = library.Load(genesis.DocID())
//	for change, err := range library.Changes(genesis.DocID()) { … }
//	more, err := library.Compact(ctx, genesis.DocID(), storage.WhenIdle)
//	err = library.Close()
//
// # Files
//
//	DIR/library.db       the database; sql/README.md explains its tables
//	DIR/library.db-wal   the newest commits while a process has it open
//	DIR/library.db-shm   an index into the -wal file; holds nothing lasting
//	DIR/lock             locked by the process that owns the library; empty
//	DIR/reserve          the reserve; holds nothing
//	DIR/incoming/        not ours: what has come of blocks that peers are sending (netsync/bulk); holds nothing lasting
//	DIR/backups/*.db     backups, named after their times in UTC (backup.go, backup_keep.go); *-before-format-N.db
//	                     were made before the library got format N
//	DIR/restoring/       a backup that the next start puts in the library's place (backup_restore.go)
//	DIR/replaced-*/      what was in the library's place before that; never removed by us. After a salvage with a report, salvage.txt
//	DIR/salvage-asked    the next start is to salvage the library; empty
//	DIR/salvaging/       while a salvage runs
//	DIR/damaged-*/       copies of a database that was found damaged
//
// # What it does not do
//
// It does not apply changes, and who wrote them it checks in
// [Library.Check] only. The text by which a document is found and listed is given to it. It compacts, scrubs and salvages when it is told
// to. Nothing of it makes backups, empties the bin or takes the reserve anew by itself: package workspace does.
// It does not encrypt. A chain that forked is kept with all its tails, but what is asked of it
// costs a look at all its rows. What is asked of changes in the base unpacks it: at most two archives are kept, for
// 30 s after their last use. Nothing here may os.Open
// library.db while SQLite has it open: closing such a file drops SQLite's locks
// (POSIX record locks belong to the process).
// Attachments are no part of the journal: nothing of them is signed, and nobody is sent them.
package storage
