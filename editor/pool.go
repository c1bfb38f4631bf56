package editor

// pool hands out objects that are used again in the next frame.
type pool[T any] struct {
	all  []*T
	used int
}

func (p *pool[T]) reset() { p.used = 0 }

func (p *pool[T]) next() *T {
	if p.used == len(p.all) {
		p.all = append(p.all, new(T))
	}
	p.used++
	return p.all[p.used-1]
}
