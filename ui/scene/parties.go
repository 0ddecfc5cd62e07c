package scene

import (
	"fmt"

	"cyrlock/evidence"
)

// A party is one process that has the selected file open.
type party struct {
	Role  string
	PID   int
	FD    int
	Lock  string
	Since string
	TID   int
}

func (r *FileRow) Parties() int {
	return len(r.File.Holders) + len(r.File.Waiters) + len(r.File.Open)
}

// Party is the i-th of all: holders, then waiters in their queue, then the rest.
func (r *FileRow) Party(i int) party {
	f := r.File
	if i < len(f.Holders) {
		h := f.Holders[i]
		return party{"holder", h.PID, h.FD, modeWords(h.Mode), "", h.PID}
	}
	if i -= len(f.Holders); i < len(f.Waiters) {
		w := f.Waiters[i]
		return party{fmt.Sprintf("waiter %d", i+1), w.PID, w.FD, wantsWords(w.Mode), Since(w.SinceS, w.SinceHow), w.TID}
	}
	o := f.Open[i-len(f.Waiters)]
	lock := "none"
	if o.Deleted {
		lock = "none, old file"
	}
	return party{"open", o.PID, o.FD, lock, "", o.PID}
}

// wantsWords fit the column.
func wantsWords(mode string) string {
	if mode == evidence.Read {
		return "wants shar"
	}
	return "wants excl"
}

func (s *Scene) DoingOf(p *evidence.Process, t *evidence.Thread) string {
	if p == nil {
		return ""
	}
	return s.Doing(p, t)
}
