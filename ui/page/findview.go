package page

import (
	"fmt"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// drawFile is one row of the list.
func drawFile(r *scene.FileRow, s *scene.Scene, w, longest int) string {
	held := "nobody seen"
	switch n := len(r.File.Holders); {
	case r.File.Kind == string(diagnose.Accept):
		held = "(idle workers)"
	case n > 0:
		held = nameIn(s, r.Report, r.File.Holders[0].PID)
		if n > 1 {
			held += fmt.Sprintf(" +%d", n-1)
		}
	case len(r.File.Waiters) == 0:
		held = ""
	}
	note := r.Note
	if note == "HUNG" {
		note = s.Bad.Render(note)
	}
	return fileColumns(s, w, longest, s.FileName(r.File), s.Text(r.File.Kind), held, evidence.Thousands(len(r.File.Waiters)), scene.Since(r.Oldest, ""), note)
}

// fileColumns lays a row out; a narrow screen drops kind and holder.
func fileColumns(s *scene.Scene, w, longest int, file, kind, held, wait, oldest, note string) string {
	if w < draw.RoomyWidth {
		return s.FitEnd(file, w-14) + " " + s.FitRight(wait, 5) + " " + s.FitRight(oldest, 6) + " "
	}
	room := max(20, min(longest, w-12-16-6-8-9-4))
	return s.FitEnd(file, room) + " " + s.Fit(kind, 12) + " " + s.Fit(held, 16) + " " + s.FitRight(wait, 6) + " " + s.FitRight(oldest, 7) + "  " + s.Fit(note, 8)
}

func nameIn(s *scene.Scene, r *diagnose.Report, pid int) string {
	if p := r.Process(pid); p != nil {
		return s.Text(diagnose.Name(*p))
	}
	return s.Name(pid)
}

// parties lists who has the selected file open, in at most h rows.
func (p *Find) parties(s *scene.Scene, w, h int) []string {
	r := p.row()
	n := r.Parties()
	if h < 2 || n == 0 {
		return nil
	}
	rows := []string{s.Dim.Render(partyColumns(s, w, " OPEN BY", "PROCESS", "WHO", "FD", "LOCK", "SINCE", "DOING"))}
	shown := min(n, h-1)
	if shown < n {
		shown--
	}
	for i := range shown {
		rows = append(rows, drawParty(r, s, i, w))
	}
	if shown < n {
		rows = append(rows, s.Dim.Render(fmt.Sprintf("   %s %s more", s.Dots, evidence.Thousands(n-shown))))
	}
	return rows
}

func drawParty(r *scene.FileRow, s *scene.Scene, i, w int) string {
	it := r.Party(i)
	proc := r.Report.Process(it.PID)
	t := scene.Telling(proc, it.TID)
	if it.Role == "holder" && t != nil {
		it.Since = scene.Since(t.SinceS, t.SinceHow)
	}
	who := ""
	if proc != nil {
		who = s.Text(proc.User)
		if w >= 110 {
			who = scene.JoinWords(who, s.Text(proc.Client))
		}
	}
	fd := ""
	if it.FD >= 0 {
		fd = fmt.Sprint(it.FD)
	}
	return partyColumns(s, w, " "+it.Role, nameIn(s, r.Report, it.PID), who, fd, it.Lock, it.Since, s.DoingOf(proc, t))
}

func partyColumns(s *scene.Scene, w int, role, name, who, fd, lock, since, doing string) string {
	if w < draw.RoomyWidth {
		return s.Fit(role, 11) + " " + s.Fit(name, w-20) + " " + s.FitRight(since, 7)
	}
	wide := min(30, max(0, w-80)/2)
	return s.Fit(role, 10) + " " + s.Fit(name, 13) + " " + s.Fit(who, 8+wide) + " " + s.FitRight(fd, 4) + "  " + s.Fit(lock, 10) + " " + s.FitRight(since, 6) + "  " + s.Fit(doing, max(0, w-59-wide))
}
