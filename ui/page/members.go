package page

import (
	"fmt"
	"path"
	"strings"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// viewMembers lists the processes of one bucket, and below them the frames that
// matter with the arguments of the selected one.
func (p *Stacks) viewMembers(s *scene.Scene, w, h int) []string {
	b := p.bucket()
	if b == nil {
		return nil
	}
	rows := []string{s.Row(p.head(s, b, s.Open, w-1), false, w)}
	p.height = max(1, min(len(b.Members), h-len(rows)-1))
	rows = append(rows, p.memberRows(s, b, w, p.height+1)...)
	t := p.member(b).Thread
	if h-len(rows) < 3 || len(t.Frames) == 0 {
		return rows
	}
	rows = append(rows, "")
	for _, i := range b.Telling {
		for _, row := range frameRows(s, t, i, min(w, draw.Sight)-1, differs(b, i)) {
			rows = append(rows, s.Row(row, false, w))
		}
	}
	return rows
}

// memberRows is the list under its titles, in at most h rows.
func (p *Stacks) memberRows(s *scene.Scene, b *scene.Bucket, w, h int) []string {
	name := 15
	if len(b.Members) > b.Processes {
		name = 23 // with the thread
	}
	title := memberColumns(s, w-1, name, "PROCESS", sinceTitle(b), "QUEUE", "USER", "MAILBOX", "CLIENT", "")
	rows := []string{s.Row(s.Dim.Render(title), false, w)}
	from, to := p.members.window(len(b.Members), h-1)
	for i := from; i < to; i++ {
		m := &b.Members[i]
		rows = append(rows, s.MarkedRow(s.Mark(m.Proc.PID), memberRow(s, m, w-1, name), i == p.members.Cursor, w))
	}
	return rows
}

// sinceTitle is what the time in the list is.
func sinceTitle(b *scene.Bucket) string {
	if b.Part.Waits() {
		return "WAITS"
	}
	return "SINCE" // it moved
}

func memberRow(s *scene.Scene, m *scene.Member, w, wide int) string {
	queue, also := "", ""
	if m.Wait != nil && m.Wait.Queue > 0 {
		queue = evidence.Thousands(m.Wait.Queue)
	}
	if f := s.Holds(m.Proc.PID); m.Wait != nil && f != nil {
		also = "holds " + path.Base(s.FileName(f))
	}
	if _, ok := s.Exact(m.Who()); ok {
		also = strings.TrimSuffix("exact, "+also, ", ")
	}
	name := s.Name(m.Proc.PID)
	if m.Thread.TID != m.Proc.PID {
		name += fmt.Sprintf("/%d", m.Thread.TID)
	}
	return memberColumns(s, w, wide, name, m.Since(), queue, s.Text(m.Proc.User), s.Text(m.Proc.Mailbox), s.Text(m.Proc.Client), also)
}

// memberColumns lay a row out; a narrow screen drops the client, a very narrow one
// the mailbox.
func memberColumns(s *scene.Scene, w, wide int, name, since, queue, user, mailbox, client, also string) string {
	if w < draw.RoomyWidth-1 {
		return s.Fit(name, w-25) + " " + s.FitRight(since, 7) + " " + s.FitRight(queue, 5) + "  " + s.Fit(user, 9)
	}
	out := s.Fit(name, wide) + " " + s.FitRight(since, 7) + " " + s.FitRight(queue, 5) + "  " + s.Fit(user, 9) + " " + s.Fit(mailbox, 14) + " "
	if w >= 100 {
		out += s.Fit(client, 15) + " "
	}
	return s.Fit(out+also, w)
}
