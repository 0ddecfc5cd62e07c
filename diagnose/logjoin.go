package diagnose

import (
	"strings"
	"time"

	"cyrlock/evidence"
)

// A Present is what one look has shown, ready to be laid beside a log: who logged a
// line, and which file it is about. A nil one knows nobody.
type Present struct {
	snapshot *evidence.Snapshot
	people   people
	paths    map[string]*evidence.File
	waits    map[int]*evidence.File // by pid, what it waits for
	holds    map[int]bool           // by pid: others wait for what it holds
}

// NewPresent takes a snapshot as [Annotate] gives it, or a report's.
func NewPresent(s *evidence.Snapshot) *Present {
	p := &Present{snapshot: s, people: peopleOf(s), paths: map[string]*evidence.File{}, waits: map[int]*evidence.File{}, holds: map[int]bool{}}
	for i := range s.Files {
		f := &s.Files[i]
		if f.Kind == string(Accept) {
			continue
		}
		if f.Path != "" && p.paths[f.Path] == nil {
			p.paths[f.Path] = f
		}
		for _, w := range f.Waiters {
			p.waits[w.PID] = f
		}
		for _, h := range f.Holders {
			p.holds[h.PID] = p.holds[h.PID] || len(f.Waiters) > 0
		}
	}
	return p
}

const (
	// A stamp without fractions may be of the end of its second; the times of a log
	// and of processes are on two clocks, and one tick is 10 ms.
	stampSlack, wholeSecond = 50 * time.Millisecond, time.Second
	// A look knows nothing of who has the pid so long after it.
	outdated = time.Minute
)

// Process is the process of which a line speaks, if the look has shown it; nil where
// the pid was another's when the line was logged, or the line is of another host.
func (p *Present) Process(l evidence.LogLine) *evidence.Process {
	if p == nil || !p.ours(l.Host) || l.Time.Sub(p.snapshot.Taken) > outdated {
		return nil
	}
	found := p.people[l.About()]
	if found == nil {
		return nil
	}
	room := stampSlack
	if l.Time.Nanosecond() == 0 {
		room += wholeSecond
	}
	if started := p.snapshot.Taken.Add(-seconds(found.StartedAgoS)); !l.Time.IsZero() && started.After(l.Time.Add(room)) {
		return nil
	}
	return found
}

// ours reports whether a line of this host is of the machine that was looked at. A log
// may have the name with its domain or without.
func (p *Present) ours(host string) bool {
	name := p.snapshot.Host.Name
	if host == "" || name == "" || strings.EqualFold(host, "localhost") {
		return true
	}
	short := func(s string) string { s, _, _ = strings.Cut(s, "."); return s }
	if strings.Contains(host, ".") && strings.Contains(name, ".") {
		return strings.EqualFold(host, name)
	}
	return strings.EqualFold(short(host), short(name))
}

// File is the file that a line is about: the one it names, else the one that its
// process waits for. nil: it tells none, and waits for none.
func (p *Present) File(l evidence.LogLine, who *evidence.Process) *evidence.File {
	if l.Message != nil && l.Message.File != "" {
		return p.Named(l.Message.File)
	}
	if p == nil || who == nil {
		return nil
	}
	return p.waits[who.PID]
}

// Named is what is known of a file by its path; the look need not have shown it.
func (p *Present) Named(path string) *evidence.File {
	f := &evidence.File{Path: path}
	var conf evidence.Cyrus
	var all people
	if p != nil {
		if seen := p.paths[path]; seen != nil {
			return seen
		}
		conf, all = p.snapshot.Host.Cyrus, p.people
	}
	f.Kind = string(kindOfPath(path, conf))
	f.User, f.Mailbox = userOf(all, *f), mailboxOf(all, *f)
	return f
}

// Near reports whether a process holds what others wait for, or waits itself: what it
// logs may tell why.
func (p *Present) Near(who *evidence.Process) bool {
	return p != nil && who != nil && (p.holds[who.PID] || p.waits[who.PID] != nil)
}

// A LiveWait is a wait of the log that goes on, with the process that waits.
type LiveWait struct {
	Episode
	Process *evidence.Process // nil: the look has not shown it
	File    *evidence.File    // nil: not known
}

// LiveWaits lays waits beside the look. A process that is gone, or whose pid is
// another's, is nil.
func (p *Present) LiveWaits(open []Episode) []LiveWait {
	all := make([]LiveWait, 0, len(open))
	for _, e := range open {
		l := evidence.LogLine{Time: e.Last, Host: e.Host, Ident: e.Ident, PID: e.PID, Message: &evidence.LogMessage{Kind: evidence.LogSleeping, File: e.File}}
		w := LiveWait{Episode: e, Process: p.Process(l)}
		w.File = p.File(l, w.Process)
		all = append(all, w)
	}
	return all
}

// Progress is how far the wait is on its way to giving up, from 0 to 1; 0 where it is
// not known when that is.
func (w LiveWait) Progress(now time.Time) float64 {
	if w.Bound <= 0 {
		return 0
	}
	return min(max(now.Sub(w.Began).Seconds()/w.Bound, 0), 1)
}

// Knows reports whether the look has shown all of these processes.
func (p *Present) Knows(pids []int) bool {
	if p == nil {
		return false
	}
	for _, pid := range pids {
		if p.people[pid] == nil {
			return false
		}
	}
	return true
}
