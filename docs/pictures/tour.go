package main

// tour is the script of all pictures. To add one, add a shot: the key that leads to
// it from the shot before, and what must be seen then and not yet before. Its name
// is its file's; "<!-- frame: NAME -->" shows it as text. Then: make pictures.
func tour() []run {
	return []run{{
		args: []string{"demo"}, cols: 80, rows: 24, quit: "q",
		shots: []shot{
			{name: "verdict", says: "the verdict: who holds the lock, who waits, what is safe to do",
				shows: []string{"VERDICT", `HUNG ([4-9]|\d\d)`, "11 processes wait behind jwade's seen file", "stopped reading", "HOLDS", "kill -TERM"}},
			{name: "evidence", says: "how each claim is known", key: "e",
				shows: []string{"To be sure", "Who suffers"}},
			{key: "esc", shows: []string{"enter stacks"}},
			{name: "find", says: "who has the file open", key: "1",
				shows: []string{"FIND", "jwade.seen", "holder", "waiter 1"}},
			{name: "stacks", says: "what each process does: backtraces, equal ones counted", key: "2",
				shows: []string{"STACKS", "prot_flush_internal"}},
			{name: "commands", says: "the commands that a person would have typed", key: "c",
				shows: []string{"lsof", "gdb"}},
			{key: "esc", shows: []string{"prot_flush_internal"}},
			{name: "help", says: "the keys", key: "?",
				shows: []string{"one row down"}},
		},
	}, {
		args: []string{"demo"}, cols: 120, rows: 36, quit: "q",
		shots: []shot{
			{name: "wide", says: "the verdict on a wider terminal", shows: []string{"VERDICT", `HUNG [1-9]`, "kill -TERM"}},
		},
	}, {
		args: []string{"demo"}, cols: 80, rows: 24, quit: "q", env: []string{"TERM=vt100", "LANG=C"},
		shots: []shot{
			{name: "serial", says: "the verdict on a VT100: no colour, ASCII alone", shows: []string{"VERDICT", `HUNG [1-9]`, "kill -TERM"}},
		},
	}, {
		args: []string{"demo"},
		shots: []shot{
			{name: "check", says: "check, without a terminal", shows: []string{"CRITICAL: 11 processes wait", "kill -TERM"}},
		},
	}}
}
