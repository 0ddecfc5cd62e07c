package scene

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// What an answer to a hang means for processes and people.

// people are those to whom something is sent, few of them with all that is known.
func (s *Scene) people(pids []int) string {
	if len(pids) == 1 {
		return s.person(pids[0])
	}
	out := s.names(pids)
	if p := s.Proc(pids[0]); p != nil && p.StartedAgoS > 0 {
		out += "; the first " + s.started(p)
	}
	return out
}

// started says since when a process is there: it tells it from a later one.
func (s *Scene) started(p *evidence.Process) string {
	ago := time.Duration(p.StartedAgoS * float64(time.Second))
	return fmt.Sprintf("started %s (%s ago)", s.clock(s.Report.Taken.Add(-ago)), diagnose.Age(p.StartedAgoS))
}

// person is a process with what tells it from a later one of the same pid.
func (s *Scene) person(pid int) string {
	p := s.Proc(pid)
	if p == nil {
		return s.Name(pid) + ", which was not looked at: see first what it is (ps " + fmt.Sprint(pid) + ")"
	}
	out := s.Name(pid)
	if p.StartedAgoS > 0 {
		out += ", " + s.started(p)
	}
	if p.User != "" {
		out += ", serves " + s.Text(p.User)
	}
	if p.Mailbox != "" {
		out += " in " + s.Text(p.Mailbox)
	}
	if !p.Cyrus {
		out += fmt.Sprintf(", run by user %d: %s", p.UID, s.Text(cmp.Or(p.Title, p.Exe, p.Comm)))
	}
	return out
}

// clock is a time of day, with its date if that is another one.
func (s *Scene) clock(t time.Time) string {
	if t.Format(time.DateOnly) == s.Report.Taken.Format(time.DateOnly) {
		return t.Format(time.TimeOnly)
	}
	return t.Format(time.DateTime)
}

// frees says who goes on.
func (s *Scene) frees(a diagnose.Advice, r *diagnose.Root) string {
	freed := slices.Clone(r.Victims)
	if r.Class == diagnose.Cycle {
		for _, pid := range r.Members {
			if !slices.Contains(a.PIDs, pid) {
				freed = append(freed, pid)
			}
		}
	}
	if a.Action == "rejoin" || a.Action == "cancel" {
		return s.names(a.PIDs)
	}
	if len(freed) == 0 {
		return "nobody else: it waits for itself"
	}
	out := evidence.Plural(len(freed), "process", "processes") + ": " + s.names(freed)
	if n := len(r.Impact.Users); n > 0 {
		out += "; " + map[bool]string{true: "user ", false: "users "}[n == 1] + s.some(r.Impact.Users)
	}
	return out
}
