package storage

import (
	"database/sql"
	"fmt"
	"time"
)

// fill copies the bytes of a column into an array's slice.
func fill(dst, column []byte, what string) error {
	if len(column) != len(dst) {
		return fmt.Errorf("storage: %s of %d bytes, want %d", what, len(column), len(dst))
	}
	copy(dst, column)
	return nil
}

// optionalTime is how a time that may be unknown (zero) is written.
func optionalTime(t time.Time) sql.NullInt64 {
	if t.IsZero() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: t.UnixMilli(), Valid: true}
}

// timeOf reads what optionalTime wrote.
func timeOf(n sql.NullInt64) time.Time {
	if !n.Valid {
		return time.Time{}
	}
	return time.UnixMilli(n.Int64)
}
