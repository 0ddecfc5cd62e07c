package source

import "testing"

func TestSpan(t *testing.T) {
	for _, c := range []struct {
		from, to Version
		want     string
	}{
		{Version{2, 1, 0}, Version{2, 2, 13}, "2.1.0–2.2.13"},
		{Version{2, 0, 0}, Version{2, 0, 99}, "2.0"},
		{Version{2, 0, 0}, Version{2, 3, 99}, "2.0–2.3"},
		{Version{2, 4, 0}, Version{3, 99, 99}, "2.4 and later"},
	} {
		if got := span(c.from, c.to); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
