package ui

import (
	"encoding/base64"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// TestCommandsRun types what the screen says at a real shell: every command must
// be one, and those about this test must find the lock that it holds.
func TestCommandsRun(t *testing.T) {
	name := filepath.Join(t.TempDir(), "o'neill $(id) `x` \"y\".seen")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := unix.Flock(int(f.Fd()), unix.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	var st unix.Stat_t
	if err := unix.Fstat(int(f.Fd()), &st); err != nil {
		t.Fatal(err)
	}
	file := &evidence.File{Path: name, Ino: st.Ino}
	p := &evidence.Process{PID: os.Getpid(), Peer: &evidence.Conn{}}
	found := 0
	for _, c := range scene.Commands(scene.Target{PID: os.Getpid(), File: file}, p) {
		if out, err := exec.Command("sh", "-n", "-c", c.Line).CombinedOutput(); err != nil {
			t.Errorf("%s: no command: %v %s", c.Line, err, out)
		}
		word, _, _ := strings.Cut(c.Line, " ")
		switch word {
		case "gdb", "cyrlock", "ss": // gdb would stop this test; ss finds no connection
			continue
		}
		if _, err := exec.LookPath(word); err != nil {
			missing(t, word)
			continue
		}
		out, err := exec.Command("sh", "-c", c.Line).Output()
		if len(out) == 0 { // grep ends with 2 when a descriptor is closed meanwhile
			t.Errorf("%s: %v, and it shows nothing", c.Line, err)
		}
		found++
	}
	if found < 4 {
		t.Errorf("only %d commands were run", found)
	}
}

// TestCommandsOfHostileName: a name with control characters would act when pasted.
func TestCommandsOfHostileName(t *testing.T) {
	for _, c := range scene.Commands(scene.Target{File: &evidence.File{Path: "/x/\x03\nreboot\n", Ino: 7}}, nil) {
		if strings.Contains(c.Line, "reboot") {
			t.Errorf("%q", c.Line)
		}
	}
}

// TestCommandsFollowSelection: the sheet is about what is selected.
func TestCommandsFollowSelection(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "c")
	shows(t, s, "imapd 24870 and user/p/jwade.seen", "$ lsof | grep jwade.seen", "$ cat /proc/24870/syscall")
	press(t, s, "esc", "end", "c")
	shows(t, s, "lmtpd 25013 and", "$ cat /proc/25013/syscall")
	press(t, s, "end")
	shows(t, s, "cyrlock check --json")
}

// TestCopy sends what is selected to the terminal's clipboard, and nothing to a
// terminal that would print it.
func TestCopy(t *testing.T) {
	for _, c := range []struct {
		keys []string
		want []string
	}{
		{nil, []string{"12 processes wait behind jwade's seen file", "HOLDS  imapd 24870", "cyrlock fix end 24870"}},
		{[]string{"1"}, []string{sample.SeenFile}},
		{[]string{"2", "n"}, []string{"#1  lock_reopen (fd=22", "#11 main ()"}},
		{[]string{"c", "down", "down"}, []string{"cat", "lslocks"}},
	} {
		s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, c.keys...)
		var out strings.Builder
		s.send = func(seq string) error { out.WriteString(seq); return nil }
		press(t, s, "y")
		shows(t, s, "copied ")
		text, ok := strings.CutPrefix(out.String(), "\x1b]52;c;")
		raw, err := base64.StdEncoding.DecodeString(strings.TrimRight(text, "\a"))
		if !ok || err != nil {
			t.Fatalf("%v: not OSC 52: %q", c.keys, out.String())
		}
		if strings.Contains(string(raw), "\x1b") {
			t.Errorf("%v: an escape sequence is copied: %q", c.keys, raw)
		}
		hit := false
		for _, want := range c.want {
			hit = hit || strings.Contains(string(raw), want)
		}
		if !hit {
			t.Errorf("%v: none of %q in %s", c.keys, c.want, raw)
		}
	}
	s := screens(t, sample.Recorded(sample.Incident()), vt100, 80, 24)
	var out strings.Builder
	s.send = func(seq string) error { out.WriteString(seq); return nil }
	press(t, s, "y")
	if shows(t, s, "this terminal cannot copy"); out.Len() > 0 {
		t.Errorf("%q", out.String())
	}
}
