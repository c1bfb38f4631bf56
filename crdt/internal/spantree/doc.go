// Package spantree keeps the order of the elements of a document, and counts
// them: a balanced tree of spans.
//
// # Idea
//
// Text is typed in stretches: most elements stand right behind the one that was
// made before them. So not elements are kept but spans, eight bytes each: the
// first element, how many follow it, and whether they are all visible or all
// dead. Spans stand in document order in the leaves of a B+ tree (Bayer &
// McCreight 1972; Comer, "The Ubiquitous B-Tree", 1979). Every node knows of each
// child how many elements, visible elements and newlines it holds, and which of
// its elements is the least by the caller's key. The first three turn a position
// into an element and back in O(log n); the last finds, in O(log n), the next
// element whose key is less than a given one, which is all that an RGA needs to
// insert among any number of siblings. An index leads from an element to its
// leaf, and a cursor remembers the leaf used last, so that typing in one place
// costs O(1).
//
// # Words
//
//	LV        local version: the number that names an element, given by the caller
//	span      elements with consecutive LVs and ascending keys that stand next to
//	          each other, all visible or all dead; two neighbours that could be
//	          one span are one span
//	Stretch   a span, or a part of one, as it goes in and out of the tree
//	visible, dead  a dead element (a tombstone) holds its place and is not counted
//	          as text; elements never leave the tree
//	Pos       a gap between two elements: where to read on, or to insert
//	Unit      what is counted: visible elements, all elements, newlines
//	Sums      a count in each unit
//	rank      how many of a unit stand in front of a gap
//	address   a gap as (visible elements in front, dead ones since the last of them)
//	leaf, inner, child  the nodes of the tree; a child is an inner node's record
//	          of a node below it
//	least     the element with the least key below a child
//	index     from an LV to the leaf it is in
//	cursor    the place used last, with the ranks in front of it
//
// # Smallest example
//
//	t := spantree.New(source)       // source knows keys and newlines by LV
//	t.Insert(t.Start(), 0, 5)       // elements 0…4: "Hello"
//	p := t.Nth(spantree.Visible, 1) // in front of the "e"
//	t.SetDead(p, 3, true)           // "Ho"
//	p = t.Find(4)                   // in front of the "o",
//	t.Rank(spantree.Visible, p)     // at offset 1
//
// # What it does not do
//
// It holds no text and no keys, knows no replicas, operations or history, and
// does not decide where an element belongs: see [Tree.Skip] for the one question
// it answers about that. A Tree is not safe for concurrent use, not even for
// reading: the cursor moves. LVs are below 2³²−1 and a tree holds fewer than 2³¹
// elements.
package spantree
