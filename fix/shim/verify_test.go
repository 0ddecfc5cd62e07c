package shim

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// checked starts the actor with these variables, and looks at it once it is there.
func checked(t *testing.T, env []string, program string, args ...string) Check {
	t.Helper()
	p := perform(t, env, program, args...)
	p.line()
	checks := Verify(t.Context(), machine{}, Server{Master: p.pid, Pids: []int{p.pid}})
	if len(checks) != 1 {
		t.Fatalf("%+v", checks)
	}
	return checks[0]
}

// copied puts a changed copy of a file among those of the test.
func copied(t *testing.T, from, name string, mode fs.FileMode, change func([]byte) []byte) string {
	t.Helper()
	body, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		body = change(body)
	}
	to := filepath.Join(workshop.dir, name)
	if err := os.WriteFile(to, body, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(to, mode); err != nil {
		t.Fatal(err)
	}
	return to
}

// What verify says of processes, each as it really comes about.
func TestVerify(t *testing.T) {
	seen := filepath.Join(t.TempDir(), "jwade.seen")
	own := realLibrary(t)
	other := copied(t, own, "shim-aaaaaaaaaaaa.so", 0o755, func(b []byte) []byte {
		return bytes.Replace(b, []byte(Source()), []byte("000000000000"), 1)
	})
	older := copied(t, own, "shim-bbbbbbbbbbbb.so", 0o755, func(b []byte) []byte {
		i := bytes.Index(b, []byte(magic))
		b[i+32]++ // the size of its data
		return b
	})
	for _, c := range []struct {
		name   string
		env    []string
		args   []string
		status Status
		why    string
	}{
		{"effective", settings(t), []string{"one", "flock", seen}, Effective, ""},
		{"idle", settings(t), []string{"nothing"}, Idle, ""},
		{"another program", settings(t, "CYRLOCK_SHIM_PROGRAMS=/usr/lib/cyrus/*"), []string{"one", "flock", seen}, Off, "not among those"},
		{"another version", settings(t, "LD_PRELOAD="+other), []string{"one", "flock", seen}, Other, "version 000000000000"},
		{"another form", settings(t, "LD_PRELOAD="+older), []string{"one", "flock", seen}, Other, "cannot read its counters"},
		{"without", []string{"A=b"}, []string{"nothing"}, Without, "without it"},
		{"no such file", []string{"LD_PRELOAD=/nosuch/shim-0123456789ab.so"}, []string{"nothing"}, Missing, "told to load /nosuch/shim-0123456789ab.so and could not"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := checked(t, c.env, actor(t, "cc"), c.args...)
			if got.Status != c.status || !strings.Contains(got.Why, c.why) || c.why == "" && got.Why != "" {
				t.Errorf("%+v; want %s, %q", got, c.status, c.why)
			}
			if c.status == Effective && (got.Bound != 14 || got.Counts.Calls != 1 || got.Library != own || got.Source != Source()) {
				t.Errorf("%+v, %+v", got, got.Counts)
			}
		})
	}

	t.Run("its file is gone", func(t *testing.T) {
		lost := copied(t, own, "shim-cccccccccccc.so", 0o755, nil)
		p := perform(t, settings(t, "LD_PRELOAD="+lost), actor(t, "cc"), "one", "flock", seen)
		p.line()
		if err := os.Remove(lost); err != nil {
			t.Fatal(err)
		}
		got := Verify(t.Context(), machine{}, Server{Pids: []int{p.pid}})
		if len(got) != 1 || got[0].Status != Effective || !strings.Contains(got[0].Why, "its file is gone") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("static", func(t *testing.T) {
		got := checked(t, settings(t), actor(t, "musl-gcc", "-static"), "nothing")
		if got.Status != Missing || !strings.Contains(got.Why, "static program") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("set-user-ID", func(t *testing.T) {
		if os.Getuid() != 0 {
			missing(t, "root, who can make such a program,")
		}
		program := copied(t, actor(t, "cc"), "setuid", fs.ModeSetuid|0o755, nil)
		cmd := exec.Command("setpriv", "--reuid=65534", "--clear-groups", "--regid=65534", program, "nothing")
		got := checked(t, settings(t), cmd.Path, cmd.Args[1:]...)
		if got.Status != Missing || !strings.Contains(got.Why, "more rights") {
			t.Errorf("%+v", got)
		}
	})
	t.Run("ended", func(t *testing.T) {
		p := perform(t, settings(t), actor(t, "cc"), "nothing")
		p.in.Close()
		until(t, "it is a zombie", func() bool {
			st, err := statOf(t.Context(), machine{}, p.pid)
			return err == nil && st.state == "Z"
		})
		if got := Verify(t.Context(), machine{}, Server{Pids: []int{p.pid, 1 << 22}}); len(got) != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// The sum of it is good only if every process has the library.
func TestProof(t *testing.T) {
	n := &Counts{Selected: 3, GaveUp: 1}
	for _, c := range []struct {
		want   string
		good   bool
		checks []Check
	}{
		{"No process of Cyrus was found.", false, nil},
		{"All 2 processes of Cyrus have the timed lock: 3 waits under a limit so far, 1 given up.", true, []Check{{Status: Effective, Counts: n}, {Status: Idle}}},
		{"All 1 processes of Cyrus have loaded the timed lock; none has called it yet.", false, []Check{{Status: Idle}}},
		{"None of the 1 processes of Cyrus has the timed lock.", false, []Check{{Status: Without}}},
		{"2 of 4 processes of Cyrus have the timed lock; 2 run without it.", false, []Check{{Status: Effective}, {Status: Effective}, {Status: Off}, {Status: Missing, Name: "a\x1b[2J"}}},
	} {
		p := Proof(c.checks)
		if p.Sentence != c.want || p.Good != c.good || len(p.Lines) != len(c.checks) || strings.Contains(strings.Join(p.Lines, ""), "\x1b") {
			t.Errorf("%+v; want %q", p, c.want)
		}
	}
}

// What is found out about a server before anything is planned.
func TestFind(t *testing.T) {
	proc := family{
		1: {"(init) S 0", "/sbin/init", "", ""},
		7: {"(master) S 1", "/usr/sbin/cyrmaster", "LD_PRELOAD=/usr/lib/libjemalloc.so.2:/usr/local/lib/cyrlock/shim-0123456789ab.so\x00", "0::/system.slice/cyrus-imapd.service\n"},
		8: {"(imapd) S 7", "/opt/mail/bin/imapd", "", ""},
		9: {"(imapd) S 7", "/opt/cyrus/libexec/lmtpd (deleted)", "", ""},
		5: {"(sendmail) S 8", "/usr/sbin/sendmail", "", ""},
		6: {"(sshd) S 1", "/usr/sbin/sshd", "", ""},
	}
	s, err := Find(t.Context(), proc, evidence.Cyrus{Master: 7, ConfigDir: "/srv/imap", LockDir: "/run/cyrus/lock"}, "# x\nSyslog_Facility: LOCAL3\n")
	if err != nil {
		t.Fatal(err)
	}
	if s.Unit != "cyrus-imapd.service" || s.Facility != 19 || s.Elsewhere || strings.Join(s.Preload, " ") != "/usr/lib/libjemalloc.so.2" {
		t.Errorf("%+v", s)
	}
	if got := s.Pids; len(got) != 4 || got[0] != 7 || got[1] != 5 || got[3] != 9 {
		t.Errorf("%v", got)
	}
	for file, want := range map[string]bool{
		"/usr/sbin/cyrmaster": true, "/usr/sbin/sshd": false, "/usr/sbin/sendmail": false, "/opt/mail/bin/imapd": true, "/opt/mail/bin/lmtpd": true,
		"/opt/mail/bin/sh": false, "/opt/cyrus/libexec/imapd": true, "/usr/lib/cyrus/bin/imapd": true, "/usr/lib/cyrus-imapd/imapd": true,
	} {
		got := false
		for _, p := range s.Programs {
			got = got || matches(p, file)
		}
		if got != want {
			t.Errorf("%s: %v; programs %v", file, got, s.Programs)
		}
	}
	if _, err := Find(t.Context(), proc, evidence.Cyrus{Master: 77}, ""); err == nil {
		t.Error("a master that is gone")
	}
	if s, err := Find(t.Context(), proc, evidence.Cyrus{}, ""); err != nil || s.Master != 0 || s.Facility != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A family is what /proc has of some processes: stat, exe, environ, cgroup.
type family map[int][4]string

func (f family) Pids(context.Context) (pids []int, err error) {
	for pid := range f {
		pids = append(pids, pid)
	}
	return pids, nil
}

func (f family) Read(_ context.Context, pid int, name string) ([]byte, error) {
	p, ok := f[pid]
	switch {
	case !ok:
		return nil, fs.ErrNotExist
	case name == "stat":
		return []byte("1 " + p[0] + strings.Repeat(" 0", 18) + "\n"), nil
	case name == "environ":
		return []byte(p[2]), nil
	case name == "cgroup":
		return []byte(p[3]), nil
	}
	return nil, unix.EACCES
}

func (f family) Exe(_ context.Context, pid int) (string, error) { return f[pid][1], nil }
func (family) Memory(context.Context, int, uint64, int) ([]byte, error) {
	return nil, unix.EACCES
}
func (family) SameRoot(context.Context, int) (bool, error) { return true, nil }
