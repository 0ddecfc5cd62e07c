package shim

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/fix/timedlock"
)

// A Status is how a process stands to the library.
type Status string

const (
	Effective Status = "effective" // its calls go through the library
	Idle      Status = "idle"      // it is loaded, and nothing has been called yet
	Off       Status = "off"       // it is loaded, and does nothing in this program
	Other     Status = "other"     // of another version than this cyrlock
	Missing   Status = "missing"   // the process was told to load it, and has not
	Without   Status = "without"   // it was never told to
	Unknown   Status = "unknown"   // it could not be read
)

// A Check is what was found in one process.
type Check struct {
	PID    int    `json:"pid"`
	Start  uint64 `json:"start"` // evidence.Process Start
	Name   string `json:"name"`
	Status Status `json:"status"`
	Why    string `json:"why,omitempty"` // of what is not well
	// Library is the path of the one that is loaded, and Source its version.
	Library string   `json:"library,omitempty"`
	Source  string   `json:"source,omitempty"`
	Bound   int      `json:"bound_s,omitempty"` // seconds after which a wait ends
	Hybrid  bool     `json:"hybrid,omitempty"`
	Paths   []string `json:"paths,omitempty"`
	Accept  []string `json:"accept,omitempty"`
	Counts  *Counts  `json:"counts,omitempty"`
}

// Verify looks into every process of the server. What could not be read of one is
// its status.
func Verify(ctx context.Context, proc Proc, s Server) []Check {
	var checks []Check
	for _, pid := range s.Pids {
		c := Check{PID: pid}
		st, err := statOf(ctx, proc, pid)
		if err == nil && st.state != "Z" {
			c.Start, c.Name = st.start, st.comm
			c.look(ctx, proc)
			now, err := statOf(ctx, proc, pid)
			if err != nil || now.start != st.start || now.state == "Z" {
				continue // it has ended meanwhile, or another one has its number
			}
			checks = append(checks, c)
		} else if err != nil && !errors.Is(err, fs.ErrNotExist) {
			c.Status, c.Why = Unknown, err.Error()
			checks = append(checks, c)
		}
	}
	return checks
}

func (c *Check) look(ctx context.Context, proc Proc) {
	text, err := proc.Read(ctx, c.PID, "maps")
	if err != nil {
		c.Status, c.Why = Unknown, err.Error()
		return
	}
	maps := mappings(text)
	if len(maps) == 0 {
		c.absent(ctx, proc, text)
		return
	}
	c.Library = maps[0].path
	b, err := readBlock(ctx, proc, c.PID, maps)
	c.Source = b.source
	switch {
	case err != nil:
		c.Status, c.Why = Unknown, err.Error()
		return
	case !b.complete:
		c.Status, c.Why = Other, "cyrlock cannot read its counters"
		return
	}
	c.Counts = &b.counts
	c.Bound, c.Hybrid = timedlock.Schedule{Maxtime: int(b.maxtime)}.Bound(), b.hybrid
	if b.paths != "" {
		c.Paths = strings.Split(b.paths, ":")
	}
	for i, d := range Dangers() {
		if b.accept&(1<<i) != 0 {
			c.Accept = append(c.Accept, d.Word)
		}
	}
	switch {
	case b.role == 2:
		c.Status, c.Why = Off, "this program is not among those that it was told"
	case b.source != Source():
		c.Status, c.Why = Other, "it works, as version "+b.source
	case b.role == 0 || b.counts.Entered == 0:
		c.Status = Idle
	default:
		c.Status = Effective
	}
	if maps[0].deleted && c.Why == "" {
		c.Why = "its file is gone, so what this process starts will not find it"
	}
}

// absent says why a process has no library.
func (c *Check) absent(ctx context.Context, proc Proc, maps []byte) {
	environ, err := proc.Read(ctx, c.PID, "environ")
	preload := variable(environ, "LD_PRELOAD")
	library := libraryIn(preload)
	switch auxv, unread := proc.Read(ctx, c.PID, "auxv"); {
	case unread == nil && secure(auxv):
		// The loader takes LD_PRELOAD out of the environment, too (ld.so(8)).
		c.Status, c.Why = Missing, "the kernel started it with more rights than its user has (setuid, setgid, file capabilities, or a change of SELinux domain): then the loader ignores LD_PRELOAD"
	case err != nil:
		c.Status, c.Why = Unknown, err.Error()
	case library == "" && preload == "":
		c.Status, c.Why = Without, "it was started without it"
	case library == "":
		c.Status, c.Why = Without, "it was started with other libraries only: LD_PRELOAD="+preload
	case !hasLoader(maps):
		c.Status, c.Why = Missing, "it is a static program, which loads no library"
	default:
		c.Status, c.Why = Missing, "it was told to load "+library+" and could not: is the file there, readable for its user, for this processor, and on a file system that allows programs?"
	}
}

func hasLoader(maps []byte) bool {
	return bytes.Contains(maps, []byte("/ld-")) || bytes.Contains(maps, []byte("/ld.so"))
}

// secure is AT_SECURE of the auxiliary vector (getauxval(3)), on the 64-bit ABI.
func secure(auxv []byte) bool {
	const atSecure = 23
	for ; len(auxv) >= 16; auxv = auxv[16:] {
		if binary.LittleEndian.Uint64(auxv) == atSecure {
			return binary.LittleEndian.Uint64(auxv[8:]) != 0
		}
	}
	return false
}

// Proof sums up what was found. It is good if the library is in every process and
// does its work wherever it was called.
func Proof(checks []Check) fix.Proof {
	p := fix.Proof{Taken: time.Now()}
	count := map[Status]int{}
	var waits, gaveUp uint64
	for _, c := range checks {
		count[c.Status]++
		if c.Counts != nil {
			waits += c.Counts.Selected
			gaveUp += c.Counts.GaveUp
		}
		p.Lines = append(p.Lines, c.line())
	}
	all, at := len(checks), count[Effective]+count[Idle]
	p.Good = all > 0 && at == all && count[Effective] > 0
	switch {
	case all == 0:
		p.Sentence = "No process of Cyrus was found."
	case p.Good:
		p.Sentence = fmt.Sprintf("%s the timed lock: %s under a limit so far, %s given up.", every(all, "has", "have"), evidence.Plural(int(waits), "wait", "waits"), evidence.Thousands(int(gaveUp)))
	case at == 0 && all == 1:
		p.Sentence = "The only process of Cyrus has not the timed lock."
	case at == 0:
		p.Sentence = fmt.Sprintf("None of the %d processes of Cyrus has the timed lock.", all)
	case count[Effective] == 0 && at == all:
		p.Sentence = every(all, "has", "have") + " loaded the timed lock, and not called it yet."
	default:
		p.Sentence = fmt.Sprintf("%d of %d processes of Cyrus have the timed lock; %d run without it.", at, all, all-at)
	}
	return p
}

// every is "All 12 processes of Cyrus have", or "The only process of Cyrus has".
func every(n int, one, many string) string {
	if n == 1 {
		return "The only process of Cyrus " + one
	}
	return fmt.Sprintf("All %d processes of Cyrus %s", n, many)
}

// line is what a person reads of one process.
func (c Check) line() string {
	line := fmt.Sprintf("%s %d: %s", evidence.Clean(c.Name), c.PID, c.Status)
	if n := c.Counts; n != nil {
		line += fmt.Sprintf(", limit %d s, %d lock calls", c.Bound, n.Calls)
		if n.Contended > 0 {
			line += fmt.Sprintf(", %d found it taken", n.Contended)
		}
		if n.Selected > 0 {
			line += fmt.Sprintf(", %d of them under the limit: %d got it, %d gave up", n.Selected, n.Got, n.GaveUp)
		}
		if n.Refused > 0 {
			line += fmt.Sprintf("; %d refused", n.Refused)
		}
		if n.Unlogged > 0 {
			line += fmt.Sprintf("; %d messages found no log", n.Unlogged)
		}
	}
	if c.Why != "" {
		line += ": " + evidence.Clean(c.Why)
	}
	return line
}
