package tests

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/fix"
	"cyrlock/fix/shim"
	"cyrlock/tests/cyrusrig"
)

// A shimYard is where the library of a test goes.
type shimYard struct {
	t   *testing.T
	dir string
	lib string
}

func newShimYard(t *testing.T) *shimYard {
	t.Helper()
	dir, err := os.MkdirTemp("", "cyrlock-shim-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil { // Cyrus is another user
		t.Fatal(err)
	}
	return &shimYard{t, dir, filepath.Join(dir, "lib")}
}

// startLine is the line that install has the administrator put into the start script.
func (y *shimYard) startLine() string { return shim.Place{Dir: y.lib}.StartLine() }

// fix runs cyrlock fix shim on the server of this imapd.conf.
func (y *shimYard) fix(conf string, args ...string) (out string, code int) {
	y.t.Helper()
	all := append([]string{"fix", "shim"}, args...)
	return run(y.t, append(all, "--dir", y.lib, "--state", filepath.Join(y.dir, "state"), "--conf", conf)...)
}

func (y *shimYard) does(conf string, args ...string) string {
	y.t.Helper()
	out, code := y.fix(conf, args...)
	if code != 0 {
		y.t.Fatalf("%v: exit code %d: %s", args, code, out)
	}
	return out
}

type verified struct {
	Proof     fix.Proof    `json:"proof"`
	Wrong     []string     `json:"wrong"`
	Processes []shim.Check `json:"processes"`
}

func (y *shimYard) verify(conf string) (v verified, code int) {
	y.t.Helper()
	out, code := y.fix(conf, "verify", "--json")
	if err := json.Unmarshal([]byte(out), &v); err != nil {
		y.t.Fatalf("%v: %s", err, out)
	}
	return v, code
}

// files are what is in the folder of the library.
func (y *shimYard) files() (names []string) {
	entries, _ := os.ReadDir(y.lib)
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

// A team is a shared mailbox in which jwade has read two of five messages, so that
// he has a seen file.
func team(t *testing.T, rig *cyrusrig.Server) (reader *cyrusrig.Client) {
	t.Helper()
	rig.Share(t, "team")
	rig.DeliverMany(t, "+team", 5)
	reader = rig.Login(t, "jwade")
	reader.Do("SELECT team")
	reader.Do("FETCH 1:2 BODY[]")
	return reader
}

// unread is what the server tells a new session.
func unread(t *testing.T, rig *cyrusrig.Server) string {
	t.Helper()
	c := rig.Login(t, "jwade")
	defer c.Hangup()
	return c.Do("STATUS team (UNSEEN)")[0]
}

// Debian's Cyrus, which locks with fcntl, as it is and with the library: jwade's seen
// file is held by somebody else for good.
func TestShimOnCyrus(t *testing.T) {
	y := newShimYard(t)
	t.Run("before", func(t *testing.T) {
		y.t = t
		rig := cyrusrig.Start(t, "jwade")
		reader := team(t, rig)
		holder := cyrusrig.Hold(t, rig.Seen("jwade"))
		reading := reader.Send("FETCH 3 BODY[]")
		out := y.does(rig.Conf, "install", "--maxtime", "4", "--dry-run")
		if !strings.Contains(out, y.startLine()) || !strings.Contains(out, "after 5 s") || len(y.files()) > 0 {
			t.Errorf("%s\n%v", out, y.files())
		}
		y.does(rig.Conf, "install", "--maxtime", "4", "--yes")
		if names := y.files(); len(names) != 2 || names[1] != "shim.sh" {
			t.Errorf("%v", names)
		}
		if out := y.does(rig.Conf, "install", "--maxtime", "4", "--yes"); !strings.Contains(out, "installed like this already") {
			t.Error(out)
		}

		// Who runs already runs without it.
		v, code := y.verify(rig.Conf)
		if code != 1 || v.Proof.Good || !strings.HasPrefix(v.Proof.Sentence, "None of the ") || len(v.Wrong) > 0 {
			t.Errorf("exit code %d: %+v", code, v)
		}
		for _, c := range v.Processes {
			if c.Status != shim.Without {
				t.Errorf("%+v", c)
			}
		}
		// And waits longer than the bound would be.
		look := looks(t, rig, evidence.Query{})
		cyrusrig.Until(t, "a wait of more than 6 s", func() bool {
			roots := rootsOf(rig, look())
			return len(roots) == 1 && roots[0].OldestS > 6 && slices.Contains(roots[0].Victims, reader.PID)
		})
		holder.Kill()
		reading.OK()
	})
	t.Run("after", func(t *testing.T) {
		y.t = t
		rig := cyrusrig.StartAfter(t, y.startLine(), "jwade", "alice")
		reader := team(t, rig)
		v, code := y.verify(rig.Conf)
		if code != 0 || !v.Proof.Good || len(v.Processes) < 5 {
			t.Errorf("exit code %d: %+v", code, v)
		}
		for _, c := range v.Processes {
			if c.Status != shim.Effective && c.Status != shim.Idle || c.Bound != 5 || !c.Hybrid || !slices.Equal(c.Paths, shim.SeenFiles()) {
				t.Errorf("%+v", c)
			}
		}
		y.boundedWaits(rig, reader)
		if out, code := run(t, "fix", "undo", "--yes", "--state", filepath.Join(y.dir, "state")); code == 0 || !strings.Contains(out, "processes have the library loaded") {
			t.Errorf("undo of a library in use: exit code %d: %s", code, out)
		}
		y.does(rig.Conf, "remove", "--yes")
		if names := y.files(); len(names) != 1 || !strings.HasSuffix(names[0], ".so") {
			t.Errorf("the library is in use, and must stay alone: %v", names)
		}
		rig.Login(t, "alice").Do("SELECT team") // a new worker still finds it
		if strings.Contains(rig.Output(), "ld.so") {
			t.Error(rig.Output())
		}
	})
	y.t = t
	if out := y.does(os.DevNull, "remove", "--yes"); !strings.Contains(out, "done") || len(y.files()) > 0 {
		t.Errorf("%s\n%v", out, y.files())
	}
}

// boundedWaits is what clients and the log see of a held seen file.
func (y *shimYard) boundedWaits(rig *cyrusrig.Server, reader *cyrusrig.Client) {
	t := y.t
	t.Helper()
	if said := unread(t, rig); said != "* STATUS team (UNSEEN 3)" {
		t.Fatal(said)
	}
	holder := cyrusrig.Hold(t, rig.Seen("jwade"))
	began := time.Now()
	reading := reader.Send("FETCH 3 BODY[]")
	cyrusrig.Until(t, "it waits for the seen file", func() bool { return slices.Contains(rig.Waiting(rig.Seen("jwade")), reader.PID) })
	report, root := verdict(t, rig, evidence.Query{}, diagnose.OutsideHolder) // which still sees all
	if root.PID != holder.PID || !slices.Contains(root.Victims, reader.PID) {
		t.Errorf("%+v", root)
	}
	if p := report.Process(reader.PID); p == nil || !slices.ContainsFunc(p.Threads[0].Frames, func(f evidence.Frame) bool { return f.Role != "" }) {
		t.Errorf("the stack through the library: %+v", p)
	}
	second := rig.Login(t, "jwade")
	opening := second.Send("SELECT team")
	said := strings.Join(reading.OK(), "\n")
	if took := time.Since(began); took < 4900*time.Millisecond || !strings.Contains(said, "hello") {
		t.Errorf("after %v: %s", took, said)
	}
	said = strings.Join(opening.OK(), "\n")
	if !strings.Contains(said, `* OK (seen state failure) Unable to preserve \Seen state`) {
		t.Errorf("a SELECT without the seen file: %s", said)
	}
	if idle := rig.Waiting(rig.AcceptLock("imap")); len(idle) == 0 {
		t.Error("no idle worker waits for its turn any more")
	}

	// The second session takes all for unread. What it sets now must not be saved: it
	// would be all that is left.
	holder.Kill()
	second.Do(`STORE 5 +FLAGS (\Seen)`)
	second.Do("UNSELECT")
	if said := unread(t, rig); said != "* STATUS team (UNSEEN 3)" {
		t.Errorf("messages 1 and 2 were read before the hang: %s", said)
	}
	third := rig.Login(t, "jwade")
	third.Do("SELECT team")
	third.Do("FETCH 4 BODY[]")
	if said := unread(t, rig); said != "* STATUS team (UNSEEN 2)" {
		t.Errorf("a session after the hang: %s", said)
	}

	seen := regexp.QuoteMeta(rig.Seen("jwade"))
	for _, want := range []string{
		`(?m)^<23>cyrus/imapd\[PID\]: lock_reopen-blocked: sleeping 1 s, attempt 2 of 4, bound 5 s, pid PID, file ` + seen,
		`(?m)^<21>cyrus/imapd\[PID\]: lock_reopen-blocked: sleeping 4 s, attempt 3 of 4, bound 5 s, pid PID, file ` + seen,
		`(?m)^<19>cyrus/imapd\[PID\]: lock_reopen-blocked: gave up after 5 s, attempt 4 of 4, bound 5 s, pid PID, file ` + seen,
		`(?m)^<19>cyrus/imapd\[` + strconv.Itoa(second.PID) + `\]: lock_reopen-blocked: refused, for this session could not read it, pid \d+, file ` + seen,
	} {
		if !regexp.MustCompile(strings.ReplaceAll(want, "PID", strconv.Itoa(reader.PID))).MatchString(rig.Log()) {
			t.Errorf("the log lacks %s", want)
		}
	}
	v, code := y.verify(rig.Conf)
	var n shim.Counts
	for _, c := range v.Processes {
		if c.Counts != nil {
			n.GaveUp, n.Refused, n.Selected = n.GaveUp+c.Counts.GaveUp, n.Refused+c.Counts.Refused, n.Selected+c.Counts.Selected
		}
	}
	if code != 0 || n.GaveUp != 2 || n.Selected != 2 || n.Refused == 0 || !strings.Contains(v.Proof.Sentence, "2 waits under a limit so far, 2 given up") {
		t.Errorf("exit code %d: %+v\n%s", code, n, fmt.Sprintln(v.Proof.Sentence, v.Proof.Lines))
	}
}
