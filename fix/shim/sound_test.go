package shim

import (
	"strings"
	"testing"
)

// Whoever was started before the installed limit was changed keeps the old one, and
// is told apart; a file of systemd and a start script say the same.
func TestStale(t *testing.T) {
	for _, systemd := range []bool{true, false} {
		y := newYard(t, systemd)
		o := standard()
		o.Paths = []string{"*.seen", `/srv/it's 50%/"a" \b/*`}
		check := Check{PID: 8, Status: Effective, Bound: o.Schedule.Bound(), Hybrid: true, Paths: o.Paths, Counts: &Counts{}}
		if wrong := y.Sound([]Check{check}); len(wrong) > 0 {
			t.Errorf("nothing is installed: %q", wrong)
		}
		y.apply(y.install(version(Source()), debian(), "", o))
		if wrong := y.Sound([]Check{check, {PID: 9, Status: Without}}); len(wrong) > 0 {
			t.Errorf("systemd %v: %q", systemd, wrong)
		}
		o.Schedule.Maxtime = 17
		y.apply(y.install(version(Source()), debian(), "", o))
		wrong := strings.Join(y.Sound([]Check{check}), "\n")
		if !strings.Contains(wrong, "1 process (8) still has a limit of 285 s") || !strings.Contains(wrong, "by now is a limit of 30 s (hybrid) on *.seen:") {
			t.Errorf("systemd %v: %q", systemd, wrong)
		}
	}
}
