package page

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/draw"
	"cyrlock/ui/scene"
)

// View is one list above the processes of what is selected in it; with the cursor
// among the processes, only the selected row is left of the list.
func (p *Find) View(s *scene.Scene, w, h int) []string {
	low := cramped(h)
	rows := []string{p.heading(s, w)}
	if note := p.note(s); note != "" && (!low || !p.inside || p.said != "") {
		for _, row := range s.Wrap(note, w-2, 2) {
			rows = append(rows, " "+row)
		}
	}
	n := len(p.rows)
	if p.tab == users {
		n = len(p.users)
	}
	if n == 0 {
		return append(rows, p.nothing(s, w)...)
	}
	about, foot := p.about(s, w, low), p.foot(s, w, low)
	if !low {
		rows = append(rows, "")
		about = append([]string{""}, about...)
	}
	const heads = 2 // the titles of both lists
	least := 6      // rows that they need together
	if low {
		least = 3
	}
	room := h - len(rows) - len(about) - len(foot) - heads
	if room < least && len(foot) > 1 { // only the command is left of it
		room += len(foot) - 1
		foot = foot[len(foot)-1:]
	}
	if room < least {
		room += len(about)
		about = nil
	} else if (room > n+len(p.parties)+1 || room > 20) && len(about) > 0 {
		room--
		about = append(about, "")
	}
	room = max(room, 2)
	p.listHeight = min(n, (room+1)/2)
	if p.inside {
		p.listHeight = 1
	}
	p.procHeight = max(1, room-p.listHeight)
	rows = append(append(rows, p.upper(s, w)...), about...)
	rows = append(rows, p.lower(s, w)...)
	for len(rows) < h-len(foot) {
		rows = append(rows, "")
	}
	return append(rows[:max(0, h-len(foot))], foot...)
}

// heading is which list this is, the filter, and how much there is on the machine.
func (p *Find) heading(s *scene.Scene, w int) string {
	of := func(n, all int) string {
		if n == all || p.filter == "" {
			return evidence.Thousands(n)
		}
		return fmt.Sprintf("%s of %s", evidence.Thousands(n), evidence.Thousands(all))
	}
	lists := []string{"files " + of(len(p.rows), max(s.All(), len(p.rows))), "users " + of(len(p.users), len(s.Users("")))}
	lists[p.tab] = s.Title.Render(strings.ToUpper(lists[p.tab][:5]) + lists[p.tab][5:])
	tabs := " " + lists[0] + " " + s.Dim.Render(s.Line) + lists[1] + "  "
	label, text := "User or file: ", p.filter
	if p.inside {
		label, text = "Process: ", p.within
	}
	if w < draw.RoomyWidth {
		label = "/"
	}
	hint := ""
	switch {
	case p.editing:
		text += "_"
	case text == "" && w >= draw.RoomyWidth:
		hint = "/ to type"
	case text == "":
		label, hint = "", "/ filter"
	case w >= draw.RoomyWidth:
		hint = "  esc clears it"
	}
	room := w - ansi.StringWidth(tabs) - len(label)
	text = s.Text(text)
	if ansi.StringWidth(text) > room {
		text = s.FitEnd(text, room)
	}
	line := label + text
	if p.editing {
		line = s.Strong.Render(line)
	}
	line = tabs + line + s.Dim.Render(hint)
	there := fmt.Sprintf("%s waited for, of %s ", evidence.Thousands(s.Contended()), evidence.Plural(s.Report.Locks, "lock", "locks"))
	if ansi.StringWidth(line)+2+len(there) > w {
		return line
	}
	return s.Ends(line, there, w)
}

// nothing says why the list is empty, and what to do next.
func (p *Find) nothing(s *scene.Scene, w int) []string {
	if s.Report.Verdict == diagnose.Unknown && s.All() == 0 && p.filter == "" {
		return []string{"", " What is locked could not be read: e on the Verdict page says why."}
	}
	var say []string
	other, key := len(p.users), "right"
	what, otherwise := "No file that somebody waits for", evidence.Plural(len(p.users), "user", "users")
	if p.tab == users {
		other, key = len(p.rows), "left"
		what, otherwise = "No user who waits, or keeps others waiting,", evidence.Plural(len(p.rows), "file", "files")
	}
	switch {
	case p.filter == "" && p.tab == users && other > 0:
		say = append(say, "No user is known who waits, or keeps others waiting.")
	case p.filter == "":
		say = append(say, what+".")
	default:
		say = append(say, what+" matches "+s.Text(p.filter)+".")
	}
	if p.filter != "" && other > 0 {
		say = append(say, fmt.Sprintf("%s: %s that do.", key, otherwise))
	}
	switch {
	case p.search.asked:
	case p.search.answer != nil:
		say = append(say, "/ asks about another user or file, esc shows everything again.")
	case p.editing && p.filter != "":
		say = append(say, "enter asks the machine: a user's seen file, or a path, wherever it is open.")
	case p.filter != "":
		say = append(say, "/ then enter asks the machine about it, esc shows everything again.")
	default:
		say = append(say, "/ and a user or a file, then enter, asks the machine who has it open.")
	}
	rows := []string{""}
	for _, text := range say {
		for _, row := range s.Wrap(text, w-2, 3) {
			rows = append(rows, " "+row)
		}
	}
	return rows
}

// titleWidth is what a title takes of the row that it hangs before.
const titleWidth = 16

// about is how the path of the selected file is known.
func (p *Find) about(s *scene.Scene, w int, low bool) (rows []string) {
	r := p.row()
	switch {
	case p.tab == users:
		return p.aboutUser(s, w, low)
	case low && (p.search.answer == nil || r.How == "" || p.inside):
		return nil
	case low:
		return s.Hang("", r.Known(), w, 2)
	}
	name, whose := s.FileName(r.File), diagnose.FileName(*r.File)
	if r.File.Path != "" {
		name = s.Text(r.File.Path)
		whose = "  (" + s.Text(whose) + ")"
		if !strings.Contains(whose, "/") && ansi.StringWidth(name+whose) < w-titleWidth {
			name += s.Dim.Render(whose)
		}
	}
	if r.File.Deleted {
		name += ": no name leads to it any more"
	}
	if w >= wideTable && r.File.Ino != 0 {
		name += s.Dim.Render(fmt.Sprintf("  %s, device %s, inode %d", cmp.Or(s.Text(r.File.FS), "filesystem unknown"), s.Text(r.File.Dev), r.File.Ino))
	}
	rows = s.Hang("Path", name, w, 2)
	return append(rows, s.Hang("Known", r.Known(), w, 2)...)
}

func (p *Find) aboutUser(s *scene.Scene, w int, low bool) []string {
	u := p.user()
	if low || len(u.Rows) == 0 {
		return nil
	}
	var names, boxes []string
	for _, r := range u.Rows {
		names = append(names, r.Name)
	}
	for _, m := range u.Mailboxes {
		boxes = append(boxes, s.Text(m))
	}
	rows := s.Hang("Files", dozen(names), w, 2)
	if len(boxes) > 0 {
		rows = append(rows, s.Hang("Mailboxes", dozen(boxes), w, 1)...)
	}
	return rows
}

// dozen are the first names, and how many more there are.
func dozen(names []string) string {
	const most = 12
	if n := len(names) - most; n > 0 {
		names = append(names[:most:most], evidence.Thousands(n)+" more")
	}
	return strings.Join(names, ", ")
}

// foot explains what is selected, and says how a person would have found it.
func (p *Find) foot(s *scene.Scene, w int, low bool) (rows []string) {
	if low {
		return nil
	}
	meaning := ""
	switch it := p.party(); {
	case it != nil:
		meaning = it.Meaning()
	case p.tab == users:
		meaning = p.user().Meaning(s)
	default:
		meaning = p.row().Meaning()
	}
	for _, row := range s.Wrap("What this means: "+meaning, min(w, draw.Sight)-2, 3) {
		rows = append(rows, s.Dim.Render(" "+row))
	}
	same := scene.Commands(scene.Target{File: p.file()}, nil)
	return append(rows, s.Dim.Render(" same as:  ")+s.Text(same[0].Line))
}
