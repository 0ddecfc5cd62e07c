// Package cyrusrig runs a real Cyrus IMAP server for a test: Debian's binaries
// with a configuration, directories, ports and a system log of its own.
//
// It touches no other Cyrus on the machine, and what it started is gone when the
// test is over. All its processes live in a mount namespace of their own, which
// is also how they are told from others.
package cyrusrig

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Patience is how long anything may take. It bounds waits until a state is
// reached and is never slept through.
const Patience = 30 * time.Second

const password = "secret"

// A Server is a running Cyrus.
type Server struct {
	Dir    string // everything of it is below
	Conf   string // its imapd.conf
	Addr   string // IMAP
	Socket string // LMTP
	Master int    // pid

	master    *exec.Cmd
	output    transcript
	namespace string // of mounts
	ids       map[string]string

	mu  sync.Mutex
	log []string
}

// Start starts a server with these users, who all have an INBOX and the same
// password. It ends with the test.
func Start(t testing.TB, users ...string) *Server {
	t.Helper()
	return StartAfter(t, "", users...)
}

// StartAfter starts one from a start script that has these lines above the one that
// starts the master.
func StartAfter(t testing.TB, lines string, users ...string) *Server {
	t.Helper()
	needs(t)
	for try := 1; ; try++ {
		s, err := start(t, lines, append(users, "cyrus"))
		if err == nil {
			for _, u := range users {
				s.create(t, "user/"+u)
			}
			return s
		}
		if try == 3 { // somebody else may have taken the port meanwhile
			t.Fatal(err)
		}
		t.Logf("start again: %v", err)
	}
}

// needs skips the test where Cyrus cannot run, and fails it where all must run.
func needs(t testing.TB) {
	t.Helper()
	missing := ""
	for _, program := range []string{"/usr/sbin/cyrmaster", "/usr/lib/cyrus/bin/imapd", "/usr/lib/cyrus/bin/lmtpd", "/usr/sbin/saslpasswd2"} {
		if _, err := os.Stat(program); err != nil {
			missing = err.Error()
		}
	}
	if _, err := user.Lookup("cyrus"); err != nil {
		missing = err.Error()
	}
	if os.Getuid() != 0 {
		missing = "not root, so no other user id"
	} else if said, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		missing = fmt.Sprintf("no mount namespace: %v: %s", err, said)
	}
	if missing == "" {
		return
	}
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		t.Fatalf("%s, and here every test must run: sh tests/needs.sh", missing)
	}
	t.Skipf("NOT TESTED ON A REAL CYRUS: %s: sh tests/needs.sh", missing)
}

// privateDev gives the processes a /dev with a log socket of ours: libc's syslog
// knows no other place, and the machine's own log is not ours to write to.
const privateDev = `set -e
dev=$1; shift
for n in null zero full random urandom tty; do : >"$dev/$n"; mount --bind "/dev/$n" "$dev/$n"; done
ln -s /proc/self/fd "$dev/fd"
mount --rbind "$dev" /dev
`

func start(t testing.TB, lines string, users []string) (*Server, error) {
	dir, err := os.MkdirTemp("", "cyrus")
	if err != nil {
		return nil, err
	}
	s := &Server{Dir: dir, Conf: filepath.Join(dir, "imapd.conf"), Socket: filepath.Join(dir, "conf/socket/lmtp"), ids: map[string]string{}}
	t.Cleanup(func() { s.stop(t) })
	if s.Addr, err = freeAddr(); err != nil {
		return nil, err
	}
	if err := s.configure(users); err != nil {
		return nil, err
	}
	if err := s.listenLog(t); err != nil {
		return nil, err
	}
	s.master = exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", privateDev+lines+"\nexec \"$@\"", "sh", filepath.Join(dir, "dev"),
		"/usr/sbin/cyrmaster", "-C", s.Conf, "-M", filepath.Join(dir, "cyrus.conf"), "-p", filepath.Join(dir, "master.pid"))
	s.master.Stdout, s.master.Stderr = &s.output, &s.output
	s.master.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // it signals its whole group
	if err := s.master.Start(); err != nil {
		return nil, err
	}
	s.Master = s.master.Process.Pid
	if err := s.awaitReady(); err != nil {
		return nil, fmt.Errorf("%w\n%s%s", err, s.output.String(), s.Log())
	}
	return s, nil
}

// awaitReady waits until the master runs and IMAP and LMTP answer.
func (s *Server) awaitReady() error {
	var err error
	for end := time.Now().Add(Patience); time.Now().Before(end); pause() {
		if name, _ := os.ReadFile(fmt.Sprintf("/proc/%d/comm", s.Master)); strings.TrimSpace(string(name)) != "cyrmaster" {
			if state(s.Master) == "Z" || len(name) == 0 {
				return fmt.Errorf("the master has ended")
			}
			err = fmt.Errorf("the master is still %q", name)
			continue
		}
		if s.namespace, err = os.Readlink(fmt.Sprintf("/proc/%d/ns/mnt", s.Master)); err != nil {
			continue
		}
		if err = s.greets("tcp", s.Addr, "* OK"); err != nil {
			continue
		}
		if err = s.greets("unix", s.Socket, "220 "); err == nil {
			return nil
		}
	}
	return err
}

// stop ends what runs in the server's namespace, and nothing else.
func (s *Server) stop(t testing.TB) {
	t.Helper()
	if s.master != nil && s.master.Process != nil {
		_ = s.master.Process.Signal(syscall.SIGTERM)
		ended := make(chan error, 1)
		go func() { ended <- s.master.Wait() }()
		select {
		case <-ended:
		case <-time.After(Patience / 6):
			_ = s.master.Process.Kill()
			<-ended
		}
		for end := time.Now().Add(Patience); ; pause() {
			left := s.Processes()
			if len(left) == 0 {
				break
			}
			if time.Now().After(end) {
				t.Errorf("processes of the test server are left: %v", left)
				break
			}
			for _, pid := range left {
				_ = syscall.Kill(pid, syscall.SIGKILL)
			}
		}
	}
	if t.Failed() {
		t.Logf("what Cyrus said:\n%s%s", s.output.String(), s.Log())
	}
	if err := os.RemoveAll(s.Dir); err != nil {
		t.Error(err)
	}
}

// Processes are the pids of the master and all that it started.
func (s *Server) Processes() (pids []int) {
	if s.namespace == "" {
		return nil
	}
	all, _ := filepath.Glob("/proc/[0-9]*")
	for _, p := range all {
		if ns, err := os.Readlink(p + "/ns/mnt"); err != nil || ns != s.namespace {
			continue
		}
		pid, err := strconv.Atoi(filepath.Base(p))
		if err == nil && state(pid) != "Z" {
			pids = append(pids, pid)
		}
	}
	return pids
}

// state is the letter of proc(5); empty when the process is gone.
func state(pid int) string {
	data, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return ""
	}
	i := bytes.LastIndexByte(data, ')')
	if i < 0 || i+2 >= len(data) {
		return ""
	}
	return string(data[i+2 : i+3])
}
