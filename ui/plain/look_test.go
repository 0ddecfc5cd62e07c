package plain

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// TestLate: a machine that does not give up when it is told to is not waited for;
// when it answers at last, it can be asked again.
func TestLate(t *testing.T) {
	unicodeLocale(t)
	in, typed := io.Pipe()
	m := &deaf{wake: make(chan bool)}
	out := &watched{text: "has not answered yet"}
	out.then = func() {
		go func() {
			io.WriteString(typed, "l\n1\n") // is refused at once
			for !strings.Contains(out.String(), "Step 1 of 5, Find. OLD DATA, of 0.0s ago: the last look failed.") {
				time.Sleep(time.Millisecond)
			}
			close(m.wake)
			for !strings.Contains(out.String(), "Nothing changed but the time.") {
				io.WriteString(typed, "l\n")
			}
			io.WriteString(typed, "q\n")
		}()
	}
	go io.WriteString(typed, "l\n")
	if err := ends(t, t.Context(), m, Options{In: in, Out: out, Echo: true, limit: time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	if n := strings.Count(text, "The look failed: the machine has not answered yet.\nWhat was seen 0.0s ago stays."); n < 2 {
		t.Errorf("refused %d times", n)
	}
}

// deaf is a Machine whose second look ends when the test says so.
type deaf struct {
	looks int
	wake  chan bool
}

func (d *deaf) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	if d.looks++; d.looks == 2 {
		<-d.wake
	}
	s := sample.Incident()
	s.Taken = s.Taken.Add(time.Duration(d.looks) * time.Second)
	return s, nil
}

// TestSave: what is written is the look that was told.
func TestSave(t *testing.T) {
	unicodeLocale(t)
	var saved []evidence.Snapshot
	answers := []error{nil, errors.New("no space\x1b[2J left")}
	o := Options{Save: func(s evidence.Snapshot) (string, error) {
		saved = append(saved, s)
		return "/root/cyr\alock.json.zst", answers[len(saved)-1]
	}}
	text := transcript(t, sample.Recorded(sample.Incident()), o, "w", "save", "q")
	for _, want := range []string{"w: save, c:", `Saved the look of 09:14:02 as /root/cyr\x07lock.json.zst`, `Not saved: no space\x1b[2J left.`} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, later(text))
		}
	}
	if len(saved) != 2 || saved[0].Host.Name != "mail1" {
		t.Errorf("saved %d", len(saved))
	}
}
