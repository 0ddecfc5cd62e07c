package page

import (
	"strconv"

	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// partyTable is that of the processes of a file; those of a user say which file.
func (p *Find) partyTable(s *scene.Scene, w int) table[scene.Party] {
	type col = column[scene.Party]
	part := "OPEN BY"
	if r := p.row(); p.tab == users {
		part = "PART"
	} else if r != nil && s.Stale(r) {
		part = "THEN"
	}
	role := col{part, p.roleWidth(), left, func(it scene.Party, _ int) string { return it.RoleWords() }}
	who := col{"PROCESS", 13, left, func(it scene.Party, w int) string { return shortName(s, it.Name(), w) }}
	file := col{"FILE", 22, end, func(it scene.Party, _ int) string { return it.File.Name }}
	user := col{"USER", 8, left, func(it scene.Party, _ int) string { return it.User() }}
	mailbox := col{"MAILBOX", 22, left, func(it scene.Party, _ int) string { return it.Mailbox() }}
	client := col{"CLIENT", 15, left, func(it scene.Party, _ int) string { return it.Client() }}
	service := col{"SERVICE", 8, left, func(it scene.Party, _ int) string { return it.Service() }}
	fd := col{"FD", 4, right, func(it scene.Party, _ int) string { return it.FDText() }}
	lock := col{"LOCK", 10, left, func(it scene.Party, w int) string { return it.LockWords(w < len("wants exclusive")) }}
	since := col{"SINCE", 6, right, func(it scene.Party, _ int) string { return it.Since() }}
	doing := col{"DOING", 0, left, func(it scene.Party, _ int) string { return it.Doing() }}
	if w >= wideTable {
		who.width, since.width, lock.width = 18, 7, 15
		file.width, user.width = 40, 14
	}
	if w >= widerTable {
		client.width = 24
	}
	w -= 2 // the mark of the row, and a space
	switch ofUser := p.tab == users; {
	case w < draw.RoomyWidth-2:
		who.width = 0
		return newTable(w, 8, role, who, since)
	case w < widerTable-2 && ofUser:
		return newTable(w, 10, role, who, file, since, doing)
	case ofUser:
		return newTable(w, 10, role, who, file, mailbox, client, lock, since, doing)
	case w < wideTable-2:
		return newTable(w, 10, role, who, user, fd, lock, since, doing)
	case w < widerTable-2:
		return newTable(w, 10, role, who, user, client, fd, lock, since, doing)
	}
	return newTable(w, 10, role, who, user, mailbox, client, service, fd, lock, since, doing)
}

// roleWidth has room for the place of the last waiter: the queue may be long.
func (p *Find) roleWidth() int {
	last := 0
	for i := len(p.parties) - 1; i >= 0; i-- {
		if p.parties[i].Role == scene.Waits {
			last = p.parties[i].Place
			break
		}
	}
	return max(8, len("waiter ")+len(strconv.Itoa(last)))
}

// lower lists the processes of what is selected.
func (p *Find) lower(s *scene.Scene, w int) []string {
	n, others := len(p.parties), p.others(s)
	switch {
	case n > 0:
	case p.within != "":
		return []string{"", " No process here matches " + s.Text(p.within) + ". esc shows all again."}
	case others != "":
		return []string{" " + others}
	default:
		return []string{" No process has it open."}
	}
	h := p.procHeight
	if others != "" && h > 2 {
		h--
	}
	rows := p.partyTable(s, w).listed(s, p.parties, &p.procs, h, w, p.inside)
	if others != "" {
		rows = append(rows, "  "+s.Dim.Render(others))
	}
	return rows
}
