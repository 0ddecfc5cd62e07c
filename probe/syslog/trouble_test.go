package syslog

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// A log that is a symbolic link into another folder.
func TestFollowLink(t *testing.T) {
	dir := t.TempDir()
	target, path := filepath.Join(dir, "disk2"), filepath.Join(dir, "mail.log")
	write(t, target)
	if err := os.Symlink("disk2", path); err != nil {
		t.Fatal(err)
	}
	k := following(t, path, From{})
	k.was(Opened)
	write(t, target, "one\n")
	k.has("one")
}

// A file that has its old name again is read on, not anew.
func TestFollowNameComesBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "one\n")
	k := following(t, path, From{Start: true})
	k.has("one")
	rename := func(from, to string) {
		if err := os.Rename(from, to); err != nil {
			t.Fatal(err)
		}
	}
	rename(path, path+".1")
	write(t, path, "two\n")
	k.has("one", "two")
	rename(path, path+".2")
	rename(path+".1", path)
	write(t, path, "three\n")
	k.has("one", "two", "three")
}

// A writer that does not append leaves a hole when the file is emptied under it.
func TestFollowHole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	long := strings.Repeat("x", 10000)
	fmt.Fprintf(f, "%s\n", long)
	k := following(t, path, From{Start: true})
	k.has(long)
	if err := os.Truncate(path, 0); err != nil {
		t.Fatal(err)
	}
	k.was(Truncated)
	fmt.Fprintln(f, "two")
	k.has(long, "two")
}

// Memory is bounded by MaxLine, whatever comes.
func TestFollowLongLine(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path)
	k := following(t, path, From{})
	k.was(Opened)
	write(t, path, strings.Repeat("x", 10*MaxLine), strings.Repeat("y", MaxLine), "\n", "two\n")
	k.has(strings.Repeat("x", MaxLine), "two")
	if k.was(Cut); k.lost != 10*MaxLine {
		t.Errorf("%d bytes cut", k.lost)
	}
}

// A reader that stands still makes the reading wait. What cannot wait, for the file was
// rotated away too often, is counted to the byte.
func TestFollowSlowReader(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "first\n")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stand, stands := make(chan struct{}), make(chan struct{}, 1)
	k := &taker{t: t}
	sink := k.sink()
	line := sink.Line
	sink.Line = func(l evidence.LogLine) {
		select {
		case stands <- struct{}{}:
		default:
		}
		<-stand
		line(l)
	}
	ended := make(chan error, 1)
	go func() { ended <- Follow(ctx, path, From{Start: true}, sink) }()
	<-stands
	var want []string
	for i := range 50000 {
		want = append(want, fmt.Sprintf("line %d", i))
	}
	write(t, path, strings.Join(want, "\n")+"\n")
	close(stand)
	k.has(append([]string{"first"}, want...)...)
	cancel()
	<-ended

	f := &follower{path: path, buf: make([]byte, atATime), from: From{Start: true}}
	f.round()
	for i := range maxOld + 3 {
		write(t, path, fmt.Sprintf("line %03d\n", i))
		if err := os.Rename(path, fmt.Sprint(path, ".", i)); err != nil {
			t.Fatal(err)
		}
		write(t, path)
		f.look() // and nothing is read
	}
	var dropped []int64
	for _, n := range f.notes {
		if n.What == Dropped {
			dropped = append(dropped, n.Lost)
		}
	}
	if len(f.old) != maxOld || len(dropped) != 3 || dropped[1] != int64(len("line 000\n")) {
		t.Errorf("%d files are open, dropped %v", len(f.old), dropped)
	}
	for _, old := range append(f.old, f.now) {
		old.f.Close()
	}
}

// What is no file is refused; a FIFO's open does not hang.
func TestFollowNoFile(t *testing.T) {
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{fifo, dir} {
		following(t, path, From{}).was(Unreadable)
	}
}

// A file server that does not answer: it is told, asked no more, and ctx ends the wait.
func TestFollowHungServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		var notes []string
		f := &follower{path: "/mnt/mail.log", to: Sink{Note: func(n Note) { notes = append(notes, n.String()) }}}
		answers := make(chan answer, 1)
		go func() {
			time.Sleep(time.Hour)
			answers <- answer{more: true}
		}()
		if a, err := f.wait(ctx, answers); !a.more || err != nil {
			t.Errorf("%+v, %v", a, err)
		}
		if len(notes) != 2 || !strings.Contains(notes[0], "does not answer") || !strings.Contains(notes[1], "is being read") {
			t.Errorf("notes %q", notes)
		}
		go func() { time.Sleep(time.Minute); cancel() }()
		if _, err := f.wait(ctx, answers); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
	})
}

const strangerEnv = "CYRLOCK_FOLLOW_AS_STRANGER"

// TestStranger is the other half of TestFollowDenied.
func TestStranger(t *testing.T) {
	path := os.Getenv(strangerEnv)
	if path == "" {
		t.Skip("only as a child of TestFollowDenied")
	}
	ctx, cancel := context.WithCancel(t.Context())
	_ = Follow(ctx, path, From{}, Sink{
		Line: func(l evidence.LogLine) {
			fmt.Println("line", l.Text)
			if l.Text == "end" {
				cancel()
			}
		},
		Note: func(n Note) { fmt.Println("note", n.What, n.Lost) },
	})
}

// A user who is not root loses the permission by a rotation, and gets it back.
func TestFollowDenied(t *testing.T) {
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
			t.Fatal("not root, and here every test must run")
		}
		t.Skip("NOT TESTED: only root can be another user")
	}
	dir, err := os.MkdirTemp("", "denied")
	if err != nil {
		t.Fatal(err)
	}
	defer os.RemoveAll(dir)
	chmod := func(name string, mode os.FileMode) {
		t.Helper()
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	chmod(dir, 0o755)
	self, err := os.ReadFile("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	bin, path := filepath.Join(dir, "test"), filepath.Join(dir, "mail.log")
	if err := os.WriteFile(bin, self, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, path, "old\n")
	chmod(path, 0)

	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	defer out.Close()
	cmd := exec.Command(bin, "-test.run=^TestStranger$")
	cmd.Env = append(os.Environ(), strangerEnv+"="+path)
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}, Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	defer cmd.Process.Kill()
	said := func(last string) (all []string) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(time.Millisecond) {
			text, _ := os.ReadFile(out.Name())
			all = strings.Split(strings.TrimSpace(string(text)), "\n")
			if slices.Contains(all, last) {
				return all
			}
			if time.Now().After(deadline) {
				t.Fatalf("no %q: %q", last, all)
			}
		}
	}
	said("note denied 0")
	chmod(path, 0o644)
	said("note opened -1") // what came before that may be lost
	write(t, path, "one\n")
	said("line one")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path+".new", []byte("two\n"), 0o200); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
	write(t, path+".1", "late\n") // by a daemon that has the old one open
	said("line late")
	chmod(path, 0o644)
	write(t, path, "end\n")
	if all := said("line end"); !slices.Contains(all, "line two") || slices.Contains(all, "line old") {
		t.Errorf("%q", all)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRepeats(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "Nov 23 15:00:00 vm imapd[7]: lock_reopen-blocked: sleeping\n", "Nov 23 15:00:09 vm last message repeated 2 times\n",
		"Nov 23 15:00:10 vm imapd[7]: other\n", "Nov 23 15:00:11 vm last message repeated 5 times\n")
	var got []string
	_, err := History(t.Context(), path, time.Time{}, Sink{
		Maybe: func(line []byte) bool { return strings.Contains(string(line), "lock") },
		Line: func(l evidence.LogLine) {
			got = append(got, fmt.Sprintf("%s %d %s %d", l.Time.Format(time.TimeOnly), l.PID, l.Text, l.Repeated))
		},
	})
	want := []string{"15:00:00 7 lock_reopen-blocked: sleeping 0", "15:00:09 7 lock_reopen-blocked: sleeping 2"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
}
