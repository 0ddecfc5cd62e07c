package scene

import (
	"fmt"
	"path"
	"strings"

	"cyrlock/evidence"
)

// A command is what a person would have typed to see the same.
type command struct {
	Shows string
	Line  string
}

// Commands are those for what is selected, then those for the whole machine.
// They run as they stand, in any POSIX shell.
func Commands(t Target, p *evidence.Process) []command {
	var out []command
	add := func(shows, format string, args ...any) {
		out = append(out, command{shows, fmt.Sprintf(format, args...)})
	}
	if f := t.File; f != nil {
		// A name with control characters is not offered: pasted, they would act.
		if f.Path != "" && evidence.Clean(f.Path) == f.Path {
			add("who has the file open", "lsof | %s", grep(path.Base(f.Path)))
			add("who holds it, who waits", "lslocks -o PID,COMMAND,TYPE,MODE,BLOCKER,PATH | %s", grep(path.Base(f.Path)))
			add("the same from cyrlock", "cyrlock check --file %s", Quote(f.Path))
		}
		if f.Ino != 0 {
			add("the kernel's own list", "grep ':%d ' /proc/locks", f.Ino)
		}
	}
	if t.PID != 0 {
		add("the lock lines of its descriptors", "grep -H lock: /proc/%d/fdinfo/*", t.PID)
		add("the system call it is in", "cat /proc/%d/syscall", t.PID)
		add("where it waits in the kernel", "cat /proc/%d/wchan", t.PID)
		add("its stack, without stopping it", "cyrlock stack %d", t.PID)
		add("its stack from gdb: stops it, and a waiter loses its place", "gdb -p %d -batch -ex bt", t.PID)
	}
	if p != nil && (p.Peer != nil || onSocket(p)) {
		add("its connections and their queues", "ss -tnpo | grep 'pid=%d,'", p.PID)
	}
	add("all locks of the machine", "cat /proc/locks")
	add("all locks with names", "lslocks -u")
	add("this report, for a script", "cyrlock check --json")
	return out
}

func onSocket(p *evidence.Process) bool {
	for _, t := range p.Threads {
		if t.On != nil && t.On.Conn != nil {
			return true
		}
	}
	return false
}

// grep is the command that finds a name, as short as a person would type it.
func grep(name string) string {
	if word := Quote(name); word == name && !strings.HasPrefix(name, "-") {
		return "grep " + name
	}
	return "grep -F -- " + Quote(name)
}

// Quote makes a word of text for a POSIX shell.
func Quote(text string) string {
	if text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/") == "" {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
