package lab

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// Every incident starts; those who wait sleep in flock, those who rest wait for a
// client or their turn, the cause is in its state, and nothing is left behind.
func TestIncidents(t *testing.T) {
	for _, i := range Incidents() {
		t.Run(i.Name, func(t *testing.T) {
			if i.Title == "" || i.Story == "" {
				t.Error("it has no title or no story")
			}
			check, ok := causes[i.Name]
			if !ok {
				t.Fatal("its cause has no test")
			}
			if i.Name == "foreign-holder" && os.Geteuid() != 0 {
				if _, err := Start(t.Context(), i.Name); !errors.Is(err, ErrNeedsRoot) && !errors.Is(err, ErrNoCompiler) {
					t.Error(err)
				}
				t.Skip("NOT TESTED, needs root")
			}
			r := begin(t, i.Name)
			waiting := append(slices.Clone(r.PIDs["waiter"]), r.PIDs["lmtpd"]...)
			for _, pid := range waiting {
				mustSleepIn(t, []int{pid}, unix.SYS_FLOCK, "")
				mustBeInLockTable(t, pid)
			}
			for _, pid := range r.PIDs["idle"] {
				if c, err := readCall(pid); err != nil || c.number != unix.SYS_ACCEPT && c.number != unix.SYS_FCNTL {
					t.Errorf("idle worker %d is in %v (%v)", pid, c, err)
				}
			}
			check(t, r)
		})
	}
}

// causes look at the cause of an incident, in /proc and not by what lab says.
var causes = map[string]func(*testing.T, *Running){
	Seed:             stalled,
	"stalled-client": stalled,
	"idle-holder": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustSleepIn(t, r.PIDs["root"], unix.SYS_READ, "")
		if !onSocket(r.PIDs["root"][0]) {
			t.Error("it does not read from a client")
		}
	},
	"forgotten-lock": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		pid := r.PIDs["root"][0]
		if c, err := readCall(pid); err != nil || c.number != unix.SYS_ACCEPT && c.number != unix.SYS_FCNTL {
			t.Errorf("the root is in %v (%v), want its accept loop", c, err)
		}
		if onSocket(pid) {
			t.Error("the root still has a client")
		}
	},
	"self-deadlock": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustSleepIn(t, r.PIDs["root"], unix.SYS_FLOCK, r.Seen)
	},
	"cycle-of-two": func(t *testing.T, r *Running) {
		store, copier := r.PIDs["root"][:1], r.PIDs["root"][1:]
		header := headerOf(r, "FaMiLy")
		mustHold(t, store, r.Seen)
		mustSleepIn(t, store, unix.SYS_FLOCK, header)
		mustHold(t, copier, header)
		mustSleepIn(t, copier, unix.SYS_FLOCK, r.Seen)
	},
	"cycle-of-three": func(t *testing.T, r *Running) {
		store, renamer, copier := r.PIDs["root"][:1], r.PIDs["root"][1:2], r.PIDs["root"][2:]
		mustHold(t, store, r.Seen)
		mustSleepIn(t, store, unix.SYS_FLOCK, headerOf(r, "FaMiLy"))
		mustHold(t, renamer, headerOf(r, "FaMiLy"))
		mustSleepIn(t, renamer, unix.SYS_FLOCK, headerOf(r, "Work"))
		mustHold(t, copier, headerOf(r, "Work"))
		mustSleepIn(t, copier, unix.SYS_FLOCK, r.Seen)
	},
	"stopped-holder": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustBeInState(t, r.PIDs["root"], 'T')
	},
	"traced-holder": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustBeInState(t, r.PIDs["root"], 't')
		if got, want := statusField(t, r.PIDs["root"][0], "TracerPid"), fmt.Sprint(r.PIDs["helper"][0]); got != want {
			t.Errorf("traced by %s, want %s", got, want)
		}
	},
	"orphan-lock": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		owner := lockOwner(t, r.Seen)
		if _, err := readStat(owner); err == nil || owner == r.PIDs["root"][0] {
			t.Errorf("the lock table names %d, want a process that is dead", owner)
		}
	},
	"shared-crowd": func(t *testing.T, r *Running) {
		if len(r.PIDs["root"]) < 3 {
			t.Errorf("%d readers are no crowd", len(r.PIDs["root"]))
		}
		mustHold(t, r.PIDs["root"], headerOf(r, ""))
		mustSleepIn(t, r.PIDs["root"], unix.SYS_READ, "")
		mustSleepIn(t, r.PIDs["waiter"], unix.SYS_FLOCK, headerOf(r, ""))
	},
	"uninterruptible-holder": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustBeInState(t, r.PIDs["root"], 'D')
	},
	"signal-reentry": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustSleepIn(t, r.PIDs["root"], unix.SYS_FUTEX, "")
		// A signal is blocked while its handler runs.
		var blocked uint64
		fmt.Sscanf(statusField(t, r.PIDs["root"][0], "SigBlk"), "%x", &blocked)
		if blocked&(1<<(syscall.SIGALRM-1)) == 0 {
			t.Error("it is not in the handler of SIGALRM")
		}
	},
	"stale-inode": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		mustSleepIn(t, r.PIDs["waiter"], unix.SYS_FLOCK, r.Seen+" (deleted)")
		if _, err := os.Stat(r.Seen); err != nil {
			t.Errorf("no file has taken the place of the old one: %v", err)
		}
	},
	"outside-holder": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		if exe := exeOf(t, r.PIDs["root"][0]); filepath.Base(exe) != "backup" {
			t.Errorf("the holder is %s", exe)
		}
	},
	"foreign-holder": func(t *testing.T, r *Running) {
		mustHold(t, r.PIDs["root"], r.Seen)
		namespace := func(pid int) string {
			link, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/pid", pid))
			if err != nil {
				t.Error(err)
			}
			return link
		}
		if namespace(r.PIDs["root"][0]) == namespace(r.Inside) {
			t.Error("the holder is in the namespace of its victims")
		}
		for _, pid := range r.PIDs["waiter"] {
			if namespace(pid) != namespace(r.Inside) {
				t.Errorf("waiter %d is not inside", pid)
			}
		}
		nsenter, err := exec.LookPath("nsenter")
		if err != nil {
			return // the lines above do
		}
		inside, err := exec.Command(nsenter, "-t", fmt.Sprint(r.Inside), "-p", "-m", "cat", "/proc/locks").Output()
		if err != nil || len(inside) == 0 {
			t.Fatalf("from inside: %q, %v", inside, err)
		}
		for line := range strings.Lines(string(inside)) {
			if fields := strings.Fields(line); fields[1] != "->" && strings.HasSuffix(fields[5], fmt.Sprint(":", inodeOf(t, r.Seen))) {
				t.Errorf("the holder can be seen from inside: %s", line)
			}
		}
	},
	"working-holder": func(t *testing.T, r *Running) {
		written := func() string { return ioField(t, r.PIDs["root"][0], "wchar") }
		before := written()
		eventually(t, "the holder gets on", 5*time.Second, func() bool { return written() != before })
		mustHold(t, r.PIDs["root"], r.Seen)
	},
	"slow": func(t *testing.T, r *Running) {
		var held []int
		eventually(t, "all get their turn", 10*time.Second, func() bool {
			for _, pid := range r.PIDs["busy"] {
				if holds(pid, r.Seen) && !slices.Contains(held, pid) {
					held = append(held, pid)
				}
			}
			return len(held) == len(r.PIDs["busy"])
		})
	},
	"healthy": func(t *testing.T, r *Running) {
		mustSleepIn(t, r.PIDs["busy"], unix.SYS_READ, "")
		for _, pid := range r.PIDs["busy"] {
			if holds(pid, r.Seen) {
				t.Errorf("process %d holds a lock", pid)
			}
		}
	},
}

func stalled(t *testing.T, r *Running) {
	mustHold(t, r.PIDs["root"], r.Seen)
	mustSleepIn(t, r.PIDs["root"], unix.SYS_WRITE, "")
	if queued := sendQueue(t, r.PIDs["root"][0]); queued == 0 {
		t.Error("its send queue is empty")
	}
}

// The whole knot dissolves when the root ends, and what was waiting gets done.
func TestSeedDissolves(t *testing.T) {
	r := begin(t, Seed)
	if err := syscall.Kill(r.PIDs["root"][0], syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	for _, pid := range append(slices.Clone(r.PIDs["waiter"]), r.PIDs["lmtpd"]...) {
		eventually(t, fmt.Sprintf("%d waits for its client", pid), 5*time.Second, func() bool {
			return sleepsIn(pid, unix.SYS_READ, "")
		})
	}
	text, err := os.ReadFile(r.Seen)
	if err != nil {
		t.Fatal(err)
	}
	for _, uid := range []string{"271", "272", "273"} {
		if !strings.Contains(string(text), ","+uid) {
			t.Errorf("the copy with uid %s is not marked as read:\n%s", uid, text)
		}
	}
}
