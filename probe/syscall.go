package probe

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
)

// A call is what a thread does in the kernel, from /proc/PID/task/TID/syscall
// (proc_pid_syscall(5)). It is read without stopping the thread.
type call struct {
	running bool // not blocked: nothing more is known
	nr      int  // -1: blocked, but not in a system call
	args    [6]uint64
	sp, pc  uint64
}

// parseCall reads "73 0x9 0x2 0x0 0x0 0x0 0x0 0x7ffe0 0x7fbf2", "running", or
// "-1 0x7ffe0 0x7fbf2" of a thread that is blocked elsewhere.
func parseCall(b []byte) (c call, err error) {
	text := bytes.TrimSpace(b)
	if string(text) == "running" {
		return call{running: true, nr: -1}, nil
	}
	bad := fmt.Errorf("syscall %q: %w", text[:min(len(text), 120)], errFormat)
	first, rest := word(text)
	if c.nr, err = strconv.Atoi(string(first)); err != nil {
		return call{}, bad
	}
	var values [8]uint64
	n := 0
	for ; len(bytes.TrimSpace(rest)) > 0; n++ {
		var f []byte
		f, rest = word(rest)
		hex, ok := bytes.CutPrefix(f, []byte("0x"))
		if !ok || n == len(values) {
			return call{}, bad
		}
		if values[n], err = strconv.ParseUint(string(hex), 16, 64); err != nil {
			return call{}, bad
		}
	}
	switch {
	case n == 8:
		copy(c.args[:], values[:6])
		c.sp, c.pc = values[6], values[7]
	case n == 2 && c.nr == -1:
		c.sp, c.pc = values[0], values[1]
	default:
		return call{}, bad
	}
	return c, nil
}

// compat says that the thread runs 32-bit code on a 64-bit kernel: its stack is
// below 4 GiB, where no 64-bit program has one.
func (c call) compat() bool { return c.sp != 0 && c.sp < 1<<32 }

// Calls knows the system calls of a machine by number.
type calls struct {
	arch           string // as runtime.GOARCH
	native, compat map[int]string
}

// newCalls knows amd64 with i386 programs, and arm64 with arm programs.
// Elsewhere no system call has a name.
func newCalls(arch string) calls {
	switch arch {
	case "amd64":
		return calls{arch, numbered(amd64Calls), numbered(i386Calls)}
	case "arm64":
		return calls{arch, numbered(arm64Calls), numbered(armCalls)}
	}
	return calls{arch: arch}
}

func numbered(list string) map[int]string {
	names, at := make(map[int]string), 0
	for name := range strings.FieldsSeq(list) {
		if n, err := strconv.Atoi(name); err == nil {
			at = n
			continue
		}
		names[at] = name
		at++
	}
	return names
}

// name is "flock", "running", or empty where nothing is known.
func (k calls) name(c call) string {
	switch {
	case c.running:
		return "running"
	case c.compat():
		return k.compat[c.nr]
	}
	return k.native[c.nr]
}
