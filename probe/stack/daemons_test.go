package stack_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

// A daemon is a real server from a Debian package, with optimised and stripped
// code, run as an instance of its own: private directory, unix socket, foreground.
type daemon struct {
	pkg    string
	exe    string
	config string // written to DIR/conf; in it, as in args, DIR is the directory
	args   string
	before string // a command that prepares the directory
	socket string // ready when this is there
	nobody bool   // it refuses to run as root
	procs  int    // with its children
}

var daemons = []daemon{
	{pkg: "nginx-light", exe: "/usr/sbin/nginx", socket: "socket", procs: 3, args: "-p DIR -e DIR/error -c DIR/conf",
		config: "daemon off; worker_processes 2; pid DIR/pid; error_log DIR/error; user root;\n" +
			"events {}\nhttp { access_log off; client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f;" +
			" uwsgi_temp_path DIR/u; scgi_temp_path DIR/s; server { listen unix:DIR/socket; } }\n"},
	{pkg: "redis-server", exe: "/usr/bin/redis-server", socket: "socket", procs: 1,
		args: "--port 0 --unixsocket DIR/socket --dir DIR --logfile DIR/log"},
	{pkg: "rsyslog", exe: "/usr/sbin/rsyslogd", socket: "socket", procs: 1, args: "-n -f DIR/conf -i DIR/pid",
		config: "module(load=\"imuxsock\" SysSock.Use=\"off\")\nmodule(load=\"imptcp\")\ninput(type=\"imptcp\" Path=\"DIR/socket\")\n" +
			"input(type=\"imuxsock\" Socket=\"DIR/log\")\naction(type=\"omfile\" file=\"DIR/out\" queue.type=\"LinkedList\")\n"},
	{pkg: "memcached", exe: "/usr/bin/memcached", socket: "socket", procs: 1, args: "-u root -s DIR/socket -t 3"},
	{pkg: "lighttpd", exe: "/usr/sbin/lighttpd", socket: "socket", procs: 1, args: "-D -f DIR/conf",
		config: "server.document-root = \"DIR\"\nserver.bind = \"DIR/socket\"\nserver.errorlog = \"DIR/log\"\n"},
	{pkg: "mosquitto", exe: "/usr/sbin/mosquitto", socket: "socket", procs: 1, args: "-c DIR/conf",
		config: "user root\nlistener 0 DIR/socket\nallow_anonymous true\nlog_dest file DIR/log\n"},
	{pkg: "dbus", exe: "/usr/bin/dbus-daemon", socket: "socket", procs: 1,
		args: "--session --nofork --nopidfile --address=unix:path=DIR/socket"},
	{pkg: "postgresql-15", exe: "/usr/lib/postgresql/15/bin/postgres", socket: ".s.PGSQL.5432", procs: 6, nobody: true,
		before: "/usr/lib/postgresql/15/bin/initdb -N -A trust -U postgres -D DIR/data",
		args:   "-D DIR/data -c listen_addresses= -c unix_socket_directories=DIR"},
}

// TestDaemonsAgreeWithGDB compares all threads of real servers with gdb: number of
// frames, functions, modules, program counters.
func TestDaemonsAgreeWithGDB(t *testing.T) {
	need(t, "gdb")
	for _, d := range daemons {
		t.Run(d.pkg, func(t *testing.T) {
			t.Parallel()
			pids := d.start(t)
			noStop, stop := stack.New(stack.Options{}), stack.New(stack.Options{Stop: true})
			defer noStop.Close()
			defer stop.Close()
			exe, err := filepath.EvalSymlinks(d.exe)
			if err != nil {
				t.Fatal(err)
			}
			// Servers wake up for their timers, so that two looks may see two
			// moments. One agreement of all is asked for, of every try all is shown.
			var diff string
			for range 5 {
				threads := 0
				if diff, threads = compareAll(t, pids, exe, noStop, stop); diff == "" {
					t.Logf("%d processes, %d threads", len(pids), threads)
					return
				}
			}
			t.Error(diff)
		})
	}
}

// compareAll takes every thread's stack three times, without a stop, with gdb and
// with a stop, and returns the differences and the number of threads.
func compareAll(t *testing.T, pids []int, exe string, noStop, stop *stack.Tracer) (string, int) {
	var diff strings.Builder
	threads := 0
	for _, pid := range pids {
		quiet(t, pid)
		before := frames(t, noStop, pid)
		gdb := gdbStacks(t, pid)[pid]
		quiet(t, pid)
		after := frames(t, stop, pid)
		if len(before) != len(gdb) || len(after) != len(gdb) {
			fmt.Fprintf(&diff, "process %d: %d and %d threads, gdb has %d\n", pid, len(before), len(after), len(gdb))
		}
		for tid, want := range gdb {
			threads++
			for i, got := range []map[int][]evidence.Frame{before, after} {
				if d := (comparison{noStop: i == 0, counters: new(counters)}).differences(got[tid], want, exe); d != nil {
					fmt.Fprintf(&diff, "%s, thread %d:\n%s\nours:\n%sgdb's:\n%s", []string{"without a stop", "with a stop"}[i],
						tid, strings.Join(d, "\n"), ourText(got[tid]), gdbText(want))
				}
			}
		}
	}
	return diff.String(), threads
}

// start starts the server and returns its processes.
func (d daemon) start(t *testing.T) []int {
	t.Helper()
	if _, err := os.Stat(d.exe); err != nil {
		unable(t, "Debian package "+d.pkg+" is not installed: "+err.Error())
	}
	dir, err := os.MkdirTemp("", "d") // short: the path of a socket has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	fill := func(s string) string { return strings.ReplaceAll(s, "DIR", dir) }
	write(t, filepath.Join(dir, "conf"), []byte(fill(d.config)))
	attr := &syscall.SysProcAttr{Setpgid: true}
	if d.nobody && os.Geteuid() == 0 {
		attr.Credential = &syscall.Credential{Uid: 65534, Gid: 65534}
		if err := os.Chown(dir, 65534, 65534); err != nil {
			t.Fatal(err)
		}
	}
	command := func(line string) *exec.Cmd {
		words := strings.Fields(fill(line))
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Dir, cmd.SysProcAttr = dir, attr
		return cmd
	}
	if d.before != "" {
		if out, err := command(d.before).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", d.before, err, out)
		}
	}
	var out strings.Builder
	cmd := command(d.exe + " " + d.args)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) // the group is ours: Setpgid
		cmd.Wait()
		if t.Failed() {
			t.Log(out.String())
		}
	})
	var pids []int
	eventually(t, func() string {
		// Not by a connection: postgres would fork for it.
		if _, err := os.Stat(filepath.Join(dir, d.socket)); err != nil {
			return err.Error()
		}
		pids = append(children(cmd.Process.Pid), cmd.Process.Pid)
		if len(pids) != d.procs {
			return fmt.Sprintf("%d processes, want %d", len(pids), d.procs)
		}
		return ""
	})
	return pids
}

// children are those of the process's first thread, in proc(5).
func children(pid int) []int {
	b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid))
	var pids []int
	for _, f := range strings.Fields(string(b)) {
		if n, err := strconv.Atoi(f); err == nil {
			pids = append(pids, n)
		}
	}
	return pids
}
