package shim

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

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
		if l.Path != p.script() {
			reload = true
			continue
		}
		plan.Warnings = append(plan.Warnings, "The line for it in the start script of Cyrus does nothing then; take it out when it suits.")
	}
	if reload {
		plan.Changes = append(plan.Changes, p.reload())
	}
	users, err := loadedBy(ctx, proc)
	if err != nil {
		return fix.Plan{}, fmt.Errorf("which processes have the library loaded is not known: %w", err)
	}
	for _, l := range in.Libraries {
		if pids := users.of(l); len(pids) > 0 {
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

// InUse are the processes that have a library loaded which this plan put in its
// place. As long as there are any, the plan must not be undone as a whole: see
// [Place.Remove].
func InUse(ctx context.Context, proc Proc, p fix.Plan) ([]int, error) {
	users, err := loadedBy(ctx, proc)
	if err != nil {
		return nil, fmt.Errorf("which processes have the library loaded is not known: %w", err)
	}
	var pids []int
	for _, c := range p.Changes {
		if c.File != nil && libraryName.MatchString(filepath.Base(c.File.Name)) {
			pids = append(pids, users.of(filepath.Join(c.File.Dir, c.File.Name))...)
		}
	}
	return pids, nil
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

// users are the processes that have some library in their memory.
type users map[int][]mapping

// of are those that need this file: by the path under which it was loaded, under
// which what they start will look for it, or, where they see it under another, by
// its number.
func (u users) of(library string) (pids []int) {
	var inode uint64
	if info, err := os.Stat(library); err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			inode = st.Ino
		}
	}
	for pid, maps := range u {
		if slices.ContainsFunc(maps, func(m mapping) bool {
			return m.path == library || m.inode == inode && filepath.Base(m.path) == filepath.Base(library)
		}) {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids
}

func loadedBy(ctx context.Context, proc Proc) (users, error) {
	pids, err := proc.Pids(ctx)
	if err != nil {
		return nil, err
	}
	all := users{}
	for _, pid := range pids {
		text, err := proc.Read(ctx, pid, "maps")
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.ESRCH) {
			continue // it has ended, or is not ours to see; what root starts is seen by root
		}
		if err != nil {
			return nil, fmt.Errorf("process %d: %w", pid, err)
		}
		if maps := mappings(text); len(maps) > 0 {
			all[pid] = maps
		}
	}
	return all, nil
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
