package textmodel

// refiner corrects a probability by what came of like ones in a context, of
// which there are 256 for each of its rows: each has a curve of points, between
// which it interpolates. It is Mahoney's APM, or secondary symbol estimation.
type refiner struct {
	points []chance
	at     *chance // the nearer of the two points last used
}

const (
	refinerRows  = 32
	curvePoints  = 24
	pointSpacing = 256 // of stretched probability
)

// newRefiner gives one that corrects nothing yet.
func newRefiner() refiner {
	points := make([]chance, curvePoints*refinerRows<<8)
	for i := range curvePoints {
		points[i] = chance(squash(int32(i-curvePoints/2) * pointSpacing))
	}
	for done := curvePoints; done < len(points); done *= 2 {
		copy(points[done:], points[:done])
	}
	return refiner{points: points}
}

// refine gives the probability for the stretched one x in a context below
// refinerRows<<8.
func (r *refiner) refine(x int32, context uint32) int32 {
	const half = curvePoints / 2 * pointSpacing
	x = min(max(x+half, 0), 2*half-pointSpacing-1)
	low, part := x/pointSpacing, x%pointSpacing
	curve := r.points[context*curvePoints:][:curvePoints]
	a, b := int32(curve[low]), int32(curve[low+1])
	r.at = &curve[low+(part+pointSpacing/2)/pointSpacing]
	return (a*(pointSpacing-part) + b*part) / pointSpacing
}
