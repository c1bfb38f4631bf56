package storage

import (
	"context"
	"database/sql"
	"fmt"
)

// Pages that nothing is kept on any more stay in library.db, to be written on next. When they are many, after a great
// document was destroyed or a long journal compacted, the file is made shorter: some pages at a time, the last ones
// take the places of free ones (PRAGMA auto_vacuum = INCREMENTAL, for which SQLite notes where each page belongs: 7 % more
// bytes written for a key). VACUUM would hold the writer up for as long as it takes to write the whole library.

// Free pages are worth it when they are this many bytes, and at least one in freeShare; one step gives back shrinkPages:
// 256 KB, about 5 ms. Variables for tests.
var (
	freeBytes   = int64(4 << 20)
	freeShare   = int64(4)
	shrinkPages = 64
)

// Shrink gives the disk back what library.db no longer needs, if that is much, until that is done or ctx ends. Nobody
// waits for it longer than for one of its steps. It returns by how many bytes the file will be shorter
// when the -wal file has been moved into it.
func (l *Library) Shrink(ctx context.Context) (bytes int64, err error) {
	free, all, err := l.freePages(ctx)
	if err != nil || free*databasePage < freeBytes || free*freeShare < all {
		return 0, err
	}
	for more := free > 0; more && ctx.Err() == nil; {
		if err := l.onWriter("make the library shorter", giveBack); err != nil {
			return bytes, err
		}
		left, pages, err := l.freePages(ctx)
		if err != nil {
			return bytes, err
		}
		bytes += (all - pages) * databasePage
		more = 0 < left && left < free // what is written meanwhile may take more than a step gives back
		free, all = left, pages
	}
	return bytes, nil
}

// databasePage is the page_size of a library, in bytes.
const databasePage = 4096

// giveBack takes one step.
func giveBack(db *sql.DB) error {
	return transact(db, func(tx *sql.Tx) error {
		_, err := tx.Exec(fmt.Sprintf("PRAGMA incremental_vacuum(%d)", shrinkPages))
		return err
	})
}

// freePages returns how many pages of library.db hold nothing, and how many there are.
func (l *Library) freePages(ctx context.Context) (free, all int64, err error) {
	err = l.readers.QueryRowContext(ctx, "SELECT freelist_count, page_count FROM pragma_freelist_count, pragma_page_count").Scan(&free, &all)
	if err != nil {
		err = fmt.Errorf("storage: look for room to give back: %w", err)
	}
	return free, all, err
}
