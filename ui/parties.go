package ui

import (
	"fmt"

	"cyrlock/evidence"
)

// A party is one process that has the selected file open.
type party struct {
	role  string
	pid   int
	fd    int
	lock  string
	since string
	tid   int
}

func (r *fileRow) parties() int {
	return len(r.file.Holders) + len(r.file.Waiters) + len(r.file.Open)
}

// party is the i-th of all: holders, then waiters in their queue, then the rest.
func (r *fileRow) party(i int) party {
	f := r.file
	if i < len(f.Holders) {
		h := f.Holders[i]
		return party{"holder", h.PID, h.FD, modeWords(h.Mode), "", h.PID}
	}
	if i -= len(f.Holders); i < len(f.Waiters) {
		w := f.Waiters[i]
		return party{fmt.Sprintf("waiter %d", i+1), w.PID, w.FD, wantsWords(w.Mode), since(w.SinceS, w.SinceHow), w.TID}
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

// parties lists who has the selected file open, in at most h rows.
func (p *findPage) parties(s *scene, w, h int) []string {
	r := p.row()
	n := r.parties()
	if h < 2 || n == 0 {
		return nil
	}
	rows := []string{s.dim.Render(s.partyColumns(w, " OPEN BY", "PROCESS", "WHO", "FD", "LOCK", "SINCE", "DOING"))}
	shown := min(n, h-1)
	if shown < n {
		shown--
	}
	for i := range shown {
		rows = append(rows, r.drawParty(s, i, w))
	}
	if shown < n {
		rows = append(rows, s.dim.Render(fmt.Sprintf("   %s %s more", s.dots, evidence.Thousands(n-shown))))
	}
	return rows
}

func (r *fileRow) drawParty(s *scene, i, w int) string {
	it := r.party(i)
	proc := r.report.Process(it.pid)
	t := telling(proc, it.tid)
	if it.role == "holder" && t != nil {
		it.since = since(t.SinceS, t.SinceHow)
	}
	who := ""
	if proc != nil {
		who = s.text(proc.User)
		if w >= 110 {
			who = joinWords(who, s.text(proc.Client))
		}
	}
	fd := ""
	if it.fd >= 0 {
		fd = fmt.Sprint(it.fd)
	}
	return s.partyColumns(w, " "+it.role, nameIn(s, r.report, it.pid), who, fd, it.lock, it.since, s.doingOf(proc, t))
}

func (s *scene) doingOf(p *evidence.Process, t *evidence.Thread) string {
	if p == nil {
		return ""
	}
	return s.doing(p, t)
}

func (s *scene) partyColumns(w int, role, name, who, fd, lock, since, doing string) string {
	if w < roomyWidth {
		return s.fit(role, 11) + " " + s.fit(name, w-20) + " " + s.fitRight(since, 7)
	}
	wide := min(30, max(0, w-80)/2)
	return s.fit(role, 10) + " " + s.fit(name, 13) + " " + s.fit(who, 8+wide) + " " + s.fitRight(fd, 4) + "  " + s.fit(lock, 10) + " " + s.fitRight(since, 6) + "  " + s.fit(doing, max(0, w-59-wide))
}
