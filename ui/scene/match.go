package scene

import (
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// processWords are, by pid, all that a person may know a process by, in lower case.
func processWords(all []evidence.Process) map[int]string {
	out := make(map[int]string, len(all))
	for i := range all {
		p := &all[i]
		out[p.PID] = strings.ToLower(strings.Join([]string{Program(p), strconv.Itoa(p.PID), p.User, p.Mailbox, p.Client, p.Service}, "\n"))
	}
	return out
}

func (s *Scene) wordsOf(pid int) string {
	if words, ok := s.words[pid]; ok {
		return words
	}
	return strconv.Itoa(pid)
}

// matches looks for a filter in everything that a person may know the file by:
// its path, its kind, whose it is, and who holds it or waits for it.
func (r *FileRow) matches(filter string) bool {
	if filter == "" {
		return true
	}
	filter = strings.ToLower(filter)
	if strings.Contains(r.words, filter) {
		return true
	}
	for _, h := range r.File.Holders {
		if strings.Contains(r.Scene.wordsOf(h.PID), filter) {
			return true
		}
	}
	for _, w := range r.File.Waiters {
		if strings.Contains(r.Scene.wordsOf(w.PID), filter) {
			return true
		}
	}
	return false
}
