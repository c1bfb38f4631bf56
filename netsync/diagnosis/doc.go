// Package diagnosis says why devices do not find each other, and what to do.
//
// # Idea
//
// What was seen is one thing, what follows from it another. [Facts] are what a
// survey of this computer and its networks came to; [Judge] turns them into
// sentences for a person. It claims what was seen, says "likely" where several
// causes look alike from here, and where the cause cannot be known from one
// computer alone it says that. Each sentence that is not good news ends in a
// next step.
//
// # Words
//
//	finding   a sentence about one thing, and the next step
//	place     an address at which somebody was looked for
//	knock     what came back from a place
//	inward    the way of a packet from a network to this program's own port
//
// # Smallest example
//
//	facts, err := node.Survey(ctx, "192.168.1.20")
//	for _, f := range diagnosis.Judge(facts) {
//		fmt.Println(f.What, f.Do)
//	}
//
// # What it does not do
//
// It looks at nothing itself: see package survey, and netsync.Node.Survey. An access
// point that keeps its devices apart looks like a computer that is switched off; only
// the other computer could tell.
package diagnosis

// Mark says what a finding means for the person.
type Mark int

// The marks, from good to bad.
const (
	Good   Mark = iota
	Unsure      // it may be wrong, or be as it should; from here that cannot be told
	Wrong
)

// Finding is one thing that was found out.
type Finding struct {
	Mark Mark
	What string // what was found, in sentences
	Do   string // the next step for the person; "" when there is nothing to do
}
