package diagnose

import "time"

// A Point is how many processes waited at one time.
type Point struct {
	At      time.Time
	Waiting int
}

// Points are a curve in bounded room.
type points []Point

const mostPoints = 240

// add appends a point; one that is not later than the last is merged into that.
// When the room is used up, the older half is thinned out: of two neighbours the
// higher stays.
func (p *points) add(next Point) {
	if n := len(*p); n > 0 && !next.At.After((*p)[n-1].At) {
		(*p)[n-1].Waiting = max((*p)[n-1].Waiting, next.Waiting)
		return
	}
	if *p = append(*p, next); len(*p) <= mostPoints {
		return
	}
	old := (*p)[:len(*p)/2]
	thin := old[:0]
	for i := 0; i < len(old); i += 2 {
		higher := old[i]
		if i+1 < len(old) && old[i+1].Waiting > higher.Waiting {
			higher = old[i+1]
		}
		thin = append(thin, higher)
	}
	*p = append(thin, (*p)[len(old):]...)
}
