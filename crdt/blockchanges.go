package crdt

import (
	"slices"
	"sort"

	"inkling/crdt/internal/rangecoder"
)

// changeGroup is consecutive changes of one replica in order of arrival that have as
// many Seqs each, were made in the same minute, and name no causes but the first.
type changeGroup struct {
	by      *replica
	size    uint32 // Seqs of each change
	count   uint32 // changes
	minutes int64
	causes  []groupCause // of the first change
}

// groupCause is a cause in the table place place: what of has done in front of next.
type groupCause struct {
	of    *replica
	place int
	next  uint32
}

// What is new in a group beside the one in front of it, as flags.
const (
	groupSwitches = 1 << iota // another replica
	groupSizes                // another size than the replica's last
	groupMinutes              // another minute
	groupCauses               // causes
	groupFlags    = 4
)

// changeColumn is the column of groups: who wrote when, in how many changes, knowing
// what. Both directions call group once for each.
type changeColumn struct {
	*column
	chains  map[*replica]*changeChain
	all     []*replica // by first arrival
	recent  []*replica // those that have written, the last one first
	flags   int        // of the last group
	minutes int64      // of the last group
	several int        // whether its changes have more than one Seq
	left    uint32     // causes that the head counts and that have not come yet
	models  changeModels
}

type changeModels struct {
	flags   [1 << groupFlags][2]rangecoder.Tree // by the flags of the last group and its size
	by      rangecoder.Number
	size    [2]rangecoder.Number                  // by the size before
	count   [1 << groupFlags][2]rangecoder.Number // by flags and size
	minutes rangecoder.Signed
	causes  rangecoder.Number // how many
	fresh   rangecoder.Prob
	number  rangecoder.Number
	place   rangecoder.Number
	back    [maxNews + 1]rangecoder.Number // by how many changes are news
}

// changeChain is what the column knows of a replica.
type changeChain struct {
	number  int          // in the order of first arrival
	next    uint32       // Seq
	size    uint32       // of its last change
	changes uint32       // so far
	marks   []changeMark // its groups
	units   []changeMark // the same, groups of size 1 as one where they follow each other
	table   []changeMention
}

// changeMention is a place in a replica's table: how many changes of whom it has declared.
type changeMention struct {
	of      *replica
	changes uint32
}

// note adds a group.
func (k *changeChain) note(m changeMark) {
	k.marks = append(k.marks, m)
	if n := len(k.units); n == 0 || m.size > 1 || k.units[n-1].size > 1 {
		k.units = append(k.units, m)
	}
}

// maxNews is from how many changes on their number decides nothing.
const maxNews = 7

// changeMark says that a group begins at seq, with the replica's change number change.
type changeMark struct{ seq, size, change uint32 }

func newChangeColumn(c *column, all []*replica) *changeColumn {
	k := &changeColumn{column: c, chains: map[*replica]*changeChain{}, all: all}
	for i, r := range all {
		k.chains[r] = &changeChain{number: i}
	}
	for i := range k.models.flags {
		for j := range k.models.flags[i] {
			k.models.flags[i][j] = rangecoder.NewTree(groupFlags)
		}
	}
	return k
}

// group codes the next group.
func (c *changeColumn) group(g *changeGroup) {
	c.flags = c.symbol(c.models.flags[c.flags][c.several], c.flagsOf(g))
	c.who(g)
	if c.err != nil {
		return
	}
	chain := c.chains[g.by]
	if c.flags&groupSizes != 0 || chain.size == 0 {
		g.size = c.number(&c.models.size[several(chain.size)], g.size)
		chain.size = g.size
	}
	g.size = chain.size
	g.count = 1 + c.number(&c.models.count[c.flags][several(g.size)], g.count-1)
	if g.minutes -= c.minutes; c.flags&groupMinutes == 0 {
		g.minutes = 0
	} else {
		g.minutes = c.signed(&c.models.minutes, g.minutes)
	}
	g.minutes += c.minutes
	c.minutes, c.several = g.minutes, several(g.size)
	if c.flags&groupCauses != 0 {
		c.causes(g, chain)
	}
	chain.note(changeMark{chain.next, g.size, chain.changes})
	chain.next += g.size * g.count
	chain.changes += g.count
}

// flagsOf returns what is new in g; when it is being read, anything.
func (c *changeColumn) flagsOf(g *changeGroup) (flags int) {
	if c.reads() {
		return 0
	}
	if len(c.recent) > 0 && g.by != c.recent[0] {
		flags |= groupSwitches
	}
	if k := c.chains[g.by]; k.size != 0 && k.size != g.size {
		flags |= groupSizes
	}
	if g.minutes != c.minutes {
		flags |= groupMinutes
	}
	if len(g.causes) > 0 {
		flags |= groupCauses
	}
	return flags
}

// who codes the replica of g, if it is not that of the last group: how many have
// written since it wrote, and for a new one how many there are.
func (c *changeColumn) who(g *changeGroup) {
	rank := 0
	switch {
	case len(c.recent) == 0:
	case c.flags&groupSwitches == 0:
		g.by = c.recent[0]
		return
	default:
		if rank = slices.Index(c.recent, g.by); rank < 0 {
			rank = len(c.recent)
		}
		rank = 1 + int(c.number(&c.models.by, uint32(rank-1)))
	}
	switch {
	case rank < len(c.recent):
		g.by = c.recent[rank]
		copy(c.recent[1:rank+1], c.recent)
	case rank == len(c.recent) && rank < len(c.all):
		g.by = c.all[rank]
		c.recent = slices.Insert(c.recent, 0, g.by)
	default:
		c.fail("a change of a replica that there is not")
		return
	}
	c.recent[0] = g.by
}

// causes codes the causes of g's first change.
func (c *changeColumn) causes(g *changeGroup, chain *changeChain) {
	n := int(c.number(&c.models.causes, uint32(len(g.causes)-1))) + 1
	if c.reads() {
		if n > int(c.left) || n > MaxCauses {
			c.fail("%d causes", n)
			return
		}
		c.left -= uint32(n)
		g.causes = make([]groupCause, n)
	}
	after := -1
	for i := range g.causes {
		k := &g.causes[i]
		if c.cause(k, chain, after); c.err != nil {
			return
		}
		after = k.place
	}
}

// cause codes a cause whose place is behind after: the replica, by its place in the table or,
// when it is new there, by its number; and how many of its changes the author had not seen.
func (c *changeColumn) cause(k *groupCause, chain *changeChain, after int) {
	known := len(chain.table)
	if c.bit(&c.models.fresh, k.place == known) {
		k.place = known
		k.of = c.mentioned(k.of)
		chain.table = append(chain.table, changeMention{of: k.of})
	} else {
		k.place = after + 1 + int(c.number(&c.models.place, uint32(k.place-after-1)))
	}
	if k.place >= len(chain.table) {
		c.fail("a cause at place %d of %d", k.place, known)
		return
	}
	m := &chain.table[k.place]
	k.of = m.of
	of := c.chains[k.of]
	news := of.changes - m.changes
	back := c.number(&c.models.back[min(news, maxNews)], of.changes-of.changesTo(k.next))
	if back >= news {
		c.fail("a cause %d changes back of %d new ones", back, news)
		return
	}
	m.changes = of.changes - back
	k.next = of.seq(m.changes)
}

// mentioned codes a replica by its number.
func (c *changeColumn) mentioned(of *replica) *replica {
	number := uint32(0)
	if !c.reads() {
		number = uint32(c.chains[of].number)
	}
	number = c.number(&c.models.number, number)
	if int(number) >= len(c.all) {
		c.fail("replica %d of %d as a cause", number, len(c.all))
		number = 0
	}
	return c.all[number]
}

// changesTo returns how many changes the chain has in front of next, where one ends.
func (k *changeChain) changesTo(next uint32) uint32 {
	i := sort.Search(len(k.marks), func(i int) bool { return k.marks[i].seq >= next }) - 1
	if i < 0 {
		return 0
	}
	m := k.marks[i]
	return m.change + (next-m.seq)/m.size
}

// seq returns the Seq behind that many changes, at least one.
func (k *changeChain) seq(changes uint32) uint32 {
	m := k.marks[sort.Search(len(k.marks), func(i int) bool { return k.marks[i].change >= changes })-1]
	return m.seq + (changes-m.change)*m.size
}

// several returns 1 for more than one, else 0.
func several(n uint32) int {
	if n > 1 {
		return 1
	}
	return 0
}
