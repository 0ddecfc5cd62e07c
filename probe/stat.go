package probe

import (
	"bytes"
	"fmt"
	"strconv"
)

// A stat is the part of /proc/PID/stat that a look needs (proc_pid_stat(5)).
// The kernel fills it in without taking the process's memory lock, so it can be
// read of a process that hangs.
type stat struct {
	comm    string
	state   string
	ppid    int
	kernel  bool // a kernel thread
	threads int
	start   uint64 // clock ticks after boot
	cpu     int    // it last ran on
}

const kthread = 0x00200000 // PF_KTHREAD, include/linux/sched.h

// parseStat reads "7850 (imapd) S 7795 …". The name may hold anything, blanks
// and parentheses too: it ends at the last ")".
func parseStat(b []byte) (s stat, err error) {
	open, end := bytes.IndexByte(b, '('), bytes.LastIndexByte(b, ')')
	if open < 0 || end < open {
		return stat{}, fmt.Errorf("stat %q: %w", b[:min(len(b), 60)], errFormat)
	}
	s.comm = string(b[open+1 : end])
	rest := b[end+1:]
	for field := 3; field <= 39; field++ {
		var f []byte
		f, rest = word(rest)
		switch field {
		case 3:
			s.state = string(f)
		case 4:
			s.ppid, err = strconv.Atoi(string(f))
		case 9:
			var flags uint64
			flags, err = strconv.ParseUint(string(f), 10, 64)
			s.kernel = flags&kthread != 0
		case 20:
			s.threads, err = strconv.Atoi(string(f))
		case 22:
			s.start, err = strconv.ParseUint(string(f), 10, 64)
		case 39:
			s.cpu, err = strconv.Atoi(string(bytes.TrimSpace(f)))
		}
		if err != nil {
			return stat{}, fmt.Errorf("stat field %d %q: %w", field, f, errFormat)
		}
	}
	return s, nil
}

// A status is the part of /proc/PID/status that stat has not (proc_pid_status(5)).
type status struct {
	uid    int
	tracer int
	nspids int    // how many PID namespaces deep it is, as seen from ours
	ran    uint64 // context switches of this thread
}

func parseStatus(b []byte) (s status, err error) {
	s.uid = -1
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(":"))
		first, rest := word(value)
		var bad error
		switch string(name) {
		case "Uid":
			s.uid, bad = strconv.Atoi(string(first))
		case "TracerPid":
			s.tracer, bad = strconv.Atoi(string(first))
		case "NSpid":
			for s.nspids = 1; len(bytes.TrimSpace(rest)) > 0; s.nspids++ {
				_, rest = word(rest)
			}
		case "voluntary_ctxt_switches", "nonvoluntary_ctxt_switches":
			var n uint64
			n, bad = strconv.ParseUint(string(first), 10, 64)
			s.ran += n
		}
		if bad != nil {
			err = fmt.Errorf("status %q: %w", line[:min(len(line), 60)], errFormat)
		}
	}
	return s, err
}
