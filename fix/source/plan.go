package source

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"cyrlock/fix"
)

// Plan puts the timed lock into a tree. It changes all lock files or, with an
// error, none: which of them is compiled, configure decides later. A plan without
// changes says that all is there already.
func (t *Tree) Plan(o Options) (fix.Plan, error) {
	if err := o.Valid(); err != nil {
		return fix.Plan{}, err
	}
	p := fix.Plan{Kind: "source", Title: "patch " + t.Dir + " with the timed lock", Risk: "some", What: what(o), Why: "A process that waits for a lock in vain gets an error at last, and says so in the log before; others need not wait behind it for ever. It does not free the lock."}
	var shape Shape
	for _, f := range t.Files {
		text, r, err := put(f.Text, o)
		if err != nil {
			return p, t.wrap(f, err)
		}
		if want := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f.Name), "lock_"), ".c"); r.kind != want {
			return p, t.wrap(f, fmt.Errorf("it locks with %s: that is not the file of this name", r.kind))
		}
		if shape != 0 && shape != r.shape {
			return p, t.wrap(f, fmt.Errorf("it is from Cyrus %s, and the other one from %s: which is right cannot be told", r.shape.Releases(), shape.Releases()))
		}
		shape = r.shape
		p.Changes = append(p.Changes, t.change(f, text)...)
	}
	if len(p.Changes) == 0 {
		p.What = "Nothing is to be done: this timed lock is in it already. " + p.What
	}
	t.tell(&p, shape, o)
	if len(p.Changes) == 0 {
		p.Warnings = nil // who put it in was told
	}
	return p, nil
}

// PlanUndo takes the timed lock out of a tree.
func (t *Tree) PlanUndo() (fix.Plan, error) {
	p := fix.Plan{Kind: "source", Title: "unpatch " + t.Dir + ": take the timed lock out", Risk: "none", What: "The lock files become what they were, byte for byte.", Why: "The wait for a lock has no end again, as Cyrus was released."}
	for _, f := range t.Files {
		text, err := Unpatch(f.Text)
		if err != nil {
			return p, t.wrap(f, err)
		}
		p.Changes = append(p.Changes, t.change(f, text)...)
	}
	if len(p.Changes) == 0 {
		p.What = "Nothing is to be done: no timed lock of cyrlock is in it."
	}
	return p, nil
}

func (t *Tree) wrap(f File, err error) error {
	return fmt.Errorf("%s: %w", filepath.Join(t.Dir, f.Name), err)
}

// change is the step that gives a file this text; none if it has it already.
func (t *Tree) change(f File, text []byte) []fix.Change {
	if string(text) == string(f.Text) {
		return nil
	}
	return []fix.Change{{Text: "write " + f.Name, File: &fix.File{
		Dir: t.Dir, Name: f.Name, Old: f.Text, New: text,
		Diff: udiff.Unified("a/"+f.Name, "b/"+f.Name, string(f.Text), string(text)),
	}}}
}

// what describes the schedule in words.
func what(o Options) string {
	sleeps := o.Sleeps()
	how := "In between it waits in the kernel's queue, and gets the lock the moment it is free."
	if !o.Hybrid {
		how = fmt.Sprintf("In between it sleeps: it sees a free lock up to %s late, and whoever waits in the queue comes first.", seconds(sleeps[len(sleeps)-1]))
	}
	return fmt.Sprintf("Who waits for a lock tries %d times: twice at once, then after %s. %s After %s in all it gives up with EWOULDBLOCK.",
		o.Tries(), list(sleeps), how, seconds(o.Bound()))
}

// list is 1, 4, 9 … 81 s.
func list(sleeps []int) string {
	var b strings.Builder
	for i, s := range sleeps {
		switch {
		case i > 2 && i < len(sleeps)-1:
			continue
		case i > 3:
			b.WriteString(" … ")
		case i > 0:
			b.WriteString(", ")
		}
		fmt.Fprint(&b, s)
	}
	return b.String() + " s"
}

// seconds is 285 s (4 min 45 s).
func seconds(n int) string {
	if n < 120 {
		return fmt.Sprintf("%d s", n)
	}
	return fmt.Sprintf("%d s (%d min %d s)", n, n/60, n%60)
}

// tell adds what this release does, and what the administrator has to do.
func (t *Tree) tell(p *fix.Plan, s Shape, o Options) {
	from, to := s.versions()
	which := fmt.Sprintf("This is Cyrus %s", t.Version)
	switch {
	case t.Version == Version{}:
		which = fmt.Sprintf("Which Cyrus this is, the tree does not say; its lock code is that of %s", s.Releases())
	case !t.Version.within(from, to):
		which = fmt.Sprintf("This is Cyrus %s by its lock code, though the tree says %s", s.Releases(), t.Version)
	}
	switch {
	case t.Build != "":
		which += ", configured for " + t.Build
	case len(t.Files) > 1:
		which += ", not configured: both lock files are meant"
	}
	p.What += " " + which + "."
	p.Warnings = append(p.Warnings, after(t.Version, s)...)
	p.Warnings = append(p.Warnings, unbounded(s, o.AlsoShared)...)
	p.Warnings = append(p.Warnings, s.debug(), "Processes that run already keep the old code: build, install, and start Cyrus anew.")
	if t.Debian {
		p.Warnings = append(p.Warnings, "This is a Debian source package: dpkg-source --commit makes the change one of its patches, before dpkg-buildpackage -b.")
	}
}
