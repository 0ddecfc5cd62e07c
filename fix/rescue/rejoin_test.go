package rescue

import (
	"errors"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"cyrlock/evidence"
	"cyrlock/fix"
)

// lostHang is a look at which a real process waits for a lock that nobody has, as
// far as can be seen. The file's lock is held by this test.
func lostHang(t *testing.T) (evidence.Snapshot, *exec.Cmd) {
	t.Helper()
	dir := t.TempDir()
	cmd := child(t, "exec 9>"+dir+"/lock; echo ready; exec flock 9")
	file := fileOf(t, dir+"/lock")
	holder := child(t, "exec 8>"+dir+"/held; flock 8; echo ready; exec sleep 1000")
	s := hang(t, holder.Process.Pid)
	f := &s.Files[0]
	f.Holders, f.HolderSeen, f.FS = nil, 0, "ext4"
	f.Dev, f.Ino, f.Path, f.Lock = file.Dev, file.Ino, "/var/imap/user/j/jwade.seen", evidence.Flock
	_, start, err := readStat(cmd.Process.Pid)
	if err != nil {
		t.Fatal(err)
	}
	f.Waiters[0].PID, f.Waiters[0].TID, f.Waiters[0].Lock = cmd.Process.Pid, cmd.Process.Pid, evidence.Flock
	s.Processes[1].PID, s.Processes[1].Start = cmd.Process.Pid, start
	return s, cmd
}

// A wait that nobody seems to be in the way of may be asked for again; when somebody
// shows up meanwhile, nothing is done. That of a process which has gone on is left.
func TestRejoinSuspected(t *testing.T) {
	s, cmd := lostHang(t)
	pid := cmd.Process.Pid
	r, err := Rejoin(t.Context(), &fake{looks: []evidence.Snapshot{s}}, pid, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if r.Plan.Basis.Class != "lost-wakeup" || !strings.Contains(r.Plan.Why, "failed to wake it") || len(r.Plan.Capture) == 0 || len(r.Plan.Warnings) != 2 {
		t.Errorf("%+v", r.Plan)
	}
	// flock(1) has got the lock at once, and has ended: its wait is no more.
	_ = cmd.Wait()
	if receipt, err := apply(t, r.Plan); !errors.Is(err, errGone) || receipt.State != fix.Failed {
		t.Errorf("%v %+v", err, receipt)
	}

	visible, _ := lostHang(t)
	m := &fake{looks: []evidence.Snapshot{s, visible}}
	holder := visible.Processes[0].PID
	visible.Files[0].Holders = []evidence.Holder{{PID: holder, FD: 9, Mode: evidence.Write, Lock: evidence.Flock, How: "fdinfo"}}
	visible.Files[0].HolderSeen = 3
	visible.Files[0].Waiters[0].PID, visible.Processes[1].PID, visible.Processes[1].Start = pid, pid, s.Processes[1].Start
	if r, err = Rejoin(t.Context(), m, pid, Options{}); err != nil {
		t.Fatal(err)
	}
	if _, err := apply(t, r.Plan); err == nil || !strings.Contains(err.Error(), "things have changed") {
		t.Error(err)
	}
	if _, err := Rejoin(t.Context(), &fake{looks: []evidence.Snapshot{visible}}, pid, Options{}); err == nil || !strings.Contains(err.Error(), "somebody holds the lock") {
		t.Error(err)
	}
}

// What is said when the thread has come back from asking again.
func TestRejoinProof(t *testing.T) {
	s, _ := lostHang(t)
	pid := s.Files[0].Waiters[0].PID
	for f, want := range map[fate]string{
		again:     "So no wake-up was lost: somebody has the lock who cannot be seen from here",
		wentOn:    "the kernel had lost its wake-up",
		elsewhere: "the kernel had lost its wake-up",
		ended:     "",
	} {
		r, err := Rejoin(t.Context(), &fake{looks: []evidence.Snapshot{s}}, pid, Options{})
		if err != nil {
			t.Fatal(err)
		}
		w := &wait{pid: pid, file: s.Files[0], name: "imapd 7", fate: f}
		proof, err := r.verifyRejoin(t.Context(), w, nil)
		if err != nil || proof.Good != (f != again) || !strings.Contains(proof.Sentence, string(f)) || !strings.Contains(strings.Join(proof.Lines, " "), want) || want == "" && len(proof.Lines) > 0 {
			t.Errorf("%s: %v %+v", f, err, proof)
		}
	}
}

// The thread that is asked to make its call again is stopped and let go over and over,
// while it fights for a lock with others: no call is refused by that, none is lost.
func TestRejoinUnderContention(t *testing.T) {
	crowd := contend(t, compile(t, "contend"), "flock", 4, 300)
	pid, done := crowd.pids[0], 0
	eventually(t, func() string {
		w := crowd.wait(pid)
		w.again = true
		if w.once(t.Context()) == nil {
			done++
		}
		if done < 200 {
			return "not yet"
		}
		return ""
	})
	turns := crowd.turns()
	eventually(t, func() string {
		if crowd.turns() < turns+100 {
			return "they do not go on"
		}
		return ""
	})
	if crowd.refused() != 0 || crowd.violations() != 0 || crowd.errors() != 0 {
		t.Errorf("%d calls refused, %d times two had the lock, %d errors", crowd.refused(), crowd.violations(), crowd.errors())
	}
	if state, _, err := readStat(pid); err != nil || state == "t" || state == "T" {
		t.Errorf("state %s, %v", state, err)
	}
}

// Whether a process is stopped, and by whom it is traced, is read from /proc.
func TestHalted(t *testing.T) {
	cmd := child(t, obedient)
	pid := cmd.Process.Pid
	_, start, err := readStat(pid)
	if err != nil {
		t.Fatal(err)
	}
	if (&tracer{pid: 1, start: start + 1}).attached(pid) {
		t.Error("attached to one that it does not trace")
	}
	if by, err := tracerOf(pid, "sleep"); by != nil || err != nil {
		t.Error(by, err)
	}
	if byTracer, bySignal := halted(pid); byTracer || bySignal {
		t.Error("stopped")
	}
	if err := cmd.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	eventually(t, func() string {
		if _, bySignal := halted(pid); !bySignal {
			return "it is not seen to be stopped"
		}
		return ""
	})
}
