package stack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
)

// A gdbFrame is one frame as gdb sees it.
type gdbFrame struct {
	PC   uint64
	Type int // gdb.NORMAL_FRAME and so on
	Name string
	File string
	Line int
	Lib  string // path of the shared library; empty in the program itself and the vdso

	// Args are printed as "bt -entry-values if-needed" does. Entry has, for an
	// argument gdb knows at both times, the value it had when the function was entered.
	Args  []evidence.Arg
	Entry map[string]string
}

// Frame types of gdb's Python interface.
const (
	gdbInline  = 2
	gdbTail    = 3
	gdbSignal  = 4
	gdbTimeout = 2 * time.Minute
)

// gdbStacks attaches gdb to the processes, one after the other, and returns the
// frames by pid and tid.
func gdbStacks(t *testing.T, pids ...int) map[int]map[int][]gdbFrame {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), gdbTimeout)
	defer cancel()
	list := strings.Join(strings.Fields(fmt.Sprint(pids)), ",")
	cmd := exec.CommandContext(ctx, "gdb", "-nx", "-q", "-batch",
		"-ex", "python pids="+list, "-x", filepath.Join("testdata", "frames.py"))
	cmd.Env = append(os.Environ(), "LC_ALL=C", "DEBUGINFOD_URLS=")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("gdb: %v\n%s", err, stderr.String())
	}
	stacks := map[int]map[int][]gdbFrame{}
	for line := range strings.Lines(string(out)) {
		line, ok := strings.CutPrefix(line, "@@")
		if !ok {
			continue
		}
		var th struct {
			PID, TID          int
			Frames            []gdbFrame
			Text, Both, Error string
		}
		if err := json.Unmarshal([]byte(line), &th); err != nil {
			t.Fatalf("gdb's frames: %v: %s", err, line)
		}
		if th.Error != "" {
			t.Fatalf("gdb on %d: %s", th.PID, th.Error)
		}
		for i, args := range frameArgs(t, th.Text, len(th.Frames)) {
			th.Frames[i].Args = args
		}
		for i, args := range frameArgs(t, th.Both, len(th.Frames)) {
			th.Frames[i].Entry = map[string]string{}
			for _, a := range args {
				if name, ok := strings.CutSuffix(a.Name, "@entry"); ok && a.Value != optimizedOut {
					th.Frames[i].Entry[name] = a.Value
				}
			}
		}
		if stacks[th.PID] == nil {
			stacks[th.PID] = map[int][]gdbFrame{}
		}
		stacks[th.PID][th.TID] = th.Frames
	}
	for _, pid := range pids {
		if len(stacks[pid]) == 0 {
			t.Fatalf("gdb shows no thread of %d\n%s\n%s", pid, out, stderr.String())
		}
	}
	return stacks
}

const optimizedOut = "<optimized out>"

var (
	frameLine = regexp.MustCompile(`^#(\d+) +(?:0x[0-9a-f]+ in )?(.*)$`)
	argName   = regexp.MustCompile(`^[A-Za-z_][A-Za-z_0-9.]*(?:@entry)?=`)
)

// frameArgs reads the arguments out of the lines of gdb's "bt".
func frameArgs(t *testing.T, text string, frames int) [][]evidence.Arg {
	t.Helper()
	var all [][]evidence.Arg
	for line := range strings.Lines(text) {
		m := frameLine.FindStringSubmatch(strings.TrimSuffix(line, "\n"))
		if m == nil {
			continue // "Backtrace stopped: ..."
		}
		rest := m[2]
		lo, hi := strings.Index(rest, " ("), len(rest)-1
		for _, end := range []string{") at ", ") from "} {
			if i := strings.LastIndex(rest, end); i >= 0 {
				hi = i
			}
		}
		if lo < 0 || hi < lo+2 { // <signal handler called>
			all = append(all, nil)
			continue
		}
		all = append(all, splitArgs(rest[lo+2:hi]))
	}
	if len(all) != frames {
		t.Fatalf("gdb has %d frames, its text %d:\n%s", frames, len(all), text)
	}
	return all
}

// splitArgs splits `fd=22, name=0x55d0 "a, b=c", c=44 ','`.
func splitArgs(s string) []evidence.Arg {
	var args []evidence.Arg
	var quote byte
	start := 0
	add := func(end int) {
		if name, value, ok := strings.Cut(s[start:end], "="); ok {
			args = append(args, evidence.Arg{Name: name, Value: value})
		}
	}
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0 && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == ',' && argName.MatchString(strings.TrimPrefix(s[i+1:], " ")):
			add(i)
			start = i + 2
		}
	}
	add(len(s))
	return args
}
