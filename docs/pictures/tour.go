package main

// tour is the script of all pictures. To add one, add a shot: the key that leads to
// it from the shot before, and what must be seen then and not yet before. Its name
// is its file's; "<!-- frame: NAME -->" shows it as text. Then: make pictures.
func tour() []run {
	return []run{walk(), wide(), serial(), small(), spoken(), checked()}
}

// walk goes through the five steps, ends the holder as the screen advises, and sees
// that the hang is over.
func walk() run {
	return run{
		args: []string{"demo"}, cols: 80, rows: 24, quit: "q",
		shots: []shot{
			{name: "verdict", says: "Verdict: who holds the lock, who waits, what is safe to do",
				shows: []string{"VERDICT", `HUNG ([4-9]|\d\d)`, "11 processes wait behind jwade's seen file", "stopped reading", "HOLDS", `cyrlock fix end \d+`}},
			{name: "evidence", says: "Verdict: how each claim is known", key: "e",
				shows: []string{"To be sure", "zero window"}},
			{key: "esc", shows: []string{"enter stacks"}},
			{name: "commands", says: "the commands that a person would have typed", key: "c",
				shows: []string{"lsof", "lslocks", "cyrlock stack"}},
			{key: "pgdown", shows: []string{"gdb -p"}},
			{name: "readings", says: "what cyrlock itself read for this look", key: "pgdown",
				shows: []string{"What cyrlock itself did", "/proc/locks"}},
			{key: "esc", shows: []string{"enter stacks"}},
			{name: "help", says: "the keys, and what the page is for", key: "?",
				shows: []string{"one row up"}},
			{key: "esc", shows: []string{">HOLDS"}},
			{name: "prompt", says: "the words after a colon", key: ":",
				shows: []string{":_ find stacks"}},
			{key: "esc", shows: []string{"enter stacks"}},

			{name: "find", says: "Find: the files that are waited for", key: "1",
				shows: []string{"FIND", "jwade.seen", "holder", "waiter 1"}},
			{key: "down", shows: []string{"> …/user/jwade/FaMiLy/cyrus.header", "waiter 4"}},
			{name: "processes", says: "Find: every process that has one file open", key: "enter",
				shows: []string{"Process: / to type", "> holder", `\d of 1\d`}},
			{key: "esc", shows: []string{"User or file: / to type"}},
			{key: "/", shows: []string{"User or file: _"}},
			{key: "jwade", shows: []string{"User or file: jwade_"}},
			{key: "enter", shows: []string{"Asked at", "4 processes have jwade's seen file open"}},
			{name: "seenfile", says: "Find: where a user's seen file may be, and how each place is known", key: "down",
				shows: []string{"> user/j/jwade.seen", "from imapd.conf"}},

			{name: "stacks", says: "Stacks: what each process does, equal backtraces counted", key: "2",
				shows: []string{"STACKS", "prot_flush_internal", "the frame to look for"}},
			{key: "n", shows: []string{">▸ WAIT 3 ×"}},
			{key: "enter", shows: []string{"QUEUE"}},
			{key: "enter", shows: []string{"read without stopping it", `jwade.seen", sbuf=`}},
			{name: "process", says: "Stacks: one process with its arguments", key: "down",
				shows: []string{"Cyrus wants the lock on the file"}},
			{name: "exact", says: "Stacks: what attaching to a process would cost", key: "S",
				shows: []string{"Attach to", "S attach"}},
			{key: "esc", shows: []string{"enter verdict"}},

			{name: "fix", says: "Fix: what can be done, and what it would do", key: "4",
				shows: []string{"FIX", "What is lost", `cyrlock fix end \d+`}},
			{name: "plan", says: "Fix: the plan, and the word that has to be typed", key: "enter",
				shows: []string{`End imapd \d+\?`, "type END and enter: _"}},
			{key: "END", shows: []string{"enter: END_"}},
			{name: "proof", says: "Fix: the proof that the waiters have drained", key: "enter",
				shows: []string{"PROOF", "11 waiters drained", "receipt 1"}},
			{key: "5", shows: []string{"WATCH", "0 now, 11 at most", "▁▁▁▁"}},
			{name: "watch", says: "Watch: the hang is over", key: "N",
				shows: []string{`>\S+ CLEARED`, "drained"}},
			{name: "cleared", says: "Verdict: nobody waits any more", key: "3",
				shows: []string{"VERDICT", " OK", "Nobody waits", "Cleared"}},
		},
	}
}

func wide() run {
	return run{
		args: []string{"demo"}, cols: 120, rows: 36, quit: "q",
		shots: []shot{
			{name: "wide", says: "Verdict on a wider terminal", shows: []string{"VERDICT", `HUNG [1-9]`, `cyrlock fix end \d+`}},
		},
	}
}

func serial() run {
	return run{
		args: []string{"demo"}, cols: 80, rows: 24, quit: "q", env: []string{"TERM=vt100", "LANG=C"},
		shots: []shot{
			{name: "serial", says: "Verdict on a VT100: no colour, ASCII alone", shows: []string{"VERDICT", `HUNG [1-9]`, `cyrlock fix end \d+`}},
		},
	}
}

func small() run {
	return run{
		args: []string{"demo"}, cols: 40, rows: 12, quit: "q",
		shots: []shot{
			{name: "small", says: "Verdict on a very small terminal", shows: []string{"VERDICT", `HUNG [1-9]`, `cyrlock fix end \d+`}},
		},
	}
}

// spoken asks for step 1, for the first file there, and for step 4.
func spoken() run {
	return run{
		args: []string{"demo", "--accessible"}, typed: "1\n1\nfix\n1\nquit\n",
		shots: []shot{
			{name: "accessible", says: "lines and questions", shows: []string{"Step 3 of 5, Verdict", "Step 1 of 5, Find", "How the path is known", "Step 4 of 5, Fix", "What is lost"}},
		},
	}
}

func checked() run {
	return run{
		args: []string{"demo"},
		shots: []shot{
			{name: "check", says: "check, without a terminal", shows: []string{"CRITICAL: 11 processes wait", `cyrlock fix end \d+`}},
		},
	}
}
