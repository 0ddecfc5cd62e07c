package rescue

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A tracer is a debugger that has a process in its hands.
type tracer struct {
	pid   int
	start uint64
	name  string // "gdb 511"
	title string // its command line
	known bool   // how it takes a SIGTERM was tried
	more  int    // other processes that it traces
}

// tracerOf looks who traces a process; 0 is answered with nil. The error says that to
// end the tracer could end the process, too.
func tracerOf(pid int, name string) (*tracer, error) {
	tid := statusNumber(pid, "TracerPid")
	if tid == 0 {
		return nil, nil
	}
	t := &tracer{pid: statusNumber(tid, "Tgid")} // a thread of it may be what traces
	var err error
	if _, t.start, err = readStat(t.pid); err != nil {
		return nil, fmt.Errorf("%s is traced by process %d, which cannot be looked at: %w", name, tid, err)
	}
	program := comm(t.pid)
	if exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", t.pid)); err == nil {
		program = path.Base(strings.TrimSuffix(exe, " (deleted)"))
	}
	t.name, t.known = fmt.Sprintf("%s %d", evidence.Clean(program), t.pid), diagnose.LetsGo(program)
	if text, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", t.pid)); err == nil {
		t.title = evidence.Clean(string(bytes.TrimRight(bytes.ReplaceAll(text, []byte{0}, []byte{' '}), " ")))
	}
	if t.pid == os.Getpid() {
		return nil, fmt.Errorf("%s is traced by cyrlock itself: once more", name)
	}
	return t, t.safe(pid, name)
}

// safe says whether all that it traces run on without it. What a debugger was attached
// to does; what it has started it kills (gdb: "quit" asks about that), or has the
// kernel kill (PTRACE_O_EXITKILL, which /proc does not show). Who is older than the
// tracer was not started by it.
func (t *tracer) safe(pid int, name string) error {
	if !t.attached(pid) {
		return fmt.Errorf("%s runs under %s, which may have started it and would take it along when it ends: give it back where %s runs (gdb: detach), or end it: cyrlock fix end %d", name, t.name, t.name, pid)
	}
	entries, err := os.ReadDir("/proc")
	for _, e := range entries {
		other, bad := strconv.Atoi(e.Name())
		if bad != nil || other == pid || !t.traces(other) {
			continue
		}
		if t.more++; !t.attached(other) {
			return fmt.Errorf("%s also runs %s %d, and may take it along when it ends: quit it where it runs", t.name, comm(other), other)
		}
	}
	return err
}

// attached says that the process, or one that it was forked from in the tracer's hands,
// is older than the tracer.
func (t *tracer) attached(pid int) bool {
	for depth := 0; pid > 0 && depth < 100 && t.traces(pid); depth++ {
		_, start, err := readStat(pid)
		if err != nil {
			return false
		}
		if start < t.start {
			return true
		}
		pid = statusNumber(pid, "PPid")
	}
	return false
}

// traces says whether a process is in its hands now.
func (t *tracer) traces(pid int) bool {
	tid := statusNumber(pid, "TracerPid")
	return tid != 0 && (tid == t.pid || statusNumber(tid, "Tgid") == t.pid)
}

// restsFor is how long a debugger has to do nothing until it is taken for one at its
// prompt.
const restsFor = 100 * time.Millisecond

// atRest says whether it has done nothing for a while: it waits at its prompt, or for
// what it traces. A gdb that gets SIGTERM while it is about to attach passes a SIGINT
// on to the process, which may arrive after it has let go, and end it (gdb 13.1, seen).
//
// states are those in which its threads rest: "S"; after a SIGCONT also "T", for one in
// the background is stopped again as soon as it asks its terminal for something.
func (t *tracer) atRest(states string) bool {
	before, rests := t.switches(states)
	for end := time.Now().Add(restsFor); rests && time.Now().Before(end); {
		time.Sleep(pollEvery)
		var now uint64
		if now, rests = t.switches(states); now != before {
			return false
		}
	}
	return rests
}

// switches counts how often its threads have stopped running (proc_pid_status(5)), and
// says whether all are in one of the states.
func (t *tracer) switches(states string) (n uint64, so bool) {
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/task", t.pid))
	so = err == nil && len(entries) > 0
	for _, e := range entries {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/status", t.pid, e.Name()))
		if err != nil {
			return n, false
		}
		n += field(text, "voluntary_ctxt_switches:") + field(text, "nonvoluntary_ctxt_switches:")
		_, state, _ := bytes.Cut(text, []byte("\nState:\t"))
		so = so && len(state) > 0 && strings.IndexByte(states, state[0]) >= 0
	}
	return n, so
}

// statusNumber is a number of /proc/PID/status (proc_pid_status(5)); 0: it is not
// there, or the process is gone.
func statusNumber(pid int, name string) int {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	return int(field(text, name+":"))
}

var errNotStopped = errors.New("it is not stopped (any more)")

// halted says whether a thread of a process is stopped, by a signal or by a tracer.
func halted(pid int) (byTracer, bySignal bool) {
	entries, _ := os.ReadDir(fmt.Sprintf("/proc/%d/task", pid))
	for _, e := range entries {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%s/stat", pid, e.Name()))
		if err != nil {
			continue
		}
		state, _, _ := parseStat(text)
		byTracer, bySignal = byTracer || state == "t", bySignal || state == "T"
	}
	return byTracer, bySignal
}
