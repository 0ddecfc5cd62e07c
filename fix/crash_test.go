package fix_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"cyrlock/fix"
)

// crashEnv makes this program one that applies and undoes a plan in a yard.
const crashEnv = "CYRLOCK_APPLY_IN"

func TestMain(m *testing.M) {
	if dir := os.Getenv(crashEnv); dir != "" {
		os.Exit(applyThere(dir))
	}
	os.Exit(m.Run())
}

// applyThere applies the plan of a yard and undoes it; its Act kills this process if
// the yard says so.
func applyThere(dir string) int {
	t := &testing.T{}
	y := &yard{t: t, dir: dir, ledger: fix.Ledger{Dir: filepath.Join(dir, "state")}}
	p := y.plan()
	if at := os.Getenv("CYRLOCK_DIE_AT"); at != "" {
		var i int
		_, _ = fmt.Sscan(at, &i)
		p.Changes = append(p.Changes[:i:i], append([]fix.Change{act(func(context.Context) (string, error) {
			return "", syscall.Kill(os.Getpid(), syscall.SIGKILL)
		})}, p.Changes[i:]...)...)
	}
	fmt.Println("ready")
	if _, err := y.ledger.Apply(context.Background(), p, nil); err != nil {
		fmt.Println(err)
		return 1
	}
	if _, err := y.ledger.Undo(context.Background(), 0, nil); err != nil {
		fmt.Println(err)
		return 1
	}
	return 0
}

// crash runs applyThere and kills it after a while, or lets it kill itself.
func (y *yard) crash(after time.Duration, env ...string) {
	y.t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), crashEnv+"="+y.dir), env...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		y.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		y.t.Fatal(err)
	}
	if _, err := out.Read(make([]byte, 16)); err != nil {
		y.t.Fatal(err)
	}
	if after > 0 {
		time.Sleep(after) // not a wait for something: the moment has to be any moment
		_ = cmd.Process.Kill()
	}
	_ = cmd.Wait()
}

// settle takes back what an interrupted cyrlock has left, and checks that all is as
// it was before.
func (y *yard) settle(before map[string]string) (state fix.State) {
	y.t.Helper()
	list, err := y.ledger.List()
	if err != nil {
		y.t.Fatal(err)
	}
	if len(list) > 0 {
		state = list[len(list)-1].State
		if state == fix.Applying || state == fix.Undoing {
			y.t.Errorf("state %s, and nobody is at it", state)
		}
		if list[len(list)-1].CanUndo() {
			r, err := y.ledger.Undo(y.t.Context(), 0, nil)
			if err != nil || r.State != fix.Undone {
				y.t.Errorf("undo after %s: %v %+v", state, err, r)
			}
		}
	}
	y.sameTree(before)
	return state
}

// Killed before any of its steps, what was done is known and can be taken back.
func TestKilledBetweenSteps(t *testing.T) {
	for i := range 4 {
		y := newYard(t)
		before := y.tree()
		y.crash(0, fmt.Sprintf("CYRLOCK_DIE_AT=%d", i))
		list, err := y.ledger.List()
		if err != nil || len(list) != 1 || list[0].State != fix.Interrupted {
			t.Fatalf("%v %+v", err, list)
		}
		for j, s := range list[0].Steps {
			want := fix.StepPlanned
			switch {
			case j < i:
				want = fix.StepDone
			case j == i:
				want = fix.StepDoing
			}
			if s.State != want {
				t.Errorf("killed in step %d: step %d is %s, want %s", i, j, s.State, want)
			}
		}
		if i > 0 && y.tree()["/lib/lock.c"] != "-rw-r----- new\n" {
			t.Errorf("step 0 was done: %v", y.tree())
		}
		y.settle(before)
		if what := strings.Join(y.audit(), " "); what != "begin undo undone" {
			t.Errorf("audit: %s", what)
		}
	}
}

// killsEach is how often an apply with its undo is killed.
const killsEach = 150

// Killed at any moment, each file is the old or the new one, and undo brings back
// all of them. The next cyrlock can work at once.
func TestKilledAnyMoment(t *testing.T) {
	y := newYard(t)
	before := y.tree()
	began := time.Now()
	y.crash(0)
	whole := time.Since(began)
	y.settle(before)
	states := map[fix.State]int{}
	for range killsEach {
		y.crash(rand.N(whole) + 1)
		for name, text := range y.tree() {
			if strings.HasSuffix(name, "lock.c") && !strings.HasPrefix(filepath.Base(name), ".") && text != "-rw-r----- old\n" && text != "-rw-r----- new\n" {
				t.Fatalf("%s is %q", name, text)
			}
		}
		states[y.settle(before)]++
	}
	t.Logf("%d kills within %v: %v", killsEach, whole, states)
	if states[fix.Interrupted] == 0 {
		t.Error("none was killed at work: the test has proved nothing")
	}
}

// Of two at once one works, and the other says who does.
func TestTwoAtOnce(t *testing.T) {
	y := newYard(t)
	release := make(chan bool)
	begun := make(chan bool)
	done := make(chan error)
	go func() {
		_, err := y.ledger.Apply(context.Background(), y.plan(act(func(context.Context) (string, error) {
			begun <- true
			<-release
			return "", nil
		})), nil)
		done <- err
	}()
	<-begun
	for name, try := range map[string]func() error{
		"apply": func() error { _, err := y.ledger.Apply(t.Context(), y.plan(), nil); return err },
		"undo":  func() error { _, err := y.ledger.Undo(t.Context(), 0, nil); return err },
		"proof": func() error { return y.ledger.Prove(1, fix.Proof{}) },
	} {
		if err := try(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("another cyrlock (pid %d) is at work", os.Getpid())) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if list, err := y.ledger.List(); err != nil || len(list) != 1 || list[0].State != fix.Applying {
		t.Errorf("%v %+v", err, list)
	}
	close(release)
	if err := <-done; err != nil {
		t.Error(err)
	}
}
