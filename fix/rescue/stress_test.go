package rescue

import (
	"fmt"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"testing"
	"time"
)

const (
	stressCancels = 1000
	stressLimit   = 60 * time.Second
)

// A thousand cancels among processes that fight over a lock: never do two have it,
// none crashes, none is left stopped, and every cancel that is said to have been done
// is exactly one EAGAIN that arrived.
func TestCancelUnderContention(t *testing.T) {
	m32 := []string{"-m32", "-idirafter", "/usr/include/x86_64-linux-gnu"} // for asm/errno.h, which only the 64-bit package has
	for _, c := range []struct {
		name, kind string
		flags      []string
	}{{"flock", "flock", nil}, {"fcntl", "fcntl", nil}, {"flock of a 32-bit program", "flock", m32}, {"fcntl of a 32-bit program", "fcntl", m32}} {
		if c.flags != nil && runtime.GOARCH != "amd64" {
			continue // 32-bit programs are left alone there
		}
		t.Run(c.name, func(t *testing.T) {
			crowd := contend(t, compile(t, "contend", c.flags...), c.kind, 6, 300)
			done, late := 0, 0
			var took []time.Duration
			for end := time.Now().Add(stressLimit); done < stressCancels; {
				if time.Now().After(end) {
					t.Fatalf("only %d cancels in %v", done, stressLimit)
				}
				w := crowd.wait(crowd.pids[rand.IntN(len(crowd.pids))])
				if err := w.once(t.Context()); err != nil {
					late++
					continue
				}
				done++
				took = append(took, w.took)
			}
			eventually(t, func() string {
				if got := crowd.refused(); got != done {
					return fmt.Sprintf("%d cancels done, %d EAGAIN arrived", done, got)
				}
				return ""
			})
			before := crowd.turns()
			eventually(t, func() string {
				if crowd.turns() < before+100 {
					return "they do not go on"
				}
				return ""
			})
			for _, pid := range crowd.pids {
				if state, _, err := readStat(pid); err != nil || state == "t" || state == "T" || state == "Z" {
					t.Errorf("process %d: state %q, %v", pid, state, err)
				}
			}
			if v, e := crowd.violations(), crowd.errors(); v != 0 || e != 0 {
				t.Errorf("%d times two had the lock, %d other errors", v, e)
			}
			slices.Sort(took)
			t.Logf("%d cancels, %d that came too late and did nothing; %d turns; stood still: median %v, 99 of 100 under %v, longest %v",
				done, late, crowd.turns(), took[len(took)/2], took[len(took)*99/100], took[len(took)-1])
		})
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(loopEnv) != "" {
		os.Exit(cancelLoop())
	}
	os.Exit(m.Run())
}
