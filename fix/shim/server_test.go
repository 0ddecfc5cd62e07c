package shim

import (
	"context"
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// A Cyrus of 32 bits could not load the library.
func TestNarrow(t *testing.T) {
	needs(t, "gcc")
	program := filepath.Join(t.TempDir(), "narrow")
	cmd := exec.Command("gcc", "-m32", "-w", "-x", "c", "-o", program, "-")
	cmd.Stdin = strings.NewReader(`int main(void) { write(1, "\n", 1); pause(); return 0; }`)
	if out, err := cmd.CombinedOutput(); err != nil {
		missing(t, "a compiler for 32 bits ("+string(out)+")")
	}
	for file, want := range map[string]bool{program: true, actor(t, "cc"): false, actor(t, "musl-gcc", "-static"): false} {
		p := perform(t, nil, file, "nothing")
		p.line()
		maps, err := machine{}.Read(t.Context(), p.pid, "maps")
		if err != nil || narrow(maps) != want {
			t.Errorf("%s: %v, want %v: %v\n%s", file, narrow(maps), want, err, maps)
		}
		_ = unix.Kill(p.pid, unix.SIGKILL)
	}
	if narrow(nil) || narrow([]byte("x\n")) {
		t.Error("what is not known counts as narrow")
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
	s, err := Find(t.Context(), proc, evidence.Cyrus{Master: 7, ConfigDir: "/srv/imap", LockDir: "/run/cyrus/lock"}, says("# x\nSyslog_Facility: LOCAL3\n"))
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
	if _, err := Find(t.Context(), proc, evidence.Cyrus{Master: 77}, says("")); err == nil {
		t.Error("a master that is gone")
	}
	if s, err := Find(t.Context(), proc, evidence.Cyrus{}, says("")); err != nil || s.Master != 0 || s.Facility != 2 {
		t.Errorf("%+v, %v", s, err)
	}
}

// A service is known by the cgroup, if it is one that could start Cyrus.
func TestUnitOf(t *testing.T) {
	for cgroup, want := range map[string]string{
		"0::/system.slice/cyrus-imapd.service\n":                              "cyrus-imapd.service",
		"1:name=systemd:/system.slice/system-imap.slice/imap@a.service/x\n":   "imap@a.service",
		"0::/user.slice/user-0.slice/session-3.scope\n":                       "",
		"0::/user.slice/user-0.slice/user@0.service/app.slice/run-r1.scope\n": "",
		"0::/\n": "",
	} {
		if got := unitOf([]byte(cgroup)); got != want {
			t.Errorf("%q: %q, want %q", cgroup, got, want)
		}
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

// says is what an imapd.conf of this text says of an option.
func says(conf string) func(name string) string {
	return func(name string) string {
		for line := range strings.Lines(conf) {
			if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(strings.TrimSpace(key), name) {
				return strings.TrimSpace(value)
			}
		}
		return ""
	}
}
