package probe

import (
	"fmt"
	"os"
	"sort"
	"sync"
	"time"

	"cyrlock/evidence"
)

// Gaps collects what could not be read. A refusal is told once for all the
// processes it concerns: an ordinary user meets thousands.
type gaps struct {
	mu      sync.Mutex
	list    []evidence.Gap
	refused map[string]map[int]bool // by what
}

func (g *gaps) add(pid int, what, why string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.list = append(g.list, evidence.Gap{PID: pid, What: what, Why: why})
}

// failed notes an error of one process. One that ended meanwhile is told only
// where it matters, by [gaps.add].
func (g *gaps) failed(pid int, what string, err error) {
	switch {
	case vanished(err):
	case denied(err):
		g.mu.Lock()
		defer g.mu.Unlock()
		if g.refused == nil {
			g.refused = make(map[string]map[int]bool)
		}
		if g.refused[what] == nil {
			g.refused[what] = make(map[int]bool)
		}
		g.refused[what][pid] = true
	default:
		g.add(pid, what, err.Error())
	}
}

// silent notes processes that gave no answer in time.
func (g *gaps) silent(what string, pids []int, limit time.Duration) {
	for _, pid := range pids {
		g.add(pid, what, fmt.Sprintf("no answer within %v: it may be stuck in the kernel, see ps -o stat,wchan %d", limit, pid))
	}
}

// all returns the gaps: single ones first, then the refusals.
func (g *gaps) all() []evidence.Gap {
	g.mu.Lock()
	defer g.mu.Unlock()
	out := append([]evidence.Gap(nil), g.list...)
	remedy := "run as root"
	if os.Geteuid() == 0 {
		remedy = "it needs CAP_SYS_PTRACE, look from the host"
	}
	kinds := make([]string, 0, len(g.refused))
	for what := range g.refused {
		kinds = append(kinds, what)
	}
	sort.Strings(kinds)
	for _, what := range kinds {
		pids := g.refused[what]
		gap := evidence.Gap{What: what, Why: "permission denied: " + remedy}
		switch n := len(pids); n {
		case 1:
			for pid := range pids {
				gap.PID = pid
			}
		default:
			gap.Why = fmt.Sprintf("permission denied for %s processes: %s", evidence.Thousands(n), remedy)
		}
		out = append(out, gap)
	}
	return out
}
