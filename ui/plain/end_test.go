package plain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// soon is how long anything may take that must not take for ever.
const soon = 10 * time.Second

// ends runs a talk and fails where it does not end.
func ends(t testing.TB, ctx context.Context, m Machine, o Options) error {
	t.Helper()
	done := make(chan error, 1)
	go func() { done <- talk(ctx, m, o, noon) }()
	select {
	case err := <-done:
		return err
	case <-time.After(soon):
		t.Fatal("the talk does not end")
		return nil
	}
}

// TestEndOfInput: wherever the input ends, in the middle of a line or of a
// question within a question, the talk ends well and says so.
func TestEndOfInput(t *testing.T) {
	unicodeLocale(t)
	for _, script := range []string{"1\n1\n\n2\n2\n\nx\nattach\n3\n4\n1\n\n5\nf\n\nc\n", "1\n1\n", "1\njwade\n\n"} {
		for n := range script {
			var out bytes.Buffer
			m := stoppable{Recorded: sample.Recorded(sample.Crowd(50, 50))}
			if err := ends(t, t.Context(), m, Options{In: strings.NewReader(script[:n]), Out: &out, Echo: true}); err != nil {
				t.Fatalf("%q: %v", script[:n], err)
			}
			text := out.String()
			if last := text[strings.LastIndex(strings.TrimSuffix(text, "\n"), "\n")+1:]; !strings.HasPrefix(last, "The end of the input; ") {
				t.Fatalf("%q ends with %q", script[:n], last)
			}
		}
	}
}

// silent is an input on which nobody types.
func silent(t testing.TB) io.Reader {
	in, typed := io.Pipe()
	t.Cleanup(func() { typed.Close() })
	return in
}

// TestSignal: the end of the context ends it at a question, while it looks, and
// while it follows.
func TestSignal(t *testing.T) {
	unicodeLocale(t)
	for name, c := range map[string]struct {
		in   string
		m    Machine
		when string
	}{
		"question": {"", sample.Recorded(sample.Incident()), "Your choice:"},
		"more":     {"1\n1\n", sample.Recorded(sample.Crowd(50, 50)), "lines. Enter:"},
		"looking":  {"l\n", &slow{}, "Still looking"},
		"follow":   {"5\nf\n", sample.Recorded(sample.Incident()), "Following"},
		"exact":    {"2\n1\nx\n", stoppable{Recorded: sample.Recorded(sample.Incident())}, "Type the word"},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			out := &watched{text: c.when, then: cancel}
			in := io.MultiReader(strings.NewReader(c.in), silent(t))
			if err := ends(t, ctx, c.m, Options{In: in, Out: out, Echo: true}); err != nil {
				t.Fatal(err)
			}
			if !strings.HasSuffix(out.String(), "\nEnded by a signal; nothing on this machine was changed.\n") {
				t.Errorf("the end: %q", out.String()[max(0, len(out.String())-200):])
			}
		})
	}
}

// watched is an output that does something when a text was written to it.
type watched struct {
	mu   sync.Mutex
	buf  bytes.Buffer
	text string
	then func()
}

func (w *watched) Write(b []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.buf.Write(b)
	if w.then != nil && strings.Contains(w.buf.String(), w.text) {
		w.then()
		w.then = nil
	}
	return len(b), nil
}

func (w *watched) String() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.buf.String()
}

// slow answers once, and then only when it is told to give up.
type slow struct{ looks int }

func (s *slow) Look(ctx context.Context, _ evidence.Query) (evidence.Snapshot, error) {
	if s.looks++; s.looks > 1 {
		<-ctx.Done()
		return evidence.Snapshot{}, ctx.Err()
	}
	return sample.Incident(), nil
}

// TestQuitWhileLooking: on a terminal q is heard while a look hangs, and what else
// is typed is not lost.
func TestQuitWhileLooking(t *testing.T) {
	unicodeLocale(t)
	in, typed := io.Pipe()
	out := &watched{text: "Still looking", then: func() { go io.WriteString(typed, "verdict\nquit\n") }}
	go io.WriteString(typed, "l\n")
	if err := ends(t, t.Context(), &slow{}, Options{In: in, Out: out}); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), "The end; nothing on this machine was changed.\n") {
		t.Errorf("the end: %q", out.String())
	}
}

// TestNobodyListens: a reader that went away is no error, another failure is.
func TestNobodyListens(t *testing.T) {
	unicodeLocale(t)
	for err, want := range map[error]bool{syscall.EPIPE: false, syscall.EIO: false, syscall.ENOSPC: true} {
		o := Options{In: silent(t), Out: broken{err}}
		if got := ends(t, t.Context(), sample.Recorded(sample.Incident()), o); errors.Is(got, err) != want {
			t.Errorf("%v: %v", err, got)
		}
	}
}

type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

// TestStoppedTerminal: whoever pressed Ctrl-S can still end it with a signal.
func TestStoppedTerminal(t *testing.T) {
	unicodeLocale(t)
	ctx, cancel := context.WithCancel(t.Context())
	out := stuck{begun: make(chan bool, 1), free: make(chan bool)}
	t.Cleanup(func() { close(out.free) })
	go func() { <-out.begun; cancel() }()
	if err := ends(t, ctx, sample.Recorded(sample.Incident()), Options{In: silent(t), Out: out}); err != nil {
		t.Error(err)
	}
}

type stuck struct{ begun, free chan bool }

func (s stuck) Write(b []byte) (int, error) {
	s.begun <- true
	<-s.free
	return len(b), nil
}

// TestPanic: a programming error is not a look that failed.
func TestPanic(t *testing.T) {
	unicodeLocale(t)
	var out bytes.Buffer
	err := ends(t, t.Context(), panics{}, Options{In: silent(t), Out: &out})
	if err == nil || !strings.Contains(err.Error(), "look: internal error: boom") || !strings.Contains(err.Error(), "end_test.go") {
		t.Errorf("%v", err)
	}
}

type panics struct{}

func (panics) Look(context.Context, evidence.Query) (evidence.Snapshot, error) { panic("boom") }

// TestReadsNoFurther: what comes after the last answer is left in the input.
func TestReadsNoFurther(t *testing.T) {
	unicodeLocale(t)
	reads := &counted{answers: []string{"2\n", "q\n", "rm -r mail\n"}}
	if err := ends(t, t.Context(), sample.Recorded(sample.Incident()), Options{In: reads, Out: io.Discard, Echo: true}); err != nil {
		t.Fatal(err)
	}
	if len(reads.answers) != 1 {
		t.Errorf("%d lines were left, want 1", len(reads.answers))
	}
}

// counted gives a line at each read, as a terminal does.
type counted struct{ answers []string }

func (c *counted) Read(b []byte) (int, error) {
	if len(c.answers) == 0 {
		return 0, io.EOF
	}
	n := copy(b, c.answers[0])
	c.answers = c.answers[1:]
	return n, nil
}

// TestLongAnswer: a line of megabytes is one answer, and a short one.
func TestLongAnswer(t *testing.T) {
	unicodeLocale(t)
	got := transcript(t, sample.Recorded(sample.Incident()), Options{}, strings.Repeat("x", 5<<20), "q")
	if strings.Contains(got, strings.Repeat("x", 2*longestAnswer)) || !strings.HasSuffix(got, "The end; nothing on this machine was changed.\n") {
		t.Errorf("%d bytes", len(got))
	}
}
