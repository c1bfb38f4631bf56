// Package portable is the form in which one document, with all its history, is one file: NAME.inkling. It goes by stick,
// by mail or into an archive, and merges wherever it is opened.
//
// # Idea
//
// A document is a genesis and a set of changes, so that is what is in the file, and nothing else that would make two
// files of one set differ: the changes stand in the order that [crdt.Doc.Canonical] gives them, without hashes, which
// follow from them, and have a [Parcel.Root] that names the set. Two copies that have the same changes give files with
// the same root and the same changes section, byte for byte as it is before packing. What is apart from that may differ:
// which signatures of a chain a copy has kept beside the last, and how the packer packs.
//
// Reading believes nothing. [Read] hashes all changes anew, checks every signature, that each chain is a member's and is
// signed to its end, and that the changes are just what this package would write of them. Only then is there a
// [Parcel], and its changes can be applied to another copy with [crdt.Doc.Apply], as those of a peer.
//
// Files that the document holds may go along ([Parcel.WriteWith], [Open]): behind the document, each content once, named
// by its hash. They are not signed and are no part of the set. Their contents pass through without being in memory as a
// whole. Where they are damaged the document can still be had.
//
// FORMAT-FILE.md says what the bytes are.
//
// # Words
//
//	Parcel    a document with all its history on its way, in memory
//	Section   a part of the file: changes, signatures, attachments, and such as are still to be invented
//	Attachment
//	          a file that goes along: a name and the hash of a Content, which several may share
//	Piece     some bytes of a section, packed; at most 1 MiB before that
//	Root      the name of a set of changes: the hash of the changes section
//	Seal      the hash of the whole file, at its end
//
// # Smallest example
//
//	parcel, err := portable.Gather(genesis, library.Changes(id))
//	_, err = parcel.WriteTo(file)
//	// elsewhere
//	parcel, err := portable.Read(file) // the document alone; see Reader for what goes along
//	applied, err := doc.Apply(parcel.Changes()...)
//
// # Limits
//
// A file is read as it comes, but a Parcel is in memory as a whole, as a document is. While a file is read, memory is
// bounded by 16 MB and 1024 times the bytes read so far, and by [MaxCost]: what claims more is refused before room is
// made for it.
//
// # What it does not do
//
// It opens no file and knows no library. It does not encrypt: who has the file can read the document. It takes no part of a
// history, and nothing out of a damaged file but the document where only its attachments are.
package portable
