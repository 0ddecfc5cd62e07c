package timedlock

import "testing"

// The bounds that the author of the schedule gave with it, and those around.
func TestBounds(t *testing.T) {
	for maxtime, want := range map[int]struct{ tries, bound int }{
		1: {3, 1}, 3: {3, 1}, 4: {4, 5}, 15: {5, 14}, 16: {6, 30}, 17: {6, 30}, 25: {7, 55}, 26: {7, 55},
		48: {8, 91}, 63: {9, 140}, 81: {11, 285}, 99: {11, 285}, 100: {12, 385}, MaxtimeLimit: {62, 73810},
	} {
		s := Schedule{Maxtime: maxtime}
		if s.Tries() != want.tries || s.Bound() != want.bound {
			t.Errorf("%d: %d tries in %d s, want %d in %d s", maxtime, s.Tries(), s.Bound(), want.tries, want.bound)
		}
		if err := s.Valid(); err != nil {
			t.Error(err)
		}
	}
	for _, maxtime := range []int{-1, 0, MaxtimeLimit + 1} {
		if (Schedule{Maxtime: maxtime}).Valid() == nil {
			t.Errorf("%d is allowed", maxtime)
		}
	}
}
