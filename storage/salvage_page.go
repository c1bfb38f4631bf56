package storage

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
)

// A damaged file is read page by page, and not by way of SQLite's trees: a page that was zeroed then costs what was on
// it, and nothing else, whether it held rows or only led to them. What stands on the pages is SQLite's file format, section
// "B-tree Pages". Which rows are what they were when they were written is known by their checksums (salvage_remains.go), not from here.

// The size of a page of all libraries, and the kinds of pages that hold rows, by their first byte.
const (
	dbPageBytes   = 4096
	tableLeaf     = 0x0d
	indexLeaf     = 0x0a
	indexInterior = 0x02
)

// maxPayload is how long a row may be that is believed: the longest we write is a part of a block, or a change.
const maxPayload = 8 << 20

// errPage says that a page, or a row on it, is not what SQLite writes.
var errPage = errors.New("its place in the file is damaged")

// pages gives the pages of a library's file as of one moment, with what is in its -wal file.
type pages struct {
	tx   *sql.Tx
	read *sql.Stmt
	// The page that was read last: rows are often asked for one after the other.
	last int64
	data []byte
}

// openPages begins to read. Until close nothing in the -wal file is overwritten, so that it grows while somebody writes.
func openPages(db *sql.DB) (*pages, error) {
	tx, err := db.BeginTx(context.Background(), &sql.TxOptions{ReadOnly: true})
	if err != nil {
		return nil, err
	}
	read, err := tx.Prepare(`SELECT data FROM sqlite_dbpage WHERE pgno = ?`)
	if err != nil {
		return nil, errors.Join(err, tx.Rollback())
	}
	return &pages{tx: tx, read: read}, nil
}

func (p *pages) close() {
	p.read.Close()
	p.tx.Rollback() // nothing was written
}

// count returns the number of the last page.
func (p *pages) count() (n int64, err error) {
	err = p.tx.QueryRow(`PRAGMA page_count`).Scan(&n)
	return n, err
}

// page returns one page, which must not be altered; they count from 1. A page that the disk does not give is an error, a damaged one is not.
func (p *pages) page(n int64) ([]byte, error) {
	if n == p.last {
		return p.data, nil
	}
	var data []byte
	err := p.read.QueryRow(n).Scan(&data)
	if err == nil && len(data) != dbPageBytes {
		err = errPage
	}
	if err != nil {
		return nil, err
	}
	p.last, p.data = n, data
	return data, nil
}

// cell is a row as it lies on its page.
type cell struct {
	rowid    int64  // of a table; 0 in an index and in a table without rowids
	local    []byte // the beginning of the record
	length   int    // of all of it
	overflow int64  // the page where it goes on; 0: it does not
}

// cells gives the rows on a page. Where the page is damaged, it gives those of which at least the beginning is where the page says.
func cells(page []byte, number int64) iter.Seq[cell] {
	return func(yield func(cell) bool) {
		head := 0
		if number == 1 {
			head = 100 // the file's own header
		}
		if len(page) != dbPageBytes {
			return
		}
		kind, start := page[head], head+8
		switch kind {
		case tableLeaf, indexLeaf:
		case indexInterior:
			start += 4
		default:
			return
		}
		count := int(binary.BigEndian.Uint16(page[head+3:]))
		for i := range count {
			at := start + 2*i
			if at+2 > len(page) {
				return
			}
			if c, ok := readCell(page, int(binary.BigEndian.Uint16(page[at:])), kind); ok && !yield(c) {
				return
			}
		}
	}
}

// readCell reads the cell at an offset of a page.
func readCell(page []byte, at int, kind byte) (c cell, ok bool) {
	if kind == indexInterior {
		at += 4 // the page in front
	}
	length, at := varint(page, at)
	if at < 0 || length <= 0 || length > maxPayload {
		return c, false
	}
	most := (dbPageBytes-12)*64/255 - 23 // what an index keeps on the page at most
	if kind == tableLeaf {
		most = dbPageBytes - 35
		if c.rowid, at = varint(page, at); at < 0 {
			return c, false
		}
	}
	c.length = int(length)
	local := c.length
	if c.length > most {
		least := (dbPageBytes-12)*32/255 - 23
		local = least + (c.length-least)%(dbPageBytes-4)
		if local > most {
			local = least
		}
		if at+local+4 > len(page) {
			return c, false
		}
		if c.overflow = int64(binary.BigEndian.Uint32(page[at+local:])); c.overflow == 0 {
			return c, false
		}
	}
	if at+local > len(page) {
		return c, false
	}
	c.local = page[at : at+local]
	return c, true
}

// record returns all bytes of c.
func (p *pages) record(c cell) ([]byte, error) {
	b := append(make([]byte, 0, c.length), c.local...)
	for next := c.overflow; len(b) < c.length; {
		if next == 0 {
			return nil, errPage
		}
		page, err := p.page(next)
		if err != nil {
			return nil, err
		}
		next = int64(binary.BigEndian.Uint32(page))
		b = append(b, page[4:4+min(dbPageBytes-4, c.length-len(b))]...)
	}
	return b, nil
}

// varint reads a number as SQLite writes it: seven bits to a byte, the highest first, and eight in the ninth. The offset
// behind it is -1 where there is none.
func varint(b []byte, at int) (v int64, next int) {
	for i := range 9 {
		if at < 0 || at+i >= len(b) {
			return 0, -1
		}
		x := b[at+i]
		if i == 8 {
			return v<<8 | int64(x), at + 9
		}
		v = v<<7 | int64(x&0x7f)
		if x < 0x80 {
			return v, at + i + 1
		}
	}
	return 0, -1
}

// column is what a record's head says of one column: what it is, and where in the record.
type column struct {
	kind   byte // 'n' NULL, 'i' integer, 'b' bytes, 't' text, 'x' what we never write
	at     int
	length int
}

// intBytes are the lengths of the integers by their serial types 1 to 6.
var intBytes = [...]int{0, 1, 2, 3, 4, 6, 8}

// columnsOf reads the head of a record, of which the beginning is enough. length is that of all of it. nil: it is not a record.
func columnsOf(b []byte, length int) []column {
	size, at := varint(b, 0)
	if at < 0 || size < 1 || size > int64(len(b)) {
		return nil
	}
	head, place := int(size), int(size)
	var list []column
	for at < head {
		var serial int64
		if serial, at = varint(b, at); at < 0 || at > head || serial < 0 || serial > 2*maxPayload+13 {
			return nil
		}
		c := column{kind: 'x', at: place}
		switch {
		case serial == 0:
			c.kind = 'n'
		case serial <= 6:
			c.kind, c.length = 'i', intBytes[serial]
		case serial == 7:
			c.length = 8
		case serial == 8 || serial == 9:
			c.kind, c.at = 'i', -int(serial) // the values 0 and 1, which take no bytes
		case serial >= 12:
			c.kind, c.length = "bt"[serial&1], int(serial-12)/2
		}
		place += c.length
		list = append(list, c)
	}
	if place != length {
		return nil
	}
	return list
}

// row is a record taken apart.
type row struct {
	b       []byte
	columns []column
}

func (r row) null(i int) bool { return r.columns[i].kind == 'n' }

// bytes returns a column's bytes, nil for NULL. They share memory with the record.
func (r row) bytes(i int) []byte {
	c := r.columns[i]
	if c.kind == 'n' {
		return nil
	}
	return r.b[c.at : c.at+c.length : c.at+c.length]
}

func (r row) text(i int) string { return string(r.bytes(i)) }

// int returns a column's integer, 0 for NULL.
func (r row) int(i int) (v int64) {
	c := r.columns[i]
	switch {
	case c.kind == 'n':
		return 0
	case c.at < 0:
		return int64(-c.at - 8)
	}
	for j, x := range r.b[c.at : c.at+c.length] {
		if v = v<<8 | int64(x); j == 0 {
			v = int64(int8(x))
		}
	}
	return v
}

// fits says whether columns are of a shape: for each column, separated by spaces, its kind, for bytes with the length, and "?" where it may be
// NULL.
func fits(columns []column, shape []columnShape) bool {
	if len(columns) != len(shape) {
		return false
	}
	for i, s := range shape {
		c := columns[i]
		if c.kind == 'n' && s.optional {
			continue
		}
		if c.kind != s.kind || s.length >= 0 && c.length != s.length {
			return false
		}
	}
	return true
}

type columnShape struct {
	kind     byte
	length   int // -1: any
	optional bool
}

// shapeOf reads a shape.
func shapeOf(words ...string) (list []columnShape) {
	for _, w := range words {
		s := columnShape{kind: w[0], length: -1}
		if w[len(w)-1] == '?' {
			s.optional, w = true, w[:len(w)-1]
		}
		if len(w) > 1 {
			if _, err := fmt.Sscan(w[1:], &s.length); err != nil {
				panic("storage: shape " + w)
			}
		}
		list = append(list, s)
	}
	return list
}
