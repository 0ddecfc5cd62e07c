package lab

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// processes lists the pids that /proc shows.
func processes() []int {
	d, err := os.Open("/proc")
	if err != nil {
		return nil
	}
	defer d.Close()
	names, _ := d.Readdirnames(-1)
	var pids []int
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	return pids
}

// A stat is what an incident needs of /proc/PID/stat (proc(5)).
type stat struct {
	state   byte
	parent  int
	session int
}

func readStat(pid int) (stat, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return stat{}, err
	}
	// The name is in parentheses and may itself hold some, and blanks.
	rest := string(text[strings.LastIndexByte(string(text), ')')+1:])
	var s stat
	var group int
	if _, err := fmt.Sscanf(rest, " %c %d %d %d", &s.state, &s.parent, &group, &s.session); err != nil {
		return stat{}, fmt.Errorf("/proc/%d/stat: %q: %w", pid, text, err)
	}
	return s, nil
}

// childrenOf lists the living children of a process.
func childrenOf(parent int) []int {
	var children []int
	for _, pid := range processes() {
		if st, err := readStat(pid); err == nil && st.parent == parent && st.state != 'Z' {
			children = append(children, pid)
		}
	}
	return children
}

// A call is the system call that a process sleeps in.
type call struct {
	number int // -1: not in one
	fd     int // its first argument
}

// readCall reads /proc/PID/syscall (proc(5)): "73 0x4 0x2 …", or "running".
func readCall(pid int) (call, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/syscall", pid))
	if err != nil {
		return call{}, err
	}
	fields := strings.Fields(string(text))
	if len(fields) < 3 {
		return call{number: -1}, nil
	}
	number, err := strconv.Atoi(fields[0])
	if err != nil {
		return call{}, fmt.Errorf("/proc/%d/syscall: %q: %w", pid, text, err)
	}
	fd, err := strconv.ParseUint(fields[1], 0, 64)
	if err != nil {
		return call{}, fmt.Errorf("/proc/%d/syscall: %q: %w", pid, text, err)
	}
	return call{number, int(int32(fd))}, nil
}

// holds reports whether a process has a lock on a file, by the "lock:" lines of
// /proc/PID/fdinfo.
func holds(pid int, path string) bool {
	for fd, target := range descriptors(pid) {
		if strings.TrimSuffix(target, " (deleted)") != path {
			continue
		}
		info, err := os.ReadFile(fmt.Sprintf("/proc/%d/fdinfo/%s", pid, fd))
		if err == nil && strings.Contains(string(info), "\nlock:") {
			return true
		}
	}
	return false
}

// descriptors maps the open descriptors of a process to what they lead to.
func descriptors(pid int) map[string]string {
	dir := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil
	}
	all := map[string]string{}
	for _, e := range entries {
		if target, err := os.Readlink(filepath.Join(dir, e.Name())); err == nil {
			all[e.Name()] = target
		}
	}
	return all
}

// leadsTo is the target of one descriptor; empty: there is none.
func leadsTo(pid, fd int) string {
	target, _ := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd))
	return target
}
