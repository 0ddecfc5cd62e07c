package diagnose

import (
	"time"

	"cyrlock/evidence"
)

// A Comparison is what changed between two looks at the same machine. It says
// nothing that the later look could not show: who is only out of its sight is
// neither gone nor free.
type Comparison struct {
	At            time.Time // of the later look
	ElapsedS      float64   // between the two, in seconds
	Before, After Verdict
	// Doubt says what keeps the two looks from being compared at all, or the later
	// one from showing that a wait is over; empty: nothing does.
	Doubt string

	Came   []Wait // waits that the earlier look did not show
	Went   []Wait // waits that are over; File and Waiter are of the earlier look
	Unsure []Wait // waits that the later look does not show and may have missed
	Stayed int    // waits that both show

	Took  []Hold // new holders of files that somebody waits or waited for
	LetGo []Hold // those who certainly hold such a file no more

	Began  []Root    // of the later look
	Ended  []Root    // of the earlier look, and certainly over
	Hidden []Root    // of the earlier look: not seen any more, and perhaps still there
	Stay   [][2]Root // the same hang, before and after

	before, after *view  // nil: not to be compared
	early         string // what kept the earlier look from showing all that waited
}

// A Wait is one thread's wait for one lock.
type Wait struct {
	ProcessID
	TID     int
	File    *evidence.File
	Waiter  *evidence.Waiter
	Process *evidence.Process // nil: it could not be read
	End     End               // how it ended; empty while it lasts, or where that is not known
}

// An End is how a wait ended, as far as the later look shows it.
type End string

const (
	Got    End = "got"     // it holds the lock now
	Gone   End = "gone"    // the process is no more
	WentOn End = "went on" // it does something else
)

// A Hold is one process's lock on one file.
type Hold struct {
	ProcessID
	File    *evidence.File
	Process *evidence.Process // nil: it could not be read
}

// Compare tells what changed from one look to a later one.
func Compare(before, after Report) Comparison { return compareViews(newView(before), newView(after)) }

func compareViews(b, a *view) Comparison {
	c := Comparison{At: a.report.Taken, ElapsedS: a.report.Taken.Sub(b.report.Taken).Seconds(), Before: b.report.Verdict, After: a.report.Verdict}
	if c.Doubt = apart(b.report.Host, a.report.Host); c.Doubt != "" {
		return c
	}
	c.before, c.after = b, a
	c.Doubt, c.early = sight(b, a), sight(a, b)
	c.waits()
	c.holders()
	c.roots()
	return c
}

// apart says why two looks are not of the same processes; "" if they are.
func apart(b, a evidence.Host) string {
	oneBoot := b.BootID != "" && b.BootID == a.BootID
	switch {
	case b.BootID != "" && a.BootID != "" && !oneBoot && b.Name == a.Name:
		return "the machine was started anew between the two looks"
	case b.Container != a.Container:
		return "one look was taken inside a container and one outside"
	case b.Name != "" && a.Name != "" && b.Name != a.Name && (!oneBoot || a.Container):
		return "the two looks are of different machines"
	case b.BootID != "" && a.BootID != "" && !oneBoot:
		return "the two looks are of different machines"
	}
	return ""
}

// sight says why a look cannot show that a wait is over; "" if it can. A look that
// was broken off, and pasted text, have neither locks nor a duration.
func sight(b, a *view) string {
	switch s := a.report.Snapshot; {
	case blind(s):
		return "the lock table could not be read"
	case s.Locks == 0 && s.TookMS == 0:
		return "the lock table was not read"
	case s.Host.UID != 0 && s.Host.UID != b.report.Host.UID:
		return "the look was taken by a user who may see less"
	}
	return ""
}
