package shim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cyrlock/fix"
)

// Remove plans to take out what [Place.Install] brought in: first what has the
// library loaded, then the library, unless processes have it.
//
// Such a library stays: their environment still names it, and whatever they start
// would find it missing and say so on its standard error, which is the client's
// connection for a program that a worker starts.
func (p Place) Remove(ctx context.Context, proc Proc) (fix.Plan, error) {
	plan := fix.Plan{
		Kind: "shim", Title: "remove the timed lock that came without a rebuild", Risk: "none",
		What: "From its next start on, Cyrus waits for locks without end again. Until then nothing changes.",
		Why:  "Nothing of it is left then.",
	}
	in, err := p.Look()
	if err != nil {
		return fix.Plan{}, err
	}
	reload := false
	for _, l := range in.Loaders {
		if err := remove(&plan, l.Path); err != nil {
			return fix.Plan{}, err
		}
		reload = reload || l.Path != p.script()
	}
	if reload {
		plan.Changes = append(plan.Changes, p.reload())
	}
	users, err := loadedBy(ctx, proc)
	if err != nil {
		return fix.Plan{}, fmt.Errorf("which processes have the library loaded is not known: %w", err)
	}
	for _, l := range in.Libraries {
		if pids := users[filepath.Base(l)]; len(pids) > 0 {
			plan.Warnings = append(plan.Warnings, fmt.Sprintf("%s stays as long as processes have it loaded: %s. Restart Cyrus when it suits, which ends every session, and then remove again.", l, list(pids)))
			continue
		}
		if err := remove(&plan, l); err != nil {
			return fix.Plan{}, err
		}
	}
	if text, err := os.ReadFile(forbidden); err == nil && libraryIn(string(text)) != "" {
		plan.Warnings = append(plan.Warnings, forbidden+" names a library of cyrlock. cyrlock did not write that and does not change it: take the line out before the library goes.")
	}
	if len(plan.Changes) == 0 {
		plan.What = "There is nothing to remove."
		if len(plan.Warnings) > 0 {
			plan.What = "There is nothing to remove yet."
		}
	}
	return plan, nil
}

// remove adds the end of a file to a plan.
func remove(plan *fix.Plan, file string) error {
	old, err := contents(file)
	if err == nil && old == nil {
		return nil
	}
	if err != nil {
		return err
	}
	dir, name := filepath.Split(file)
	c := &fix.File{Dir: filepath.Clean(dir), Name: name, Old: old}
	if !strings.HasPrefix(string(old), "\x7fELF") {
		c.Diff = diff(file, old, nil)
	}
	plan.Changes = append(plan.Changes, fix.Change{Text: "remove " + file, File: c})
	return nil
}

// loadedBy are the processes that have each library, by the name of its file, in
// their memory. Those of another root are among them: it may be the same file.
func loadedBy(ctx context.Context, proc Proc) (map[string][]int, error) {
	pids, err := proc.Pids(ctx)
	if err != nil {
		return nil, err
	}
	users := map[string][]int{}
	for _, pid := range pids {
		text, err := proc.Read(ctx, pid, "maps")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) {
			continue // it has ended, or is not ours to see; what root starts is seen by root
		}
		if err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		for _, m := range mappings(text) {
			if name := filepath.Base(m.path); !slices.Contains(users[name], pid) {
				users[name] = append(users[name], pid)
			}
		}
	}
	return users, nil
}

// list is a short enumeration of pids.
func list(pids []int) string {
	words := make([]string, 0, 6)
	for _, pid := range pids[:min(5, len(pids))] {
		words = append(words, fmt.Sprint(pid))
	}
	if more := len(pids) - 5; more > 0 {
		words = append(words, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(words, ", ")
}
