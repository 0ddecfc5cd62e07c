package cyrus

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

func TestFindAndIdentify(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "imapd.conf")
	write(t, conf, "configdirectory: "+dir+"/conf\nmboxname_lockpath: {configdirectory}/names\n")
	write(t, filepath.Join(dir, "cyrus.conf"), "SERVICES {\n pop3 cmd=\"pop3d\" maxchild=3\n imaps cmd=\"imapd -s\" maxchild=10\n}\n")
	master := play(t, dir, "-C "+conf, "-C", conf)

	s, gaps := Find(t.Context(), conf, nil)
	if len(gaps) > 0 {
		t.Errorf("gaps: %+v", gaps)
	}
	got := s.Evidence()
	want := evidence.Cyrus{
		Conf: conf, ConfigDir: dir + "/conf", ProcDir: dir + "/conf/proc", LockDir: dir + "/conf/names", Master: master.Process.Pid,
		Services: []evidence.Service{{Name: "pop3", MaxChild: 3}, {Name: "imaps", MaxChild: 10, Running: 1}},
	}
	got.Version, got.Lock = "", "" // of what is installed here, if anything
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("evidence (-want +got):\n%s", diff)
	}

	found, _ := reader{}.servers(t.Context())
	r, _ := pick(found, conf)
	if len(r.workers) != 1 {
		t.Fatalf("workers: %+v", r.workers)
	}
	worker := evidence.Process{PID: r.workers[0].pid, PPID: master.Process.Pid, Exe: r.workers[0].exe, Comm: "imapd", Start: start(t, r.workers[0].pid)}
	p := worker
	s.Identify(&p)
	if !p.Cyrus || p.Service != "imaps" || p.User != "" {
		t.Errorf("an idle worker: %+v", p)
	}

	note := filepath.Join(dir, "conf", "proc", fmt.Sprint(p.PID))
	write(t, note+".new", "wrong\t[192.0.2.9]\twrong\n")
	write(t, note, "imaps\tpc [192.0.2.3]\tjwade\tuser.jwade\tFetch\n")
	p = worker
	s.Identify(&p)
	session := evidence.Process{Cyrus: true, Service: "imaps", Client: "pc [192.0.2.3]", User: "jwade", Mailbox: "user.jwade", Command: "Fetch"}
	if diff := cmp.Diff(session, evidence.Process{Cyrus: p.Cyrus, Service: p.Service, Client: p.Client, User: p.User, Mailbox: p.Mailbox, Command: p.Command}); diff != "" {
		t.Errorf("a busy worker (-want +got):\n%s", diff)
	}

	// A note that an earlier process of this pid has left behind.
	old := time.Now().Add(-time.Hour)
	if err := os.Chtimes(note, old, old); err != nil {
		t.Fatal(err)
	}
	p = worker
	s.Identify(&p)
	if p.User != "" || p.Service != "imaps" {
		t.Errorf("an old note was believed: %+v", p)
	}

	other := evidence.Process{PID: os.Getpid(), PPID: os.Getppid(), Exe: "/usr/bin/vi", Comm: "vi", Title: "imap: pc [192.0.2.3] jwade"}
	s.Identify(&other)
	if other.Cyrus || other.User != "" {
		t.Errorf("an editor became part of Cyrus: %+v", other)
	}
}

// A server in a container: its files are below its own root, and its workers know
// themselves by other pids than ours.
func TestFindInContainer(t *testing.T) {
	if said, err := exec.Command("unshare", "--mount", "--pid", "--fork", "true").CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatalf("unshare: %v: %s", err, said)
		}
		t.Skipf("NOT TESTED: no namespaces here: %v: %s", err, said)
	}
	dir := t.TempDir()
	conf := filepath.Join(dir, "imapd.conf")
	// What only the container sees: its tmpfs hides the directory that we see.
	script := `mount -t tmpfs none "$1/conf" && mkdir "$1/conf/socket" "$1/conf/proc" && : >"$1/conf/socket/imaps-0.lock" && shift && exec "$@"`
	write(t, conf, "configdirectory: "+dir+"/conf\n")
	playWith(t, []string{"unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", "-c", script, "sh", dir}, dir, "-C "+conf, "-C", conf)

	s, gaps := Find(t.Context(), conf, nil)
	if len(gaps) > 0 {
		t.Errorf("gaps: %+v", gaps)
	}
	if got := s.Evidence(); got.Master == 0 || got.ConfigDir != dir+"/conf" {
		t.Fatalf("%+v", got)
	}
	found, _ := reader{}.servers(t.Context())
	r, _ := pick(found, conf)
	if len(r.workers) != 1 {
		t.Fatalf("workers: %+v", r.workers)
	}
	worker := r.workers[0].pid
	inner := reader{}.innerPID(t.Context(), worker)
	if inner == 0 || inner == worker {
		t.Fatalf("worker %d calls itself %d", worker, inner)
	}
	write(t, fmt.Sprintf("/proc/%d/root%s/conf/proc/%d", worker, dir, inner), "imaps\t[192.0.2.3]\tjwade\n")
	p := evidence.Process{PID: worker, PPID: r.master.pid, Exe: r.workers[0].exe, Comm: "imapd", Container: true, Start: start(t, worker)}
	s.Identify(&p)
	if p.User != "jwade" || p.Client != "[192.0.2.3]" {
		t.Errorf("the worker in the container: %+v", p)
	}
	p = evidence.Process{PID: inner, Exe: "/usr/lib/cyrus/bin/imapd", Comm: "imapd"}
	s.Identify(&p)
	if p.User != "" {
		t.Errorf("a process outside got the name of one inside: %+v", p)
	}
}

// The master was started with -C and its workers without: they use another place.
func TestFindBelievesTheWorkers(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "imapd.conf")
	write(t, conf, "configdirectory: /elsewhere\n")
	play(t, dir, "", "-C", conf)
	s, gaps := Find(t.Context(), conf, nil)
	if got := s.Evidence(); got.ConfigDir != dir+"/conf" || got.ProcDir != dir+"/conf/proc" || got.Conf != "" {
		t.Errorf("%+v", got)
	}
	if len(gaps) != 1 || !strings.Contains(gaps[0].Why, dir+"/conf: that counts") {
		t.Errorf("gaps: %+v", gaps)
	}
}

func TestFindNothing(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "imapd.conf")
	s, gaps := Find(t.Context(), missing, nil)
	if got := s.Evidence(); got.Conf != "" || got.ConfigDir != "" || got.Master != 0 {
		t.Errorf("%+v", got)
	}
	if len(gaps) != 1 || !strings.Contains(gaps[0].Why, missing) {
		t.Errorf("gaps: %+v", gaps)
	}
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, gaps := Find(t.Context(), pipe, nil); len(gaps) != 1 || !strings.Contains(gaps[0].Why, "not a regular file") {
		t.Errorf("a pipe as imapd.conf: %+v", gaps)
	}
}

// In a container, an absolute link leads to a place in the container.
func TestReadBelowRoot(t *testing.T) {
	root := t.TempDir()
	if err := os.MkdirAll(filepath.Join(root, "run", "cyrus"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("/run/cyrus", filepath.Join(root, "proc")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(root, "run", "cyrus", "12"), "inside")
	c, err := (reader{}).read(t.Context(), root, "/proc/12", 100)
	if err != nil || string(c.data) != "inside" {
		t.Errorf("%q, %v", c.data, err)
	}
	if c, err := (reader{}).read(t.Context(), root, "/../../../../../../etc/passwd", 100); err == nil {
		t.Errorf("read from outside: %q", c.data)
	}
}

func TestPick(t *testing.T) {
	a := running{master: process{pid: 5, args: []string{"master", "-C", "/a/imapd.conf"}}}
	b := running{master: process{pid: 9, args: []string{"cyrmaster", "-d"}}, workers: []process{{pid: 10, args: []string{"imapd", "-C/b/imapd.conf"}}}}
	plain := running{master: process{pid: 7, args: []string{"cyrmaster", "-d"}}}
	for _, c := range []struct {
		found   []running
		conf    string
		want    int
		several int
	}{
		{[]running{a, b}, "/b/imapd.conf", 9, 0},
		{[]running{a, b}, "/c/imapd.conf", 0, 0},
		{[]running{a, b}, "", 5, 2},
		{[]running{a}, "", 5, 0},
		{[]running{plain}, "/etc/imapd.conf", 7, 0},
		{[]running{a}, "/etc/imapd.conf", 0, 0},
		{nil, "", 0, 0},
	} {
		got, several := pick(c.found, c.conf)
		if got.master.pid != c.want || len(several) != c.several {
			t.Errorf("%q of %d: master %d, several %v", c.conf, len(c.found), got.master.pid, several)
		}
	}
}

func TestCyrusMaster(t *testing.T) {
	for exe, want := range map[string]bool{
		"/usr/lib/cyrus/bin/master": true, "/usr/lib/cyrus/bin/master (deleted)": true,
		"/usr/lib/postfix/sbin/master": false, "/opt/x/master": false,
	} {
		if got := (running{master: process{pid: 3, comm: "master", exe: exe}}).cyrus(); got != want {
			t.Errorf("%s: %v", exe, got)
		}
	}
	own := running{master: process{pid: 3, comm: "master", exe: "/opt/mail/libexec/master"}, workers: []process{{comm: "lmtpd", exe: "/opt/mail/libexec/lmtpd"}}}
	if !own.cyrus() {
		t.Error("a master with lmtpd beside it is Cyrus's")
	}
}

func TestParseStat(t *testing.T) {
	p, ok := parseStat([]byte("12 (a) b (c) S 7 12 12 0 -1"))
	if want := (process{pid: 12, ppid: 7, comm: "a) b (c"}); !ok || p.pid != want.pid || p.ppid != want.ppid || p.comm != want.comm {
		t.Errorf("%+v, %v", p, ok)
	}
	for _, text := range []string{"", "12", "12 (", "12 )(", "(x) S 1", "12 (x) S"} {
		if p, ok := parseStat([]byte(text)); ok {
			t.Errorf("%q: %+v", text, p)
		}
	}
}

func BenchmarkIdentify(b *testing.B) {
	dir := b.TempDir()
	pid := os.Getpid()
	if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(pid)), []byte("imap\tpc [192.0.2.3]\tjwade\tuser.jwade\tFetch\n"), 0o644); err != nil {
		b.Fatal(err)
	}
	s, _ := Find(b.Context(), "/nowhere", nil)
	s.known.ProcDir = dir
	for b.Loop() {
		p := evidence.Process{PID: pid, Exe: "/usr/lib/cyrus/bin/imapd"}
		if s.Identify(&p); p.User != "jwade" {
			b.Fatalf("%+v", p)
		}
	}
}
