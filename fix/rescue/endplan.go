package rescue

import (
	"context"
	"fmt"
	"slices"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
)

// planEnd puts it into words and steps.
func (r *Rescue) planEnd(endings []*ending) {
	report := &r.Before
	var pids []int
	for _, e := range endings {
		pids = append(pids, e.pid)
	}
	root := rootOf(report, pids)
	p := &r.Plan
	p.Kind, p.Title, p.Risk = "end", "end "+endings[0].name, "high"
	if n := len(endings) - 1; n > 0 {
		p.Title += fmt.Sprintf(" and %d more", n)
	}
	p.Why = "nobody waits for it: this is done only because --force says so"
	deaf := false
	if root != nil {
		p.Why = evidence.Plural(len(root.Victims), "process waits", "processes wait") + " because of it"
		for _, a := range root.Advice {
			if a.Action == "end" {
				p.Risk, p.Why = a.Risk, a.Why
			}
		}
		deaf = root.Deaf()
	}
	next := "With a process go its locks, and the next in the queue goes on at once."
	if deaf {
		p.What = "SIGKILL at once, for it cannot answer SIGTERM. " + next
	} else {
		p.What = fmt.Sprintf("SIGTERM; whoever is still in the way %v later gets SIGKILL. %s", r.options.Patience, next)
		for i, e := range endings {
			p.Changes = append(p.Changes, act("SIGTERM to "+e.name, e, func(ctx context.Context) (string, error) { return r.term(ctx, e, endings, i == 0) }))
		}
	}
	for i, e := range endings {
		text := "SIGKILL to " + e.name
		if !deaf {
			text += fmt.Sprintf(", if it is still in the way %v later", r.options.Patience)
		}
		p.Changes = append(p.Changes, act(text, e, func(ctx context.Context) (string, error) { return r.kill(ctx, e, endings, deaf && i == 0) }))
	}
	for _, pid := range pids {
		p.Warnings = append(p.Warnings, warn(report, pid)...)
	}
	if root != nil && root.Class == diagnose.WorkingHolder {
		p.Warnings = append(p.Warnings, "It makes progress: to wait may be enough.")
	}
	r.verify = func(ctx context.Context) (fix.Proof, error) { return r.verifyEnd(ctx, endings) }
}

func act(text string, e *ending, do func(context.Context) (string, error)) fix.Change {
	return fix.Change{Text: text, Act: &fix.Act{PID: e.pid, Start: e.start, Do: do}}
}

// warn says who is disconnected, and what is not known.
func warn(report *diagnose.Report, pid int) (lines []string) {
	p := report.Process(pid)
	if p == nil {
		return []string{fmt.Sprintf("Process %d has to do with no lock that anybody waits for; what it does was not looked at.", pid)}
	}
	name := diagnose.Name(*p)
	switch {
	case !p.Cyrus:
		lines = append(lines, fmt.Sprintf("%s is not part of Cyrus (%s): ask who runs it first.", name, evidence.Clean(p.Title)))
	case p.User != "" && p.Client != "":
		lines = append(lines, fmt.Sprintf("Disconnects %s from %s.", evidence.Clean(p.User), evidence.Clean(p.Client)))
	case p.User != "":
		lines = append(lines, fmt.Sprintf("Disconnects one session of %s.", evidence.Clean(p.User)))
	case p.Client != "":
		lines = append(lines, fmt.Sprintf("Disconnects the client %s.", evidence.Clean(p.Client)))
	}
	if work := diagnose.Delicate(*p); work != "" {
		lines = append(lines, fmt.Sprintf("%s is in the middle of %s: it may leave that half done.", name, workOf(*p, work)))
	} else if p.Cyrus && !slices.ContainsFunc(p.Threads, func(t evidence.Thread) bool { return len(t.Frames) > 0 }) {
		lines = append(lines, fmt.Sprintf("The stack of %s could not be read: whether it is in the middle of something delicate is not known.", name))
	}
	return lines
}
