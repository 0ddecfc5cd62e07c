package probe

import (
	"bytes"
	"fmt"
	"strconv"
)

// An fdinfo is what /proc/PID/fdinfo/N says of a descriptor (proc_pid_fdinfo(5)).
type fdinfo struct {
	pos   uint64
	mount int    // mnt_id; -1: not there
	ino   uint64 // 0: kernel before 5.14
	locks []lockLine
	polls []int // descriptors that an epoll watches
}

// parseFdinfo reads "name:\tvalue" lines; those it does not know are skipped,
// for drivers and filesystems add their own.
func parseFdinfo(b []byte) (info fdinfo, err error) {
	info.mount = -1
	for line := range bytes.Lines(b) {
		name, value, _ := bytes.Cut(bytes.TrimSuffix(line, []byte("\n")), []byte(":"))
		value = bytes.TrimSpace(value)
		var bad error
		switch string(name) {
		case "pos":
			info.pos, bad = strconv.ParseUint(string(value), 10, 64)
		case "mnt_id":
			info.mount, bad = strconv.Atoi(string(value))
		case "ino":
			info.ino, bad = strconv.ParseUint(string(value), 10, 64)
		case "lock":
			if l, lockErr := parseLock(value); lockErr == nil {
				info.locks = append(info.locks, l)
			}
		case "tfd":
			first, _ := word(value)
			if fd, tfdErr := strconv.Atoi(string(first)); tfdErr == nil {
				info.polls = append(info.polls, fd)
			}
		}
		if bad != nil {
			err = fmt.Errorf("fdinfo %q: %w", line[:min(len(line), 60)], errFormat)
		}
	}
	return info, err
}
