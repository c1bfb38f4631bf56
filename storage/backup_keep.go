package storage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// Which backups are kept: the newest of each of the last 24 hours, 7 days and 4 weeks that have one. Hours, days and
// weeks without a backup do not count, so a library that is used once a month keeps four of them for months. Where these
// would take much of the disk, which they do when documents hold films, fewer are kept, of all three alike. This
// looks at the times in the names, which the clock of the computer made: where that was wrong, the wrong ones are
// kept longer. The one made last is kept in any case, and what was made before the library got another format, until four
// later weeks have a backup.

// plan says how many of the newest hours, days and weeks that have a backup keep their newest.
type plan struct{ hours, days, weeks int }

// plans are what is tried, one after the other, until what is kept is within the room for it.
var plans = []plan{{24, 7, 4}, {12, 6, 4}, {6, 4, 4}, {3, 3, 3}, {2, 2, 2}, {1, 1, 1}}

// Room for backups, in bytes: backupRoom, or backupShare times the newest one where that is more; and never more than one
// part in diskShare of what would be free without them.
const (
	backupRoom  = 4 << 30
	backupShare = 4
	diskShare   = 4
)

// ages are the spans of which the newest backup is kept, and how many of them.
func (p plan) ages() []age {
	return []age{
		{p.hours, func(t time.Time) string { return t.UTC().Format("2006010215") }},
		{p.days, func(t time.Time) string { return t.UTC().Format(time.DateOnly) }},
		{p.weeks, func(t time.Time) string { year, week := t.UTC().ISOWeek(); return fmt.Sprint(year, " ", week) }},
	}
}

type age struct {
	keep int
	span func(time.Time) string // names the span in which a time is
}

// kept returns those of list that are kept. They come, and are returned, the newest first.
func (p plan) kept(list []Backup) []Backup {
	keep := map[int]bool{}
	for _, age := range p.ages() {
		last, spans := "", 0
		for i, b := range list {
			if s := age.span(b.At); s != last && spans < age.keep {
				last, spans, keep[i] = s, spans+1, true
			}
		}
	}
	weeks := p.ages()[2]
	last, later := "", 0
	for i, b := range list {
		if s := weeks.span(b.At); s != last {
			last, later = s, later+1
		}
		keep[i] = keep[i] || b.Before > 0 && later <= weeks.keep
	}
	var left []Backup
	for i, b := range list {
		if keep[i] {
			left = append(left, b)
		}
	}
	return left
}

// keptOf returns those of list, the newest first, that are kept on a disk with so many bytes free.
func keptOf(list []Backup, free int64) (keep []Backup) {
	if len(list) == 0 {
		return nil
	}
	var all int64
	for _, b := range list {
		all += b.Bytes
	}
	room := min(max(backupRoom, backupShare*list[0].Bytes), (free+all)/diskShare)
	for _, p := range plans {
		keep = p.kept(list)
		var bytes int64
		for _, b := range keep {
			bytes += b.Bytes
		}
		if bytes <= room {
			break
		}
	}
	return keep
}

// prune removes the backups in folder that are not to be kept, but never made.
func prune(folder string, made Backup) error {
	list, err := Backups(filepath.Dir(folder))
	if err != nil {
		return err
	}
	free, _, err := diskRoom(folder)
	if err != nil {
		return fmt.Errorf("storage: look which backups to keep: %w", err)
	}
	list = withoutReplaced(list)
	keep := keptOf(list, free)
	for _, b := range list {
		if b.Path == made.Path || slices.Contains(keep, b) {
			continue
		}
		if err := os.Remove(b.Path); err != nil {
			return fmt.Errorf("storage: remove an old backup: %w", err)
		}
	}
	return nil
}

// withoutReplaced returns the backups in list.
func withoutReplaced(list []Backup) []Backup {
	return slices.DeleteFunc(slices.Clone(list), func(b Backup) bool { return b.Replaced })
}

// Forgotten returns when the last of some backups goes at the latest, if from now on one is made in every hour. list are all there
// are. What was replaced by a backup never goes by itself: where one such is among the holding, the time is zero, and
// so when there is none.
func Forgotten(list, holding []Backup, now time.Time) time.Time {
	if slices.ContainsFunc(holding, func(b Backup) bool { return b.Replaced }) {
		return time.Time{}
	}
	list = withoutReplaced(list)
	if len(holding) == 0 || len(list) == 0 {
		return time.Time{}
	}
	at := now.UTC().Truncate(time.Second)
	if due := list[0].At.Add(time.Hour); at.Before(due) {
		at = due
	}
	for slices.ContainsFunc(list, func(b Backup) bool { return slices.Contains(holding, b) }) {
		list = plans[0].kept(slices.Insert(list, 0, Backup{At: at}))
		at = at.Add(time.Hour)
	}
	return at.Add(-time.Hour)
}
