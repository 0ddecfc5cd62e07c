package ui

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"cyrlock/diagnose"
	"cyrlock/fix"
	"cyrlock/ui/draw"
	"cyrlock/ui/page"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// mender is a made-up Fixer: it notes what it was asked, and fails as it is told.
type mender struct {
	asked    []string
	refuses  error
	fails    error
	proof    *fix.Proof
	undoable *fix.Receipt
	pause    chan struct{} // closed: the second step may begin; nil: at once
}

func (f *mender) Prepare(_ context.Context, a diagnose.Advice, dir string) (fix.Prepared, error) {
	f.asked = append(f.asked, strings.TrimSpace("prepare "+a.Action+" "+dir))
	if f.refuses != nil {
		return fix.Prepared{}, f.refuses
	}
	if a.Action == "source" || a.Action == "shim" {
		return fix.Prepared{Plan: patch()}, nil
	}
	return fix.Prepared{Plan: ending()}, nil
}

func ending() fix.Plan {
	act := &fix.Act{PID: 24870, Start: 248700}
	return fix.Plan{Kind: "end", Title: "end imapd 24870", Risk: "low", What: "SIGTERM; whoever is still in the way 5s later gets SIGKILL.",
		Why: "frees 12 processes", Warnings: []string{"Disconnects jwade from 192.0.2.3."}, Capture: []byte("{}"),
		Changes: []fix.Change{{Text: "SIGTERM to imapd 24870", Act: act}, {Text: "SIGKILL to imapd 24870, if it is still in the way 5s later", Act: act}},
		Basis:   &fix.Basis{Taken: epoch, Summary: "12 processes wait behind jwade's seen file."}}
}

func patch() fix.Plan {
	diff := "--- a/lib/lock_fcntl.c\n+++ b/lib/lock_fcntl.c\n@@ -1 +1 @@\n-\tr = fcntl(fd, F_SETLKW, &fl);\n+\tr = timed_lock(fd, \x1b[2J);\n"
	return fix.Plan{Kind: "source", Title: "patch /usr/src/cyrus with the timed lock", Risk: "some", What: "Who waits for a lock gives up after 285 s.",
		Changes: []fix.Change{{Text: "write lib/lock_fcntl.c", File: &fix.File{Dir: "/usr/src/cyrus", Name: "lib/lock_fcntl.c", New: []byte("x"), Diff: diff}}}}
}

// carried is the receipt of a plan of which n steps are done.
func carried(p fix.Plan, n int) fix.Receipt {
	r := fix.Receipt{ID: 7, State: fix.Applying, Began: epoch, Plan: p, Steps: make([]fix.Step, len(p.Changes)), Saved: "/var/lib/cyrlock/receipts/7.capture.json"}
	for i := range r.Steps {
		switch r.Steps[i].State = fix.StepPlanned; {
		case i < n:
			r.Steps[i].State = fix.StepDone
		case i == n:
			r.Steps[i].State = fix.StepDoing
		}
	}
	if n == len(r.Steps) {
		r.State = fix.Applied
	}
	return r
}

func (f *mender) Carry(ctx context.Context, p fix.Prepared, each func(fix.Receipt)) (fix.Receipt, error) {
	f.asked = append(f.asked, "carry "+p.Kind)
	each(carried(p.Plan, 0))
	if f.pause != nil {
		select {
		case <-f.pause:
		case <-ctx.Done():
			f.fails = context.Cause(ctx)
		}
	}
	if f.fails != nil {
		r := carried(p.Plan, 1)
		r.State, r.Steps[len(r.Steps)-1].State, r.Error = fix.Failed, fix.StepFailed, f.fails.Error()
		return r, f.fails
	}
	r := carried(p.Plan, len(p.Changes))
	r.Proof = f.proof
	return r, nil
}

func (f *mender) Undoable(_ context.Context, id int) (fix.Receipt, error) {
	f.asked = append(f.asked, fmt.Sprintf("undoable %d", id))
	if f.undoable == nil {
		return fix.Receipt{}, errors.New("nothing was done so far: there is nothing to take back")
	}
	return *f.undoable, nil
}

func (f *mender) Undo(_ context.Context, id int, each func(fix.Receipt)) (fix.Receipt, error) {
	f.asked = append(f.asked, fmt.Sprintf("undo %d", id))
	r := *f.undoable
	r.State, r.Steps = fix.Undone, []fix.Step{{State: fix.StepUndone, Said: "brought back"}}
	return r, f.fails
}

func (f *mender) Receipts() string { return "/var/lib/cyrlock" }

func (f *mender) Typed(command string) string { return command + " --state /srv/receipts" }

func (f *mender) saw() string { return strings.Join(f.asked, ", ") }

var drained = &fix.Proof{Taken: epoch, Good: true, Sentence: "12 waiters drained within 0.3s."}

// mending are screens on which something can be done.
func mending(t testing.TB, f scene.Fixer, o Options, w, h int, keys ...string) *model {
	t.Helper()
	o.Fixer, o.Every = f, 2*time.Second
	s := newModel(t.Context(), sample.Recorded(sample.Incident()), o, draw.NewTheme(nil, o.ASCII, true, without))
	s.Update(tea.WindowSizeMsg{Width: w, Height: h})
	look(t, s, epoch)
	for _, k := range keys {
		mend(t, s, k)
	}
	return s
}

// mend presses a key, and has all done that it leads to.
func mend(t testing.TB, s *model, k string) {
	t.Helper()
	if k == "settles" {
		settles(s)
		return
	}
	_, cmd := s.Update(keyMsg(k))
	run(t, s, cmd)
}

// run has a command done, and what it leads to: plans and works, not moments.
func run(t testing.TB, s *model, cmd tea.Cmd) {
	t.Helper()
	for cmd != nil && (s.dialog == nil || s.dialog.asking != nil || s.work != nil) {
		msg := cmd()
		switch m := msg.(type) {
		case looked:
			m.at, m.cost = s.now, 0
			msg = m
		case worked:
			m.at = s.now
			msg = m
		case prepared, undoable, moved, attached, crashed, saved, copied, page.Searched:
		default:
			return
		}
		_, cmd = s.Update(msg)
	}
}

// words types letters one by one.
func words(t testing.TB, s *model, text string) {
	for _, r := range text {
		mend(t, s, string(r))
	}
}

// TestFixItsWay: a plan, a word, the steps, the proof, and it is remembered.
func TestFixItsWay(t *testing.T) {
	f := &mender{proof: drained}
	s := mending(t, f, Options{}, 80, 24, "4", "enter")
	shows(t, s, "End imapd 24870?  risk low", "To whom       imapd 24870, started 09:02:39", "Disconnects jwade from 192.0.2.3", "in /var/lib/cyrlock, and with it all that was seen", "read first")
	words(t, s, "END")
	mend(t, s, "enter")
	settles(s)
	shows(t, s, "type END and enter: _")
	if f.saw() != "prepare end" {
		t.Fatalf("typed ahead: %s", f.saw())
	}
	for _, wrong := range []string{"", "y", "end", "EN", "ENDE", "END "} {
		words(t, s, wrong)
		mend(t, s, "enter")
		if s.dialog == nil || f.saw() != "prepare end" {
			t.Fatalf("%q was enough: %s", wrong, f.saw())
		}
	}
	shows(t, s, "that is not END")
	s.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("END"), Paste: true})
	mend(t, s, "enter")
	if s.dialog == nil || s.dialog.typed != "" {
		t.Fatal("what was pasted counts")
	}
	words(t, s, "EXD")
	mend(t, s, "backspace")
	mend(t, s, "backspace")
	words(t, s, "ND")
	shows(t, s, "enter: END_")
	mend(t, s, "enter")
	if f.saw() != "prepare end, carry end" {
		t.Fatal(f.saw())
	}
	shows(t, s, "PROOF         12 waiters drained within 0.3s.", "receipt 7", "done          SIGTERM to imapd 24870", "cyrlock open /var/lib/cyrlock/receipts/7.capture.json", "cannot be taken back")
	mend(t, s, "c")
	mend(t, s, "end")
	shows(t, s, "end imapd 24870: 12 waiters drained within 0.3s.")
	mend(t, s, "esc")
	mend(t, s, "enter")
	shows(t, s, "WATCH", "you: end imapd 24870: 12 waiters drained")
	look(t, s, epoch.Add(time.Minute)) // and stays there
	shows(t, s, "you: end imapd 24870")
	mend(t, s, "4")
	shows(t, s, "PROOF")
	mend(t, s, "u") // there is nothing to take back
	mend(t, s, "esc")
	shows(t, s, "For this hang, now")
	if f.saw() != "prepare end, carry end" {
		t.Error(f.saw())
	}
}

// TestFixLeft: esc leaves it, before and after the plan is there.
func TestFixLeft(t *testing.T) {
	f := &mender{}
	s := mending(t, f, Options{}, 80, 24, "4")
	_, cmd := s.Update(keyMsg("enter"))
	shows(t, s, "Looking anew, to plan it. Nothing is done yet.", "esc leave it as it is")
	press(t, s, "END", "enter", "y", "esc")
	s.Update(cmd()) // the plan comes when nobody waits for it
	shows(t, s, ">1 end imapd 24870")
	if s.dialog != nil {
		t.Error("it opened by itself")
	}
	mend(t, s, "enter")
	mend(t, s, "esc") // at once, too
	shows(t, s, ">1 end imapd 24870")
	mend(t, s, "enter")
	settles(s)
	words(t, s, "END")
	mend(t, s, "esc")
	mend(t, s, "enter")
	settles(s)
	shows(t, s, "enter: _") // begun anew
	if strings.Contains(f.saw(), "carry") {
		t.Error(f.saw())
	}
}

// TestFixUnreachable: where nothing may be changed there is no key, no hint, and no
// word of it; the commands are there to be copied.
func TestFixUnreachable(t *testing.T) {
	for name, o := range map[string]Options{"read-only": {ReadOnly: true}, "recorded": {Label: recordedLabel}, "none": {}} {
		f := &mender{}
		s := mending(t, f, o, 80, 24)
		if name == "none" {
			s = mending(t, nil, o, 80, 24)
		}
		press(t, s, "4", "enter", "u", "down", "down", "down", "enter", "down", "enter", "up", "up", "up", "up")
		shows(t, s, ": y copies the command", "y copy command")
		hides(t, s, "do it", "undo", "shows the whole plan")
		press(t, s, "?")
		hides(t, s, "enter makes a plan", " undo ")
		if s.dialog != nil || s.work != nil || f.saw() != "" {
			t.Errorf("%s: %s", name, f.saw())
		}
	}
}

// TestFixRefused: the reason stays until it was read.
func TestFixRefused(t *testing.T) {
	f := &mender{refuses: errors.New("process 24870 keeps nobody waiting (any more): nothing is done without --force\x1b[2J")}
	s := mending(t, f, Options{}, 80, 24, "4", "enter")
	shows(t, s, "NOT DONE", "process 24870 keeps nobody waiting (any more)")
	look(t, s, epoch.Add(time.Hour))
	shows(t, s, "NOT DONE")
	mend(t, s, "esc")
	shows(t, s, ">1 end imapd 24870")
	if f.saw() != "prepare end" {
		t.Error(f.saw())
	}
}

// TestFixFails: a step that fails, and a proof that is none.
func TestFixFails(t *testing.T) {
	f := &mender{fails: errors.New("nothing was done, for things have changed: process 24870 keeps nobody waiting")}
	s := mending(t, f, Options{}, 80, 24, "4", "enter", "settles", "E", "N", "D", "enter")
	shows(t, s, "FAILED", "things have changed", "failed        SIGKILL to imapd 24870")
	f = &mender{proof: &fix.Proof{Taken: epoch, Sentence: "Of 12 waiters 3 still wait, now for imapd 24876."}}
	s = mending(t, f, Options{}, 80, 24, "4", "enter", "settles", "E", "N", "D", "enter")
	shows(t, s, "NOT CURED     Of 12 waiters 3 still wait, now for imapd 24876.")
	mend(t, s, "5")
	shows(t, s, "you: end imapd 24870: not cured")
}

// TestFixFolder: a wrong folder stays, to be mended; the diff is shown, and is text.
func TestFixFolder(t *testing.T) {
	f := &mender{refuses: errors.New("/usr/src/cyrs: no such file or directory")}
	s := mending(t, f, Options{}, 80, 40, "4")
	for range 10 {
		if s.fixPage().Copy(s.Scene) == "cyrlock fix source DIR" {
			break
		}
		mend(t, s, "j")
	}
	mend(t, s, "enter")
	shows(t, s, "timed lock in the source", "Folder", "> _")
	mend(t, s, "enter")
	shows(t, s, "name the top folder")
	words(t, s, "/usr/src/cyrsq1?")
	for range 3 {
		mend(t, s, "backspace")
	}
	mend(t, s, "enter")
	shows(t, s, "/usr/src/cyrs_", "no such file or directory")
	f.refuses = nil
	mend(t, s, "backspace")
	words(t, s, "us")
	mend(t, s, "enter")
	shows(t, s, "Patch /usr/src/cyrus with the timed lock?", "-    r = fcntl(fd, F_SETLKW, &fl);", "+    r = timed_lock(fd, ")
	harmless(t, s.View())
	settles(s)
	words(t, s, "PATCH")
	mend(t, s, "enter")
	shows(t, s, "DONE", "u, or cyrlock fix undo 7", "u undo")
	if f.saw() != "prepare source /usr/src/cyrs, prepare source /usr/src/cyrus, carry source" {
		t.Error(f.saw())
	}
	r := carried(patch(), 1)
	f.undoable = &r
	mend(t, s, "u")
	shows(t, s, "Undo receipt 7?", "Take back     write lib/lock_fcntl.c")
	settles(s)
	words(t, s, "UNDO")
	mend(t, s, "enter")
	shows(t, s, "UNDONE", "it is as it was before.", "undone        write lib/lock_fcntl.c: brought back")
	hides(t, s, "u undo")
}

// TestUndoNothing: u on the choices asks for the last receipt.
func TestUndoNothing(t *testing.T) {
	s := mending(t, &mender{}, Options{}, 80, 24, "4", "u")
	shows(t, s, "NOT DONE", "there is nothing to take back")
}

// TestWhileAtWork: the page shows the step, other pages are there, nothing else is
// begun, and who leaves waits for the end.
func TestWhileAtWork(t *testing.T) {
	f := &mender{pause: make(chan struct{}), proof: drained}
	s := mending(t, f, Options{}, 80, 24, "4", "enter", "settles", "E", "N", "D")
	_, cmd := s.Update(keyMsg("enter"))
	_, cmd = s.Update(cmd()) // the first step
	shows(t, s, "AT WORK", "doing         SIGTERM to imapd 24870", "planned       SIGKILL")
	golden(t, "fix-working-80x24", frame(t, s))
	press(t, s, "esc", "4", "u", "enter", "4")
	shows(t, s, "AT WORK")
	look(t, s, epoch.Add(2*time.Second))
	shows(t, s, "AT WORK")
	var out bytes.Buffer
	s.bring(io.MultiWriter(&out, &once{do: func() { close(f.pause) }}), nil) // it goes on when that was said
	for _, want := range []string{"still at work: end imapd 24870", "PROOF: 12 waiters drained", "Receipt 7"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in %q", want, out.String())
		}
	}
	if _, cmd := s.Update(cmd()); cmd == nil || s.work != nil {
		t.Error("the work has no end")
	}
	if f.saw() != "prepare end, carry end" {
		t.Error(f.saw())
	}

	f = &mender{pause: make(chan struct{})} // broken off by a signal
	s = mending(t, f, Options{}, 80, 24, "4", "enter", "settles", "E", "N", "D")
	s.Update(keyMsg("enter"))
	signals := make(chan os.Signal, 1)
	signals <- os.Interrupt
	s.bring(&out, signals)
	if !strings.Contains(out.String(), "FAILED: context canceled") {
		t.Error(out.String())
	}
	s.bring(io.Discard, nil) // there is nothing more to wait for
}

// TestFixPanics: a programming error ends the screens in order.
func TestFixPanics(t *testing.T) {
	s := mending(t, &panicky{}, Options{}, 80, 24, "4", "enter", "settles", "E", "N", "D", "enter")
	if s.crash == nil || !strings.Contains(s.crash.Error(), "boom") {
		t.Error(s.crash)
	}
}

type panicky struct{ mender }

func (*panicky) Carry(context.Context, fix.Prepared, func(fix.Receipt)) (fix.Receipt, error) {
	panic("boom")
}

// TestFixFrames shows the way of a fix in every size.
func TestFixFrames(t *testing.T) {
	way := []struct {
		name string
		keys []string
	}{
		{"choices", []string{"4"}},
		{"plan", []string{"4", "enter"}},
		{"word", []string{"4", "enter", "settles", "E", "N"}},
		{"proof", []string{"4", "enter", "settles", "E", "N", "D", "enter"}},
	}
	for _, size := range [][2]int{{80, 24}, {40, 12}, {200, 60}} {
		for _, at := range way {
			for _, ascii := range []bool{false, true} {
				name := fmt.Sprintf("fix-%s-%dx%d-%s", at.name, size[0], size[1], map[bool]string{false: "utf8", true: "ascii"}[ascii])
				got := frame(t, mending(t, &mender{proof: drained}, Options{ASCII: ascii}, size[0], size[1], at.keys...))
				if golden(t, name, got); ascii && !draw.IsASCII(got) {
					t.Errorf("%s is not ASCII", name)
				}
			}
		}
	}
}

// once does something at the first write.
type once struct{ do func() }

func (o *once) Write(b []byte) (int, error) {
	if o.do != nil {
		o.do()
	}
	o.do = nil
	return len(b), nil
}
