package stack

import "strconv"

// A status is what /proc/PID/task/TID/status (proc(5)) says of a thread.
type status struct {
	state    string // one letter
	tracer   int    // pid of who traces it; 0: nobody
	switches string // voluntary and involuntary context switches: equal means that it has not run
}

func parseStatus(text []byte) status {
	var s status
	if letter := field(text, "State:"); letter != "" {
		s.state = letter[:1]
	}
	s.tracer, _ = strconv.Atoi(field(text, "TracerPid:"))
	s.switches = field(text, "voluntary_ctxt_switches:") + " " + field(text, "nonvoluntary_ctxt_switches:")
	return s
}

func taskFile(pid, tid int, name string) string {
	return "/proc/" + strconv.Itoa(pid) + "/task/" + strconv.Itoa(tid) + "/" + name
}
