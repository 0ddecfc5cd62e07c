package rescue

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"slices"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// usualPatience is how long a process has to answer SIGTERM.
const usualPatience = 5 * time.Second

// An ending is the end of one process.
type ending struct {
	pid      int
	start    uint64
	name     string
	held     *target
	asked    time.Time // when SIGTERM was sent
	notAsked string    // why not
}

// End plans the end of the process, or of all the processes, that a hang comes
// from. The error says why it must not be done, and what to do instead.
func End(ctx context.Context, m Machine, pids []int, o Options) (*Rescue, error) {
	if o.Patience <= 0 {
		o.Patience = usualPatience
	}
	pids = slices.Compact(slices.Sorted(slices.Values(pids)))
	r := &Rescue{machine: m, options: o}
	if err := r.neverEnd(pids); err != nil {
		return nil, err
	}
	var err error
	if r.Before, err = r.look(ctx); err != nil {
		return nil, err
	}
	var endings []*ending
	for _, pid := range pids {
		e := &ending{pid: pid, start: start(&r.Before, pid), name: r.nameOf(pid)}
		if e.start == 0 {
			if _, e.start, err = readStat(pid); err != nil {
				return nil, fmt.Errorf("process %d: %w", pid, errGone)
			}
		}
		endings = append(endings, e)
	}
	if err := r.mayEnd(pids); err != nil {
		return nil, err
	}
	r.planEnd(endings)
	return r, r.rests(rootOf(&r.Before, pids))
}

// neverEnd refuses what no force allows.
func (r *Rescue) neverEnd(pids []int) error {
	for _, pid := range pids {
		switch pid {
		case os.Getpid():
			return fmt.Errorf("process %d is cyrlock itself", pid)
		case 1:
			return errors.New("process 1 starts and ends all others: it is never ended")
		}
		if pid <= 0 { // which kill(2) takes for many
			return fmt.Errorf("process %d: there is none of this number", pid)
		}
	}
	return nil
}

// mayEnd says why the processes must not be ended, by the last look.
func (r *Rescue) mayEnd(pids []int) error {
	report := &r.Before
	for _, pid := range pids {
		if diagnose.IsMaster(&report.Snapshot, pid) {
			return fmt.Errorf("process %d is Cyrus's master: to end it ends every session and frees nobody soon; end the holder instead", pid)
		}
	}
	if r.options.Force {
		return nil
	}
	root := rootOf(report, pids)
	if root == nil {
		return notRoot(report, pids)
	}
	if all := root.Members; len(all) > 1 && root.Class != diagnose.Cycle && len(pids) < len(all) {
		return fmt.Errorf("%d processes share the lock, and one alone frees nobody: cyrlock fix end %s", len(all), numbers(all))
	}
	for _, pid := range pids {
		if p := report.Process(pid); p != nil {
			if work := diagnose.Delicate(*p); work != "" {
				return fmt.Errorf("%s is in the middle of %s, which would be left half done: wait for it, or say --force", diagnose.Name(*p), workOf(*p, work))
			}
		}
	}
	return nil
}

// workOf is how delicate work is called: a program is itself in the middle of its own.
func workOf(p evidence.Process, work string) string {
	if program := path.Base(strings.TrimSuffix(p.Exe, " (deleted)")); program == work || p.Comm == work {
		return "its work"
	}
	return work
}

// notRoot says who is the root instead.
func notRoot(report *diagnose.Report, pids []int) error {
	if len(pids) > 1 {
		return fmt.Errorf("%s are not the root of one hang: see cyrlock check, and end one after the other", numbers(pids))
	}
	pid := pids[0]
	for _, root := range slices.Concat(report.Roots, report.Aside) {
		switch {
		case !slices.Contains(root.Victims, pid):
		case root.PID == 0:
			return fmt.Errorf("process %d waits itself, and to end it frees nobody else: see cyrlock check, or say --force", pid)
		default:
			return fmt.Errorf("process %d waits itself, for %s: cyrlock fix end %s, or say --force", pid, person(report, root.PID), numbers(members(root)))
		}
	}
	if report.Host.UID != 0 {
		return fmt.Errorf("process %d keeps nobody waiting, as far as you may see: run as root", pid)
	}
	return fmt.Errorf("process %d keeps nobody waiting (any more): nothing is done without --force", pid)
}

// rootOf is the hang that all these processes are the root of.
func rootOf(report *diagnose.Report, pids []int) *diagnose.Root {
	for _, roots := range [][]diagnose.Root{report.Roots, report.Aside} {
		for i := range roots {
			all := members(roots[i])
			if !slices.ContainsFunc(pids, func(pid int) bool { return !slices.Contains(all, pid) }) {
				return &roots[i]
			}
		}
	}
	return nil
}

func members(root diagnose.Root) []int {
	if len(root.Members) > 0 {
		return root.Members
	}
	return []int{root.PID}
}

func numbers(pids []int) string { return strings.Trim(fmt.Sprint(pids), "[]") }
