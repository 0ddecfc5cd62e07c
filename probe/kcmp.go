package probe

import (
	"context"
	"slices"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/limit"
	"cyrlock/probe/tally"
)

// kcmpFile is KCMP_FILE of kcmp(2).
const kcmpFile = 0

// descriptions numbers the open file descriptions behind descriptors that hold
// a lock, from 1. Two that share one share the lock: it is free when both are
// closed. Only those whose lock looks the same need to be compared. A process that
// is stuck in execve(2) keeps kcmp waiting; what was not compared in time is 0.
func descriptions(holders []evidence.Holder, sheet *tally.Sheet, patience time.Duration) {
	numbered, err := limit.Do(context.Background(), patience, func() ([]evidence.Holder, error) {
		return compared(slices.Clone(holders), sheet), nil
	})
	if err == nil {
		copy(holders, numbered)
	}
}

func compared(holders []evidence.Holder, sheet *tally.Sheet) []evidence.Holder {
	type look struct {
		locker int
		mode   string
	}
	firsts := make(map[look][]int)
	next := 0
	for i := range holders {
		h := &holders[i]
		if h.FD < 0 || h.Lock == evidence.Posix {
			continue
		}
		same := look{h.Locker, h.Mode}
		for _, j := range firsts[same] {
			o := holders[j]
			line := sheet.Count(tally.Call, []byte("kcmp(2)"), 1)
			r, _, e := unix.Syscall6(unix.SYS_KCMP, uintptr(o.PID), uintptr(h.PID), kcmpFile, uintptr(o.FD), uintptr(h.FD), 0)
			if e != 0 {
				line.Check(e)
			} else if r == 0 {
				h.Description = o.Description
				break
			}
		}
		if h.Description == 0 {
			next++
			h.Description = next
			firsts[same] = append(firsts[same], i)
		}
	}
	return holders
}
