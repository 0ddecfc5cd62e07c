package probe

import (
	"bytes"
	"fmt"
	"strconv"
)

// A schedule is what /proc/PID/task/TID/sched says of a thread's last run
// (kernel/sched/debug.c proc_sched_show_task).
type schedule struct {
	execStart float64 // milliseconds on the clock of the CPU it last ran on
	switches  uint64  // context switches since it began
}

// parseSched reads "se.exec_start   :   950749.152181" and "nr_switches : 1".
func parseSched(b []byte) (s schedule, err error) {
	found := false
	for line := range bytes.Lines(b) {
		name, value, ok := bytes.Cut(line, []byte(":"))
		if !ok {
			continue
		}
		value = bytes.TrimSpace(value)
		switch string(bytes.TrimSpace(name)) {
		case "se.exec_start":
			s.execStart, err = strconv.ParseFloat(string(value), 64)
			if err != nil || !(s.execStart >= 0) { // NaN, too
				return schedule{}, fmt.Errorf("sched %q: %w", line, errFormat)
			}
			found = true
		case "nr_switches":
			s.switches, err = strconv.ParseUint(string(value), 10, 64)
			if err != nil {
				return schedule{}, fmt.Errorf("sched %q: %w", line, errFormat)
			}
			return s, nil // the rest are load averages
		}
	}
	if !found {
		return schedule{}, fmt.Errorf("sched without se.exec_start: %w", errFormat)
	}
	return s, nil
}
