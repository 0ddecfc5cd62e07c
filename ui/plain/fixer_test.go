package plain

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/fix"
	"cyrlock/ui/sample"
)

// mender is a made-up Fixer that notes what it was asked.
type mender struct {
	asked   []string
	refuses error
	fails   error
	proof   *fix.Proof
	begun   func(context.Context) // called in the middle of the work
}

func (f *mender) Prepare(_ context.Context, a diagnose.Advice, dir string) (fix.Prepared, error) {
	f.asked = append(f.asked, strings.TrimSpace("prepare "+a.Action+" "+dir))
	if a.Action == "source" && dir != "/usr/src/cyrus" {
		return fix.Prepared{}, errors.New(dir + ": this is not a Cyrus IMAP source tree")
	}
	if f.refuses != nil {
		return fix.Prepared{}, f.refuses
	}
	p := fix.Plan{Kind: "end", Title: "end imapd 24870", Risk: "low", What: "SIGTERM; whoever is still in the way 5s later gets SIGKILL.",
		Warnings: []string{"Disconnects jwade from 192.0.2.3."}, Capture: []byte("{}"),
		Changes: []fix.Change{{Text: "SIGTERM to imapd 24870", Act: &fix.Act{PID: 24870, Start: 248700}}}}
	if a.Action != "end" {
		p = fix.Plan{Kind: a.Action, Title: "patch /usr/src/cyrus with the timed lock", Risk: "some", What: "Who waits for a lock gives up after 285 s.",
			Changes: []fix.Change{{Text: "write lib/lock_fcntl.c", File: &fix.File{Dir: "/usr/src/cyrus", Name: "lib/lock_fcntl.c", New: []byte("x"),
				Diff: "--- a/lib/lock_fcntl.c\n+++ b/lib/lock_fcntl.c\n@@ -1 +1 @@\n-\tr = fcntl(\x1b[2J\n+\tr = timed(\n"}}}}
	}
	return fix.Prepared{Plan: p}, nil
}

func (f *mender) Carry(ctx context.Context, p fix.Prepared, each func(fix.Receipt)) (fix.Receipt, error) {
	f.asked = append(f.asked, "carry "+p.Kind)
	r := fix.Receipt{ID: 7, State: fix.Applying, Began: noon(), Plan: p.Plan, Steps: []fix.Step{{State: fix.StepDoing}}}
	each(r)
	if f.begun != nil {
		f.begun(ctx)
	}
	if ctx.Err() != nil {
		f.fails = ctx.Err()
	}
	r.State, r.Steps, r.Proof = fix.Applied, []fix.Step{{State: fix.StepDone, Said: "sent"}}, f.proof
	if f.fails != nil {
		r.State, r.Steps[0] = fix.Failed, fix.Step{State: fix.StepFailed, Said: f.fails.Error()}
	}
	return r, f.fails
}

func (f *mender) Undoable(context.Context, int) (fix.Receipt, error) {
	f.asked = append(f.asked, "undoable")
	if f.refuses != nil {
		return fix.Receipt{}, f.refuses
	}
	p, err := f.Prepare(context.Background(), diagnose.Advice{Action: "source"}, "/usr/src/cyrus")
	return fix.Receipt{ID: 7, State: fix.Applied, Began: noon(), Plan: p.Plan, Steps: []fix.Step{{State: fix.StepDone}}}, err
}

func (f *mender) Undo(_ context.Context, id int, each func(fix.Receipt)) (fix.Receipt, error) {
	f.asked = append(f.asked, fmt.Sprintf("undo %d", id))
	r, err := f.Undoable(context.Background(), id)
	r.State, r.Steps = fix.Undone, []fix.Step{{State: fix.StepUndone, Said: "brought back"}}
	return r, err
}

func (f *mender) Receipts() string { return "/var/lib/cyrlock" }

func (f *mender) Typed(command string) string { return command + " --state /srv/receipts" }

var cured = &fix.Proof{Good: true, Sentence: "12 waiters drained within 0.3s."}

// TestFixByEar: whole talks in which something is done, and others in which it is not.
func TestFixByEar(t *testing.T) {
	unicodeLocale(t)
	for name, c := range map[string]struct {
		f       *mender
		answers []string
		asked   string
	}{
		"fix-end":     {&mender{proof: cured}, []string{"fix", "1", "end", "END", "readings", "q"}, "prepare end, carry end"},
		"fix-not":     {&mender{}, []string{"fix", "1", "yes", "1", "2", "1", "", "verdict", "q"}, "prepare end, prepare end, prepare cancel, prepare end"},
		"fix-refused": {&mender{refuses: errors.New("process 24870 keeps nobody waiting\x1b[2J (any more)")}, []string{"fix", "1", "u", "q"}, "prepare end, undoable"},
		"fix-fails":   {&mender{fails: errors.New("nothing was done, for things have changed")}, []string{"fix", "1", "END", "q"}, "prepare end, carry end"},
		"fix-source":  {&mender{}, []string{"fix", "4", "/usr/src", "/usr/src/cyrus", "PATCH", "fix", "u", "UNDO", "q"}, "prepare source /usr/src, prepare source /usr/src/cyrus, carry source, undoable, prepare source /usr/src/cyrus, undo 7, undoable, prepare source /usr/src/cyrus"},
	} {
		text := transcript(t, sample.Recorded(sample.Incident()), Options{Fixer: c.f}, c.answers...)
		golden(t, name, later(text))
		harmless(t, text, false)
		if got := strings.Join(c.f.asked, ", "); got != c.asked {
			t.Errorf("%s: %s, want %s", name, got, c.asked)
		}
	}
}

// TestFixUnreachable: where nothing may be changed, no answer leads there.
func TestFixUnreachable(t *testing.T) {
	unicodeLocale(t)
	for _, o := range []Options{{ReadOnly: true}, {Label: recordedLabel}} {
		f := &mender{}
		o.Fixer = f
		text := transcript(t, sample.Recorded(sample.Incident()), o, "fix", "1", "END", "fix", "u", "UNDO", "fix", "4", "/usr/src/cyrus", "q")
		if len(f.asked) > 0 || strings.Contains(text, "u: undo") || strings.Contains(text, "Type END") {
			t.Errorf("%q: %s", f.asked, text)
		}
		if !strings.Contains(text, "which cyrlock does not run by itself") || !strings.HasSuffix(text, "nothing on this machine was changed.\n") {
			t.Error(text)
		}
	}
}

// TestSignalAtWork: what has begun is brought to its end, and said.
func TestSignalAtWork(t *testing.T) {
	unicodeLocale(t)
	ctx, cancel := context.WithCancel(t.Context())
	said := make(chan bool, 1)
	out := &watched{text: "Still at work: end imapd 24870", then: func() { said <- true }}
	f := &mender{proof: cured, begun: func(context.Context) {
		cancel()
		select {
		case <-said:
		case <-time.After(soon):
			t.Error("nothing was said")
		}
	}}
	in := io.MultiReader(strings.NewReader("fix\n1\nEND\n"), silent(t))
	if err := ends(t, ctx, sample.Recorded(sample.Incident()), Options{In: in, Out: out, Echo: true, Fixer: f}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "PROOF: 12 waiters drained") || !strings.HasSuffix(out.String(), "what was done is in the receipts in /var/lib/cyrlock.\n") {
		t.Error(out.String())
	}
}

// TestSignalsAtWork: the signal after that breaks it off, and after one more nobody waits.
func TestSignalsAtWork(t *testing.T) {
	unicodeLocale(t)
	for _, c := range []struct {
		deaf bool // what is at work does not hear of it
		want []string
	}{
		{false, []string{"Step 1 failed", "context canceled", "what was done is in the receipts in /var/lib/cyrlock.\n"}},
		{true, []string{"Not waited for. The receipt says how far it came: cyrlock fix list --state /srv/receipts.", "what was done is in the receipts in /var/lib/cyrlock.\n"}},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &watched{text: "Still at work: end imapd 24870", then: func() { _ = syscall.Kill(os.Getpid(), syscall.SIGINT) }}
		f := &mender{begun: func(ctx context.Context) {
			cancel()
			select {
			case <-ctx.Done():
			case <-time.After(soon):
				t.Error("it is not broken off")
			}
			if c.deaf {
				_ = syscall.Kill(os.Getpid(), syscall.SIGINT)
				<-t.Context().Done()
			}
		}}
		in := io.MultiReader(strings.NewReader("fix\n1\nEND\n"), silent(t))
		if err := ends(t, ctx, sample.Recorded(sample.Incident()), Options{In: in, Out: out, Echo: true, Fixer: f}); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.want {
			if !strings.Contains(out.String(), want) {
				t.Errorf("no %q in\n%s", want, out.String())
			}
		}
	}
}
