package tests

import (
	"bufio"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// tracedCalls name files or other processes. "?": not on every architecture.
func tracedCalls() []string {
	var calls []string
	for _, name := range strings.Fields(`open openat openat2 creat readlink readlinkat stat lstat newfstatat statx access faccessat faccessat2
		getdents getdents64 process_vm_readv process_vm_writev kcmp ptrace kill tkill tgkill pidfd_open pidfd_getfd pidfd_send_signal
		execve execveat unlink unlinkat rename renameat renameat2 mkdir mkdirat chdir statfs name_to_handle_at connect bind`) {
		calls = append(calls, "?"+name)
	}
	return calls
}

// An event is one traced call.
type event struct {
	at     string // seconds, to be compared as text
	thread string
	call   string
	args   string
	result string
}

// A thread that the end of the program meets in a call has no result there.
var traceLine = regexp.MustCompile(`^(\d+\.\d+) ([\w?]+)\((.*?)(?: <unfinished \.\.\.>|\) += (.+))$`)

func readTrace(t *testing.T, dir string) (events []event) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "trace.*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("strace wrote %v, %v", files, err)
	}
	for _, name := range files {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		lines := bufio.NewScanner(f)
		for lines.Buffer(nil, 1<<20); lines.Scan(); {
			if m := traceLine.FindStringSubmatch(lines.Text()); m != nil {
				events = append(events, event{m[1], filepath.Ext(name)[1:], m[2], m[3], m[4]})
			} else if !strings.Contains(lines.Text(), " --- SIG") && !strings.Contains(lines.Text(), " +++ ") {
				t.Errorf("strace: %s", lines.Text())
			}
		}
		if err := lines.Err(); err != nil {
			t.Fatal(err)
		}
	}
	slices.SortStableFunc(events, func(a, b event) int { return strings.Compare(a.at, b.at) })
	return events
}

var (
	quoted   = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"`)
	ofFolder = regexp.MustCompile(`^\d+<([^>]*)>`)
	opened   = regexp.MustCompile(`^\d+<(.*)>$`)
)

// counted sorts the calls between two marks by kind, in the words of a reading.
func counted(t *testing.T, events []event, from, to string) map[string]seen {
	t.Helper()
	begin := slices.IndexFunc(events, func(e event) bool { return strings.Contains(e.args, `"`+from+`"`) })
	end := slices.IndexFunc(events, func(e event) bool { return strings.Contains(e.args, `"`+to+`"`) })
	if begin < 0 || end < begin {
		t.Fatalf("no %s and %s in the trace", from, to)
	}
	events = events[begin+1 : end]
	listed := map[string]bool{}
	for _, e := range events {
		if strings.HasPrefix(e.call, "getdents") {
			listed[withoutNumbers(ofFolder.FindStringSubmatch(e.args)[1])] = true
		}
	}
	all := map[string]seen{}
	add := func(what string, e event) {
		s := all[what]
		s.count++
		if strings.HasPrefix(e.result, "-1 ") {
			s.failed++
		}
		all[what] = s
	}
	for _, e := range events {
		path := ""
		if m := quoted.FindStringSubmatch(e.args); m != nil {
			var err error
			if path, err = strconv.Unquote(m[0]); err != nil {
				path = m[1]
			}
			switch folder := ofFolder.FindStringSubmatch(e.args); {
			case e.call == "openat2": // below the root of a process, which strace resolves
				path = "/proc/PID/root/" + path
			case folder != nil && !strings.HasPrefix(path, "/"):
				path = folder[1] + "/" + path
			}
		}
		kind := withoutNumbers(path)
		switch e.call {
		case "getdents", "getdents64", "???":
		case "open", "openat", "openat2":
			how := "read"
			switch got := opened.FindStringSubmatch(e.result); {
			case strings.Contains(e.args, "O_PATH"):
				how = "open"
			case listed[kind]:
				how = "list"
			case got != nil && strings.Contains(path, "/map_files/"):
				kind = got[1]
			}
			add(how+" "+kind, e)
		case "readlink", "readlinkat":
			add("link "+kind, e)
		case "stat", "newfstatat", "statx":
			if !strings.Contains(e.args, `""`) { // of an open file
				add("stat "+kind, e)
			}
		case "process_vm_readv", "kcmp":
			add("call "+e.call+"(2)", e)
		case "kill":
			if strings.HasSuffix(e.args, ", 0") {
				add("call kill(2) with no signal", e)
			} else {
				t.Errorf("a signal was sent: kill(%s)", e.args)
			}
		case "tgkill":
			if !strings.HasSuffix(e.args, "SIGURG") { // of Go's scheduler to itself
				t.Errorf("a signal was sent: tgkill(%s)", e.args)
			}
		default:
			t.Errorf("not for a look: %s(%s)", e.call, e.args)
		}
	}
	return all
}

var (
	ofProcess = regexp.MustCompile(`^/proc/\d+|/proc/\d+$`) // the kernel's folder, and the file that a worker keeps about itself
	ofThread  = regexp.MustCompile(`(^/proc/.*/task/)\d+`)
	numbered  = regexp.MustCompile(`(^/proc/.*/(?:fd|fdinfo|map_files)/)[^/]+$`)
)

// withoutNumbers is a path as a reading names it.
func withoutNumbers(path string) string {
	path = strings.TrimSuffix(path, "/")
	path = ofProcess.ReplaceAllStringFunc(path, func(s string) string { return "/proc/PID" })
	return numbered.ReplaceAllString(ofThread.ReplaceAllString(path, "${1}TID"), "${1}*")
}
