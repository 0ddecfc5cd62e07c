package rescue

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/fix"
)

// A fake is a machine where this is to be seen; the last answer stays.
type fake struct {
	looks []evidence.Snapshot
	n     int
}

func (f *fake) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	s := f.looks[min(f.n, len(f.looks)-1)]
	f.n++
	s.Taken = time.Now()
	return s, nil
}

// child starts a process that ends with the test.
func child(t *testing.T, script string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command("sh", "-c", script)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	})
	if _, err := out.Read(make([]byte, 8)); err != nil { // it is set up
		t.Fatal(err)
	}
	return cmd
}

const (
	obedient = "echo ready; exec sleep 1000"
	deaf     = "trap '' TERM; echo ready; while :; do sleep 0.1; done"
)

const waiter = 4200001 // above all that Linux gives (PID_MAX_LIMIT, include/linux/threads.h)

// hang is a look at a server where pids hold what another waits for.
func hang(t *testing.T, pids ...int) evidence.Snapshot {
	t.Helper()
	mode := evidence.Write
	if len(pids) > 1 {
		mode = evidence.Read
	}
	f := evidence.File{Path: "/var/imap/user/j/jwade.seen", Dev: "fe:00", Ino: 7, Lock: evidence.Posix, Reads: 3, HolderSeen: 3,
		Waiters: []evidence.Waiter{{PID: waiter, TID: waiter, FD: 9, Mode: evidence.Write, Lock: evidence.Posix, SinceS: 100, SinceHow: "sched", Queue: 1}}}
	s := evidence.Snapshot{Schema: evidence.Schema, Locks: 1, TookMS: 1, Host: evidence.Host{Name: "mail1", BootID: "b", Cyrus: evidence.Cyrus{Version: "3.6.1", Conf: "/etc/imapd.conf", Master: 99}}}
	for _, pid := range pids {
		f.Holders = append(f.Holders, evidence.Holder{PID: pid, FD: 9, Mode: mode, Lock: evidence.Posix, How: "fdinfo"})
		_, start, err := readStat(pid)
		if err != nil {
			t.Fatal(err)
		}
		s.Processes = append(s.Processes, evidence.Process{PID: pid, PPID: 99, Start: start, Exe: "/usr/lib/cyrus/bin/imapd", Comm: "imapd", State: "S", Cyrus: true, User: "jwade", Client: "192.0.2.3",
			Threads: []evidence.Thread{{TID: pid, State: "S", Syscall: "write", Frames: []evidence.Frame{{Func: "write"}, {Func: "prot_flush_internal"}}}}})
	}
	s.Processes = append(s.Processes, evidence.Process{PID: waiter, PPID: 99, Start: 5, Exe: "/usr/lib/cyrus/bin/imapd", State: "S", Cyrus: true})
	s.Files = []evidence.File{f}
	return s
}

// peace is the same server when nobody waits.
func peace(s evidence.Snapshot) evidence.Snapshot {
	s.Files = nil
	return s
}

func runs(cmd *exec.Cmd) bool {
	state, _, err := readStat(cmd.Process.Pid)
	return err == nil && state != "Z"
}

func apply(t *testing.T, p fix.Plan) (fix.Receipt, error) {
	t.Helper()
	return fix.Ledger{Dir: t.TempDir() + "/state"}.Apply(t.Context(), p, nil)
}
