package shim

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
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
		{"The only process of Cyrus has loaded the timed lock, and not called it yet.", false, []Check{{Status: Idle}}},
		{"The only process of Cyrus has not the timed lock.", false, []Check{{Status: Without}}},
		{"2 of 4 processes of Cyrus have the timed lock; 2 run without it.", false, []Check{{Status: Effective}, {Status: Effective}, {Status: Off}, {Status: Missing, Name: "a\x1b[2J"}}},
	} {
		p := Proof(c.checks)
		if p.Sentence != c.want || p.Good != c.good || len(p.Lines) != len(c.checks) || strings.Contains(strings.Join(p.Lines, ""), "\x1b") {
			t.Errorf("%+v; want %q", p, c.want)
		}
	}
}
