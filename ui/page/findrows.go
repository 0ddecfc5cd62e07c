package page

import (
	"fmt"

	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// From these widths on a table has room for more columns.
const (
	wideTable  = 110
	widerTable = 160
)

// upper is the list, or of it the one row whose processes the cursor is among.
func (p *Find) upper(s *scene.Scene, w int) []string {
	switch {
	case p.tab == users:
		return p.userTable(s, w).listed(s, p.users, &p.suffer, p.listHeight, w, true)
	case p.inside:
		return p.fileTable(s, w).listed(s, []*scene.FileRow{p.row()}, &List{}, 1, w, false)
	}
	return p.fileTable(s, w).listed(s, p.rows, &p.list, p.listHeight, w, true)
}

func (p *Find) fileTable(s *scene.Scene, w int) table[*scene.FileRow] {
	type col = column[*scene.FileRow]
	file := col{"FILE", 0, end, func(r *scene.FileRow, _ int) string { return r.Name }}
	kind := col{"KIND", max(4, s.KindWidth()), left, func(r *scene.FileRow, _ int) string { return s.Text(r.File.Kind) }}
	lock := col{"LOCK", 5, left, func(r *scene.FileRow, _ int) string { return scene.LockWords(r.File.Lock) }}
	holder := col{"HOLDER", 14, left, func(r *scene.FileRow, w int) string { return holderCell(s, r, w) }}
	wait := col{"WAIT", 5, right, func(r *scene.FileRow, _ int) string { return waitCell(r) }}
	oldest := col{"OLDEST", 6, right, func(r *scene.FileRow, _ int) string { return scene.Since(r.Oldest, "") }}
	state := col{"STATE", 9, left, func(r *scene.FileRow, _ int) string { return p.state(s, r) }}
	doing := col{"HOLDER IS AT", 18, left, func(r *scene.FileRow, _ int) string { return holderDoing(r) }}
	longest := s.NameWidth()
	if a := p.search.scene(); a != nil {
		longest = max(longest, a.NameWidth())
	}
	w -= 2 // the mark of the row, and a space
	switch {
	case w < draw.RoomyWidth-2:
		oldest.width, oldest.text = len("not open"), func(r *scene.FileRow, _ int) string { return oldestOrNormal(r) }
		return newTable(w, 10, file, wait, oldest)
	case w < wideTable-2:
		t := newTable(w, 20, file, kind, holder, wait, oldest, state)
		t[0].width = max(20, min(t[0].width, longest))
		return t
	case w >= widerTable-2:
		doing.width = 40
	}
	holder.width = 20
	t := newTable(w, 20, file, kind, lock, holder, wait, oldest, state, doing)
	if spare := t[0].width - max(20, longest); spare > 0 {
		t[0].width -= spare
		t[len(t)-1].width += spare
	}
	return t
}

func holderCell(s *scene.Scene, r *scene.FileRow, w int) string {
	more := ""
	switch n := len(r.File.Holders); {
	case r.State == scene.Idle:
		return "(idle workers)"
	case n == 0 && len(r.File.Waiters) > 0:
		return "nobody seen"
	case n == 0:
		return ""
	case n > 1:
		more = fmt.Sprintf(" +%d", n-1)
	}
	h := r.Holder()
	return shortName(s, h.Name(), w-len(more)) + more
}

func holderDoing(r *scene.FileRow) string {
	if len(r.File.Holders) == 0 || r.State == scene.Idle {
		return ""
	}
	h := r.Holder()
	return h.Doing()
}

func waitCell(r *scene.FileRow) string {
	if r.State == scene.Absent {
		return ""
	}
	return evidence.Thousands(len(r.File.Waiters))
}

// oldestOrNormal keeps an idle worker's hour from looking like a hang, where no
// column has room to say so.
func oldestOrNormal(r *scene.FileRow) string {
	if r.State == scene.Idle || r.State == scene.Absent {
		return r.State.String()
	}
	return scene.Since(r.Oldest, "")
}

// state says in a word how bad it is; of a consequence, which row it follows from.
func (p *Find) state(s *scene.Scene, r *scene.FileRow) string {
	if r.State == scene.Consequence {
		const most = 99 // rows that are counted by eye
		for i, other := range p.rows[:min(len(p.rows), most)] {
			if other.ID == r.Behind.ID {
				return fmt.Sprintf("%s row %d", s.Under, i+1)
			}
		}
	}
	return inColour(s, r.State)
}

// inColour is the word for a state; its colour says nothing more.
func inColour(s *scene.Scene, state scene.State) string {
	switch word := state.String(); state {
	case scene.Hung:
		return s.Bad.Render(word)
	case scene.Slow:
		return s.Warn.Render(word)
	default:
		return word
	}
}

func (p *Find) userTable(s *scene.Scene, w int) table[*scene.UserRow] {
	type col = column[*scene.UserRow]
	user := col{"USER", 20, left, func(u *scene.UserRow, _ int) string { return s.Text(u.Name) }}
	wait := col{"WAIT", 5, right, func(u *scene.UserRow, _ int) string { return evidence.Thousands(u.Waiting) }}
	holds := col{"HOLDS", 5, right, func(u *scene.UserRow, _ int) string { return evidence.Thousands(u.Holding) }}
	oldest := col{"OLDEST", 6, right, func(u *scene.UserRow, _ int) string { return scene.Since(u.OldestS, "") }}
	state := col{"STATE", 9, left, func(u *scene.UserRow, _ int) string { return inColour(s, u.State) }}
	file := col{"FILE", 0, end, func(u *scene.UserRow, _ int) string { return firstFile(u) }}
	switch w -= 2; {
	case w < draw.RoomyWidth-2:
		user.width = 0
		return newTable(w, 10, user, wait, oldest)
	case w >= wideTable-2:
		user.width = 40
	}
	return newTable(w, 10, user, wait, holds, oldest, state, file)
}

// firstFile is what the user waits for first.
func firstFile(u *scene.UserRow) string {
	switch n := len(u.Rows); n {
	case 0:
		return ""
	case 1:
		return u.Rows[0].Name
	default:
		return fmt.Sprintf("%s +%d", u.Rows[0].Name, n-1)
	}
}
