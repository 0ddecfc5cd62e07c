package plain

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// A film is a Machine that shows one picture after the other, then the last one
// for good. An error stands for a look that failed.
type film struct {
	pictures []any
	shown    int
	last     func() // called when the last picture is shown for the second time
}

func (f *film) Look(context.Context, evidence.Query) (evidence.Snapshot, error) {
	i := min(f.shown, len(f.pictures)-1)
	if f.shown++; f.shown == len(f.pictures)+1 && f.last != nil {
		f.last()
	}
	if err, failed := f.pictures[i].(error); failed {
		return evidence.Snapshot{}, err
	}
	s := f.pictures[i].(evidence.Snapshot)
	s.Taken = s.Taken.Add(time.Duration(f.shown-1) * 2 * time.Second)
	return s, nil
}

// drained is the incident after its holder has gone: the first waiter holds the
// file, and nobody waits any more.
func drained() evidence.Snapshot {
	s := sample.Incident()
	s.Processes = s.Processes[1:]
	header, seen := &s.Files[1], &s.Files[2]
	header.Holders, header.Waiters, seen.Holders, seen.Waiters, seen.Open = nil, nil, nil, nil, nil
	for i := range s.Processes {
		if t := &s.Processes[i].Threads[0]; t.Syscall == "flock" {
			t.Syscall, t.Frames, t.SinceS = "read", nil, 1
		}
	}
	return s
}

// fewer is the incident after the first waiter has given up.
func fewer() evidence.Snapshot {
	s := sample.Incident()
	s.Processes[1].Threads[0].Syscall = "read"
	s.Files[2].Waiters = s.Files[2].Waiters[1:]
	return s
}

// TestFollow: one line a change, until enter.
func TestFollow(t *testing.T) {
	unicodeLocale(t)
	in, typed := io.Pipe()
	var out bytes.Buffer
	m := &film{pictures: []any{sample.Incident(), sample.Incident(), fewer(), errors.New("/proc/locks: permission denied"), fewer(), drained()}}
	m.last = func() { go io.WriteString(typed, "\nwatch\nq\n") }
	go io.WriteString(typed, "5\nf\n")
	err := talk(t.Context(), m, Options{In: in, Out: &out, Echo: true, Every: time.Millisecond}, noon)
	if err != nil {
		t.Fatal(err)
	}
	// How many looks it takes until enter is heard, the clock decides.
	text := out.String()
	at := strings.Index(text, "No longer following, after ")
	end := strings.Index(text[max(0, at):], "\n")
	if at < 0 || end < 0 {
		t.Fatalf("never ended:\n%s", text)
	}
	golden(t, "follow", later(text[:at]+"No longer following."+text[at+end:]))
}

// TestLookAgain: what is new is said, and nothing but the time is said as that.
func TestLookAgain(t *testing.T) {
	unicodeLocale(t)
	m := &film{pictures: []any{sample.Incident(), sample.Incident(), fewer(), errors.New("no\x1b[31mway"), drained()}}
	golden(t, "again", later(transcript(t, m, Options{}, "5", "l", "r", "look again", "fix", "again", "watch")))
}

// TestNothingSeen: a look that brings nothing is said, and can be taken again.
func TestNothingSeen(t *testing.T) {
	unicodeLocale(t)
	m := &film{pictures: []any{errors.New("/proc/locks: permission denied"), errors.New("no"), sample.Incident()}}
	golden(t, "nothing", transcript(t, m, Options{}, "1", "jwade", "w", "c", "g", "n", "l", "l", "q"))
}
