// Package diagnose turns evidence into a verdict: who everything else waits for,
// why, and what is safe to do. It is pure: no files, no clock, no processes. The
// same snapshot always yields the same report.
package diagnose

import (
	"cmp"
	"slices"
	"time"

	"cyrlock/evidence"
)

// A Verdict is the one-word answer.
type Verdict string

const (
	Healthy Verdict = "healthy" // nobody waits
	Slow    Verdict = "slow"    // somebody waits: not for long, or behind a holder that makes progress
	Hung    Verdict = "hung"    // somebody waits too long, or for ever
	Unknown Verdict = "unknown" // too little could be seen to say
)

// A Class says what kind of thing the root of a hang is. Docs: docs/concepts.md.
type Class string

const (
	StalledClient         Class = "stalled-client"
	IdleHolder            Class = "idle-holder"
	SelfDeadlock          Class = "self-deadlock"
	Cycle                 Class = "cycle"
	StoppedHolder         Class = "stopped-holder"
	OrphanLock            Class = "orphan-lock"
	SharedCrowd           Class = "shared-crowd"
	UninterruptibleHolder Class = "uninterruptible-holder"
	SignalReentry         Class = "signal-reentry"
	StaleInode            Class = "stale-inode"
	OutsideHolder         Class = "outside-holder"
	ForeignHolder         Class = "foreign-holder"
	LostWakeup            Class = "lost-wakeup"
	WorkingHolder         Class = "working-holder"
)

// A Confidence says how far the evidence carries a claim.
type Confidence string

const (
	Certain Confidence = "certain" // read from the kernel, nothing inferred
	Likely  Confidence = "likely"  // one inference
	Guess   Confidence = "guess"   // what is left when the rest does not fit
)

// A Root is what a set of processes waits for in the end.
type Root struct {
	Class Class `json:"class"`
	// PID names the process, with Start against a reused pid; 0: no process is visible.
	PID        int        `json:"pid"`
	Start      uint64     `json:"start"`
	Members    []int      `json:"members,omitempty"` // of a cycle, a crowd, or a shared description
	Confidence Confidence `json:"confidence"`
	File       string     `json:"file"` // the lock it holds that the most wait for
	Dev        string     `json:"dev"`  // of that file, with Ino and Lock as in [evidence.File]: they name it for good
	Ino        uint64     `json:"ino"`
	Lock       string     `json:"lock"`
	Kind       Kind       `json:"kind"`
	SinceS     float64    `json:"since_s"`  // how long it has not moved, in seconds; 0: not known
	OldestS    float64    `json:"oldest_s"` // the longest wait behind it, in seconds
	Victims    []int      `json:"victims"`
	Sentence   string     `json:"sentence"` // the whole of it in plain words
	Impact     Impact     `json:"impact"`
	Why        []string   `json:"why"`             // each piece of evidence, with where it was read
	Doubt      string     `json:"doubt,omitempty"` // what would make it sure
	Advice     []Advice   `json:"advice"`
}

// waiting are the processes that wait because of the root, each once.
func (r Root) waiting() []int {
	switch r.Class {
	case SelfDeadlock:
		return append([]int{r.PID}, r.Victims...)
	case Cycle:
		return slices.Concat(r.Members, r.Victims)
	}
	return r.Victims
}

// A Report is the snapshot with kinds, roles and blockers filled in, and what
// follows from it.
type Report struct {
	evidence.Snapshot
	Verdict Verdict `json:"verdict"`
	Summary string  `json:"summary"`
	Waiting int     `json:"waiting"`  // processes that wait; idle workers are not among them
	OldestS float64 `json:"oldest_s"` // the longest wait, in seconds
	// ThresholdS is the age, in seconds, from which a wait counted as hung.
	ThresholdS float64 `json:"threshold_s"`
	Roots      []Root  `json:"roots"` // the one with the most victims first
	// Aside are hangs of other programs on other files, on a machine where a Cyrus
	// runs: apt that waits for dpkg is no hung mail server.
	Aside []Root `json:"aside,omitempty"`
	// Advice is what to do where there is no root, which has its own: now, and against
	// the next hang.
	Advice []Advice `json:"advice,omitempty"`

	index *index `json:"-"` // the tag is for those who list JSON names by reflection
}

// DefaultThreshold is the age from which a wait counts as hung. Cyrus holds its
// locks for milliseconds; ten seconds is what a person at the other end gives up after.
const DefaultThreshold = 10 * time.Second

// Options tune the verdict.
type Options struct {
	Threshold time.Duration // 0: DefaultThreshold
}

// Diagnose explains s. It leaves s as it is.
func Diagnose(s evidence.Snapshot, o Options) Report {
	if o.Threshold == 0 {
		o.Threshold = DefaultThreshold
	}
	s = Annotate(s)
	g := newGraph(&s)
	g.thresholdS = o.Threshold.Seconds()
	r := Report{Roots: []Root{}}
	for _, cause := range g.causes() {
		r.Roots = append(r.Roots, explain(g, cause))
	}
	shared(r.Roots)
	everywhere := len(g.waiting)
	r.index = &index{services: g.services, whole: &evidence.Snapshot{}, everyone: g.people, roots: slices.Clone(r.Roots)}
	*r.index.whole = s
	if s.Focus != nil {
		r.Roots = onFocus(s, r.Roots)
		s = concerned(s, r.Roots)
		g = newGraph(&s)
	} else {
		r.Roots, r.Aside = ofCyrus(g, r.Roots)
	}
	r.Snapshot, r.ThresholdS = s, o.Threshold.Seconds()
	r.index.people, r.index.waits = g.people, waitsByBlocker(&s)
	slices.SortStableFunc(r.Roots, func(a, b Root) int {
		return cmp.Or(cmp.Compare(len(b.Victims), len(a.Victims)), cmp.Compare(b.OldestS, a.OldestS), cmp.Compare(a.PID, b.PID))
	})
	stuck := stuckBehind(r.Roots)
	for _, pid := range g.waiting {
		if stuck[pid] {
			r.Waiting++
			r.OldestS = max(r.OldestS, g.waitedS(pid))
		}
	}
	r.Verdict = verdict(r)
	r.Summary = summary(r, everywhere-r.Waiting)
	r.Advice = general(&r, g)
	return r
}

// hung says that a root is a hang. A deadlock is one whatever its age: it never
// ends.
func (r Root) hung(thresholdS float64) bool {
	if r.deadly() && r.Confidence == Certain {
		return true
	}
	return r.Class != WorkingHolder && r.OldestS >= thresholdS
}

// threshold is what the verdict was made with, in seconds.
func (r *Report) threshold() float64 { return cmp.Or(r.ThresholdS, DefaultThreshold.Seconds()) }

// deadly: they wait for each other, or one for itself.
func (r Root) deadly() bool { return r.Class == Cycle || r.Class == SelfDeadlock }

// members are the processes that make the root; nobody, where none is visible.
func (r Root) members() []int {
	if len(r.Members) > 0 {
		return r.Members
	}
	return []int{r.PID}
}

// on notes which lock the root is about.
func (r *Root) on(f *evidence.File) {
	r.File, r.Kind, r.Dev, r.Ino, r.Lock = f.Path, Kind(f.Kind), f.Dev, f.Ino, f.Lock
}

// verdict weighs the roots.
func verdict(r Report) Verdict {
	if r.Waiting == 0 {
		if blind(r.Snapshot) {
			return Unknown
		}
		return Healthy
	}
	v := Unknown // until somebody can be named
	for _, root := range r.Roots {
		if root.hung(r.ThresholdS) {
			return Hung
		}
		if root.Class != ForeignHolder || root.Confidence != Guess {
			v = Slow
		}
	}
	return v
}

// blind says that not even the lock table could be read.
func blind(s evidence.Snapshot) bool {
	return slices.ContainsFunc(s.Gaps, func(g evidence.Gap) bool { return g.What == evidence.LockTable })
}
