package probe

import (
	"slices"

	"cyrlock/evidence"
)

// over takes out the waits that ended while the look went on: it may take seconds
// where thousands wait, and a waiter beside a thread that has long gone on would
// make a hang of what is over. A thread that runs may have been woken for nothing,
// and waits on.
func (l *look) over(files []evidence.File) {
	for i := range files {
		files[i].Waiters = slices.DeleteFunc(files[i].Waiters, func(w evidence.Waiter) bool {
			c, seen := l.last[[2]int{w.PID, w.TID}]
			if !seen || w.Polls || c.running || l.calls.name(c) == "" || l.calls.name(c) == "restart_syscall" {
				return false
			}
			_, waits := l.calls.lock(c)
			return !waits
		})
	}
}
