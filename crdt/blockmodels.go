package crdt

import "inkling/crdt/internal/rangecoder"

// habits are what a replica's next stroke is guessed from.
type habits struct {
	kinds [2]strokeKind // of its last strokes
	long  int           // of the last stroke: lengthClass
	// of the stroke being coded
	moved bool // it is elsewhere than the last one ended
	unit  int  // what its first Seq is in its unit, or the first that no unit's end has told of
}

// learn notes a stroke.
func (h *habits) learn(kind strokeKind, length uint32) {
	h.kinds[1], h.kinds[0] = h.kinds[0], kind
	h.long = lengthClass(length)
}

const lengthClasses = 3

func lengthClass(n uint32) int {
	switch {
	case n == 1:
		return 0
	case n < 8:
		return 1
	}
	return 2
}

// strokeModels are the models of the column of strokes.
type strokeModels struct {
	kinds     [strokeKinds][strokeKinds][lengthClasses][unitClasses]rangecoder.Tree
	distances [strokeKinds][strokeKinds][unitClasses]rangecoder.Signed
	lengths   [strokeKinds][2][unitClasses][lengthClasses]rangecoder.Number
	ends      [strokeKinds][unitClasses][2]struct{ whole, beyond rangecoder.Prob }
	rests     [2][unitClasses]rangecoder.Prob
	dead      rangecoder.Number
	likely    rangecoder.Prob
	named     rangecoder.Number
	restored  rangecoder.Number
}

func newStrokeModels() *strokeModels {
	m := &strokeModels{}
	for i := range m.kinds {
		for j := range m.kinds[i] {
			for k := range m.kinds[i][j] {
				for l := range m.kinds[i][j][k] {
					m.kinds[i][j][k][l] = rangecoder.NewTree(strokeKindBits)
				}
			}
		}
	}
	return m
}

func (m *strokeModels) kind(h *habits) rangecoder.Tree {
	return m.kinds[h.kinds[0]][h.kinds[1]][h.long][h.unit]
}

func (m *strokeModels) distance(h *habits, kind strokeKind) *rangecoder.Signed {
	return &m.distances[kind][h.kinds[0]][h.unit]
}

func (m *strokeModels) length(h *habits, kind strokeKind) *rangecoder.Number {
	return &m.lengths[kind][h.movedClass()][h.unit][h.long]
}

func (m *strokeModels) rest(h *habits) *rangecoder.Prob {
	return &m.rests[h.movedClass()][h.unit]
}

func (h *habits) movedClass() int {
	if h.moved {
		return 1
	}
	return 0
}
