package page

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/evidence"
	"cyrlock/ui/scene"
)

// head counts the processes of a bucket, names the first, and says what they wait
// for and since when.
func (p *Stacks) head(s *scene.Scene, b *scene.Bucket, sign string, w int) string {
	style := s.Strong
	if b.Part < scene.Waiter {
		style = s.Bad
	}
	m := p.member(b)
	left := s.Dim.Render(sign) + " " + style.Render(s.Fit(b.Part.String(), 7))
	const fewPIDs = 24
	room := w - ansi.StringWidth(left)
	right := about(s, b, m, room-fewPIDs-1)
	return s.Ends(left+crowd(s, b, m, room-ansi.StringWidth(right)-1), right, w)
}

// crowd is how many, and as many of their pids as fit.
func crowd(s *scene.Scene, b *scene.Bucket, m scene.Member, w int) string {
	times := " × "
	if s.ASCII {
		times = " x "
	}
	out := evidence.Thousands(b.Processes) + times + s.Name(m.Proc.PID)
	more := ""
	if len(b.Members) == 1 && m.Thread.TID != m.Proc.PID {
		return out + fmt.Sprintf(", thread %d", m.Thread.TID)
	}
	if len(b.Members) > b.Processes {
		more = ", " + evidence.Thousands(len(b.Members)) + " threads"
		if b.Processes == 1 {
			return out + more
		}
	}
	last := m.Proc
	for i := range b.Members {
		o := b.Members[i].Proc
		if o == m.Proc || o == last {
			continue
		}
		last = o
		next := fmt.Sprintf("%s %d", out, o.PID)
		if i > 4 || ansi.StringWidth(next)+ansi.StringWidth(more)+1+len(s.Dots) > w {
			return out + " " + s.Dots + more
		}
		out = next
	}
	return out + more
}

// about is what a thread waits for and since when, or what its process holds, in
// at most w cells; "" where that says nothing.
func about(s *scene.Scene, b *scene.Bucket, m scene.Member, w int) string {
	verb := ""
	switch since := m.Since(); {
	case b.Part == scene.Holder:
		verb = "holds "
	case b.Part.Waits() && since != "":
		verb = "waits " + since + " for "
	case b.Part.Waits():
		verb = "waits for "
	}
	const least = 12 // of a name
	if b.File == nil || verb == "" || w < len(verb)+least {
		return ""
	}
	return verb + strings.TrimRight(s.FitEnd(s.FileName(b.File), w-len(verb)), " ")
}
