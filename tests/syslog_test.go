package tests

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

// logger.c says lines through libc's syslog(3), as imapd does.
const loggerC = `
#include <stdio.h>
#include <stdlib.h>
#include <syslog.h>
#include <time.h>
int main(int argc, char **argv)
{
	struct timespec pause = { 0, atol(argv[3]) * 1000 };
	int i, from = atoi(argv[1]), to = atoi(argv[2]);
	(void)argc;
	openlog("cyrus/imap", LOG_PID, LOG_MAIL);
	for (i = from; i < to; i++) {
		syslog(LOG_DEBUG, "line %d", i);
		if (pause.tv_nsec) nanosleep(&pause, NULL);
	}
	return 0;
}`

// A logRig is an rsyslog of our own, with a socket that only its loggers have as
// /dev/log, and logrotate for what it writes.
type logRig struct {
	t              *testing.T
	dir, log       string
	logger, rotate string
	rsyslog        *exec.Cmd
}

func newLogRig(t *testing.T, rsyslogConf, rotation string) *logRig {
	t.Helper()
	missing := ""
	for _, tool := range []string{"rsyslogd", "logrotate", "unshare", "cc"} {
		if _, err := exec.LookPath(tool); err != nil {
			missing = err.Error()
		}
	}
	if os.Getuid() != 0 {
		missing = "not root"
	} else if said, err := exec.Command("unshare", "--mount", "true").CombinedOutput(); err != nil {
		missing = fmt.Sprintf("no mount namespace: %v: %s", err, said)
	}
	if missing != "" {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatalf("%s, and here every test must run: sh tests/needs.sh", missing)
		}
		t.Skipf("NOT TESTED ON A REAL RSYSLOG: %s: sh tests/needs.sh", missing)
	}
	dir := t.TempDir()
	r := &logRig{t: t, dir: dir, log: filepath.Join(dir, "mail.log"), logger: filepath.Join(dir, "logger"), rotate: filepath.Join(dir, "logrotate.conf")}
	file := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	file("logger.c", loggerC)
	if out, err := exec.Command("cc", "-o", r.logger, filepath.Join(dir, "logger.c")).CombinedOutput(); err != nil {
		t.Fatalf("cc: %v\n%s", err, out)
	}
	if err := os.Mkdir(filepath.Join(dir, "dev"), 0o755); err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(dir, "dev", "log")
	file("rsyslog.conf", fmt.Sprintf(`global(workDirectory="%s")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="%s" RateLimit.Interval="0")
%s
`, dir, socket, strings.ReplaceAll(rsyslogConf, "<log>", r.log)))
	pidfile := filepath.Join(dir, "rsyslogd.pid")
	file("logrotate.conf", fmt.Sprintf("%s {\n size 1\n rotate 200\n su root root\n %s\n}\n", r.log, strings.ReplaceAll(rotation, "HUP", fmt.Sprintf("postrotate\n kill -HUP $(cat %s)\n endscript", pidfile))))

	r.rsyslog = exec.Command("rsyslogd", "-n", "-f", filepath.Join(dir, "rsyslog.conf"), "-i", pidfile)
	var said strings.Builder
	r.rsyslog.Stdout, r.rsyslog.Stderr = &said, &said
	if err := r.rsyslog.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = r.rsyslog.Process.Kill()
		_ = r.rsyslog.Wait()
		if t.Failed() {
			t.Log(said.String())
		}
	})
	waitUntil(t, "rsyslogd listens", func() bool {
		_, sock := os.Stat(socket)
		_, pid := os.Stat(pidfile)
		return sock == nil && pid == nil
	})
	return r
}

// say starts a process that logs the lines from … to-1, so many µs apart.
func (r *logRig) say(from, to, pause int) *exec.Cmd {
	r.t.Helper()
	return r.run(r.logger, fmt.Sprint(from), fmt.Sprint(to), fmt.Sprint(pause))
}

// run starts a program whose /dev/log is rsyslog's; its pid is the program's.
func (r *logRig) run(program ...string) *exec.Cmd {
	r.t.Helper()
	args := []string{"--mount", "--propagation", "private", "sh", "-c", `mount --rbind "$0" /dev && exec "$@"`, filepath.Join(r.dir, "dev")}
	cmd := exec.Command("unshare", append(args, program...)...)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		r.t.Fatal(err)
	}
	return cmd
}

func (r *logRig) wait(cmd *exec.Cmd) {
	r.t.Helper()
	if err := cmd.Wait(); err != nil {
		r.t.Fatal(err)
	}
}

// turn rotates the log.
func (r *logRig) turn() {
	r.t.Helper()
	if out, err := exec.Command("logrotate", "-f", "-s", filepath.Join(r.dir, "state"), r.rotate).CombinedOutput(); err != nil {
		r.t.Fatalf("logrotate: %v\n%s", err, out)
	}
}

// A logged is what came, by the number in the line.
type logged struct {
	mu    sync.Mutex
	times map[int]int
	pids  map[int]bool
	notes []string
}

func (l *logged) sink() syslog.Sink {
	l.times, l.pids = map[int]int{}, map[int]bool{}
	return syslog.Sink{
		Line: func(line evidence.LogLine) {
			l.mu.Lock()
			defer l.mu.Unlock()
			var n int
			// In RFC 5424 form rsyslog cuts the program's name at the slash.
			known := line.Ident == "cyrus/imap" || line.Ident == "cyrus"
			if _, err := fmt.Sscanf(line.Text, "line %d", &n); err != nil || !known || time.Since(line.Time).Abs() > time.Hour {
				l.notes = append(l.notes, fmt.Sprintf("not understood: %+v", line))
				return
			}
			l.times[n] += max(line.Repeated, 1)
			l.pids[line.PID] = true
		},
		Note: func(n syslog.Note) {
			l.mu.Lock()
			defer l.mu.Unlock()
			if n.What != syslog.Opened && n.What != syslog.Rotated && n.What != syslog.Missing {
				l.notes = append(l.notes, n.String())
			}
		},
	}
}

// bad names what did not come once.
func (l *logged) bad(n int) (wrong []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i := range n {
		if l.times[i] != 1 {
			wrong = append(wrong, fmt.Sprintf("line %d: %d times", i, l.times[i]))
		}
	}
	return wrong
}

func (l *logged) count() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.times)
}

// follow follows the rig's log until the test is over.
func (r *logRig) follow() *logged {
	l := &logged{}
	sink := l.sink()
	opened := make(chan struct{}, 1)
	note := sink.Note
	sink.Note = func(n syslog.Note) {
		note(n)
		select {
		case opened <- struct{}{}:
		default:
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() { defer close(done); _ = syslog.Follow(ctx, r.log, syslog.From{Start: true}, sink) }()
	r.t.Cleanup(func() { cancel(); <-done })
	<-opened
	return l
}

// While real processes log through a real rsyslog, and a real logrotate renames the
// file under it and compresses the older ones, no line is lost and none comes twice:
// neither for who follows nor in the history, in any of rsyslog's formats.
func TestSyslogRename(t *testing.T) {
	for _, format := range []string{"RSYSLOG_TraditionalFileFormat", "RSYSLOG_FileFormat", "RSYSLOG_SyslogProtocol23Format"} {
		t.Run(format, func(t *testing.T) {
			r := newLogRig(t, `mail.* action(type="omfile" file="<log>" template="`+format+`")`, "create 0640 root root\n compress\n delaycompress\n HUP")
			l := r.follow()
			const each, loggers = 1000, 3
			var running []*exec.Cmd
			for i := range loggers {
				running = append(running, r.say(i*each, (i+1)*each, 500))
			}
			for turn := 1; turn <= 6; turn++ {
				waitUntil(t, "lines between two rotations", func() bool { return l.count() > turn*each*loggers/8 })
				r.turn()
			}
			for _, cmd := range running {
				r.wait(cmd)
			}
			waitUntil(t, "all lines", func() bool { return l.count() == each*loggers })
			if bad := l.bad(each * loggers); len(bad) > 0 || len(l.notes) > 0 {
				t.Errorf("%d lines are wrong: %.5q; notes %.5q", len(bad), bad, l.notes)
			}
			if len(l.pids) != loggers {
				t.Errorf("processes %v", l.pids)
			}
			if old, _ := filepath.Glob(r.log + ".*.gz"); len(old) < 4 {
				t.Errorf("not rotated: %q", old)
			}
			past := &logged{}
			p, err := syslog.History(t.Context(), r.log, time.Time{}, past.sink())
			if bad := past.bad(each * loggers); err != nil || len(bad) > 0 || p.Lines != each*loggers || len(p.Files) != 7 {
				t.Errorf("history: %v; %+v; %d lines are wrong: %.5q", err, p, len(bad), bad)
			}
		})
	}
}

// copytruncate: what was written before the copy was made and is read by then is not
// lost; the note says that more may be.
func TestSyslogCopyTruncate(t *testing.T) {
	r := newLogRig(t, `mail.* -<log>`, "copytruncate")
	l := r.follow()
	const each, turns = 200, 6
	for turn := range turns {
		r.wait(r.say(turn*each, (turn+1)*each, 0))
		waitUntil(t, "lines before the file is emptied", func() bool { return l.count() == (turn+1)*each })
		r.turn()
	}
	r.wait(r.say(turns*each, (turns+1)*each, 0))
	waitUntil(t, "the last lines", func() bool { return l.count() == (turns+1)*each })
	if bad := l.bad((turns + 1) * each); len(bad) > 0 {
		t.Errorf("%d lines are wrong: %.5q", len(bad), bad)
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !slices.ContainsFunc(l.notes, func(s string) bool { return strings.Contains(s, "emptied in place") }) {
		t.Errorf("notes %q", l.notes)
	}
}

// rsyslog is found by its configuration, whose file it writes.
func TestSyslogFound(t *testing.T) {
	r := newLogRig(t, `mail.* action(type="omfile" file="<log>")`, "copytruncate")
	r.wait(r.say(0, 5, 0))
	place := syslog.Place{Rsyslog: filepath.Join(r.dir, "rsyslog.conf"), SyslogNG: r.dir + "/none", Dir: r.dir, JournalDir: r.dir + "/none"}
	var found []syslog.Source
	waitUntil(t, "Cyrus's lines are found", func() bool {
		found, _ = syslog.Find(t.Context(), place)
		return len(found) > 0 && found[0].Cyrus == 5
	})
	if found[0].Path != r.log || !found[0].Told || !strings.Contains(found[0].How, "mail.*") {
		t.Errorf("%+v", found[0])
	}
}
