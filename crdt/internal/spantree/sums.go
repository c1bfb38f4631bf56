package spantree

// A Unit is what is counted.
type Unit uint8

// The units.
const (
	Visible  Unit = iota // elements that are not dead
	Total                // all elements
	Newlines             // visible elements that the Source calls newlines
)

// Sums is a count in each unit.
type Sums struct{ Visible, Total, Newlines int32 }

// Of is the count in unit u.
func (s Sums) Of(u Unit) int {
	switch u {
	case Visible:
		return int(s.Visible)
	case Total:
		return int(s.Total)
	}
	return int(s.Newlines)
}

func (s *Sums) add(d Sums) {
	s.Visible += d.Visible
	s.Total += d.Total
	s.Newlines += d.Newlines
}

func (s *Sums) subtract(d Sums) {
	s.Visible -= d.Visible
	s.Total -= d.Total
	s.Newlines -= d.Newlines
}

// Minus is s less d in each unit.
func (s Sums) Minus(d Sums) Sums {
	s.subtract(d)
	return s
}
