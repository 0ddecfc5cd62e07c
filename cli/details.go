package cli

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// writeFocus lists everyone who has the file open: the lsof step of the procedure.
func writeFocus(b *strings.Builder, r diagnose.Report) {
	b.WriteString("\n")
	for _, p := range r.Focus.Paths {
		fmt.Fprintf(b, "%s  (%s)\n", evidence.Clean(p.Path), evidence.Clean(p.How))
	}
	n := 0
	for _, f := range r.Files {
		if !diagnose.InFocus(*r.Focus, f) {
			continue
		}
		row := func(role string, pid, fd int, rest string) {
			n++
			fmt.Fprintf(b, "  %-8s %s  fd %d  inode %d%s\n", role, describe(&r, pid, false), fd, f.Ino, rest)
		}
		for _, h := range f.Holders {
			row("holder", h.PID, h.FD, "  "+h.Mode+" "+h.Lock)
		}
		for _, w := range f.Waiters {
			row("waiter", w.PID, w.FD, fmt.Sprintf("  wants %s %s for %s", w.Mode, w.Lock, diagnose.Age(w.SinceS)))
		}
		for _, o := range f.Open {
			rest := ""
			if o.Deleted {
				rest = "  (deleted)"
			}
			row("open", o.PID, o.FD, rest)
		}
	}
	if n == 0 {
		b.WriteString("  no process that could be read has it open; a path through a symbolic link must be given as /proc shows it\n")
	}
}

// bucketsShown is how many different stacks a report for people prints.
const bucketsShown = 6

func writeStacks(b *strings.Builder, r *diagnose.Report, m marks) {
	buckets := r.Buckets()
	if slices.ContainsFunc(r.Gaps, func(g evidence.Gap) bool { return g.What == "stack" && g.PID == 0 }) {
		// said once, below, for all of them
		buckets = slices.DeleteFunc(buckets, func(b diagnose.Bucket) bool { return len(b.Frames) == 0 })
	}
	for i, bucket := range buckets {
		if i == bucketsShown {
			fmt.Fprintf(b, "\n%d more different stacks: cyrlock stack PID, or check --json\n", len(buckets)-i)
			return
		}
		role := "waiter"
		if bucket.Holder {
			role = "HOLDER"
		}
		fmt.Fprintf(b, "\nStack of %s", role)
		for i, t := range bucket.Threads {
			if i == 8 && len(bucket.Threads) > 9 {
				fmt.Fprintf(b, " and %d more", len(bucket.Threads)-i)
				break
			}
			fmt.Fprintf(b, " %d", t.PID)
			if t.TID != t.PID {
				fmt.Fprintf(b, "/%d", t.TID)
			}
		}
		b.WriteString("\n")
		writeFrames(b, bucket.Frames, m)
		if bucket.Error != "" {
			fmt.Fprintf(b, "  %s\n", evidence.Clean(bucket.Error))
		}
	}
}

// writeGaps says what was not seen: the same of several processes in one line.
func writeGaps(b *strings.Builder, r diagnose.Report) {
	type reason struct{ what, why string }
	var order []reason
	pids := map[reason][]string{}
	for _, g := range r.Gaps {
		k := reason{g.What, g.Why}
		if _, ok := pids[k]; !ok {
			order, pids[k] = append(order, k), nil
		}
		if g.PID != 0 {
			pids[k] = append(pids[k], strconv.Itoa(g.PID))
		}
	}
	if len(order) > 0 {
		b.WriteString("\nNot seen\n")
	}
	for _, k := range order {
		of := ""
		if list := pids[k]; len(list) > 0 {
			if len(list) > 6 {
				list = append(list[:6], fmt.Sprintf("%d more", len(list)-6))
			}
			of = " of " + strings.Join(list, ", ")
		}
		fmt.Fprintf(b, "  %s%s: %s\n", k.what, of, evidence.Clean(k.why))
	}
}
