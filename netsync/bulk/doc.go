// Package bulk is what two ends do with the bytes of a block on their way: how much the sender may send, and where the
// receiver keeps what has come.
//
// # Idea
//
// A block goes in parts. The receiver keeps each in a file and says how much of the block it has; the sender is never more than
// [Window] in front of that. So whatever is cut, at most that much is sent again: the next stream goes on where the file ends,
// also after a restart. While there are changes to be sent, the sender lets no more than one part be on the way, so that the changes
// do not stand behind much.
//
// # Words
//
//	part   at most wire.PartBytes of a block
//	Flow   what the sender of a block has sent, and may send
//	Inbox  the folder in which a receiver keeps what has come
//	Item   what has come of one block
//
// # What it does not do
//
// It knows no stream, clock or document, and believes nothing: whether the bytes are a block, who has all of them finds out.
//
// # Bounds
//
// An Inbox holds [MaxItems] items and [MaxBytes] bytes. When that is not enough, those that nobody is filling go. A
// Flow holds three numbers.
package bulk
