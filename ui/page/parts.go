package page

// Parts share the rows of a screen. Each has its place from top to bottom; which
// of them gets room first is another matter: what is offered first.
type parts struct {
	room int
	rows [][]string // of each part
}

func newParts(n, room int) *parts { return &parts{room: room, rows: make([][]string, n)} }

// offer gives a part these rows instead of what it has, if there is room.
func (p *parts) offer(at int, rows []string) bool {
	more := len(rows) - len(p.rows[at])
	if more > p.room {
		return false
	}
	p.room -= more
	p.rows[at] = rows
	return true
}

// grow gives a part as many empty rows as there is room for, at most to n.
func (p *parts) grow(at, n int) {
	p.offer(at, make([]string, min(n, len(p.rows[at])+p.room)))
}

// all are the rows from top to bottom.
func (p *parts) all() []string {
	var out []string
	for _, rows := range p.rows {
		out = append(out, rows...)
	}
	return out
}
