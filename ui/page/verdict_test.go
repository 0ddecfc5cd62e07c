package page

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// TestHangs shows what the pages say of every kind of hang that was ever provoked
// and recorded, in the rows that are left of 24.
func TestHangs(t *testing.T) {
	for name, s := range recordings(t) {
		v, f := &Verdict{}, &Fix{}
		v.Refresh(s)
		f.Refresh(s)
		golden(t, "hang-"+name, seen(t, v, s, 80, 20)+strings.Repeat("=", 80)+"\n"+seen(t, f, s, 80, 20)+strings.Repeat("=", 40)+"\n"+seen(t, v, s, 40, 10))
	}
}

// TestFirstView: on the standard terminal the first view of every hang has the
// whole sentence, the class, who suffers, the advice and all of its command. A
// small one has the sentence and the command.
func TestFirstView(t *testing.T) {
	for name, s := range recordings(t) {
		p := &Verdict{}
		p.Refresh(s)
		r := s.Report.Roots[0]
		command := r.Advice[0].Command
		view := seen(t, p, s, 80, 20)
		text := strings.Join(strings.Fields(view), " ")
		has(t, text, strings.TrimSuffix(r.Sentence, "."), string(r.Class)+", "+scene.Sure(r.Confidence), "Who suffers", "How we know", "Safe to do", r.Advice[0].Why, command)
		if r.Doubt != "" {
			has(t, text, "To be sure", r.Doubt)
		}
		if i := strings.Index(view, "Safe to do"); i >= 0 && strings.Contains(view[i:], "…") {
			t.Errorf("%s: what can be done is cut:\n%s", name, view)
		}
		has(t, strings.Join(strings.Fields(seen(t, p, s, 40, 10)), " "), command)
	}
}

// TestEvidenceIsComplete: scrolled through, the page has every piece there is.
func TestEvidenceIsComplete(t *testing.T) {
	all := recordings(t)
	gaps := sample.Incident()
	for pid := range 9 {
		gaps.Gaps = append(gaps.Gaps, evidence.Gap{PID: 24876 + pid, What: "stack", Why: "no answer within 1s: see ps"})
	}
	gaps.Gaps = append(gaps.Gaps, evidence.Gap{What: "imapd.conf", Why: "permission denied: run as root"})
	all["gaps"] = look(gaps)
	for name, s := range all {
		for _, size := range [][2]int{{80, 20}, {40, 10}, {200, 56}} {
			p := &Verdict{}
			p.Refresh(s)
			press(p, s, "e")
			first := seen(t, p, s, size[0], size[1])
			pages, last := first, first
			for range 100 {
				press(p, s, "down")
				if now := seen(t, p, s, size[0], size[1]); now != last {
					pages, last = pages+now, now
				}
			}
			if press(p, s, "up"); last != first && seen(t, p, s, size[0], size[1]) == last {
				t.Errorf("%s: a key up at the end does nothing", name)
			}
			if press(p, s, "pgdown", "end", "g"); seen(t, p, s, size[0], size[1]) != first {
				t.Errorf("%s: g does not lead to the beginning", name)
			}
			if size[0] == 40 {
				continue // words are broken elsewhere
			}
			text := strings.Join(strings.Fields(pages), " ")
			r := s.Report.Roots[0]
			for _, why := range r.Why {
				last := strings.Fields(why)
				has(t, text, last[len(last)-1])
			}
			for _, a := range r.Advice {
				has(t, text, a.Command)
			}
			has(t, text, "What it means "+strings.Fields(scene.Meaning(r.Class))[0], "Not read", "To be sure", "This look")
			if name == "gaps" {
				has(t, text, "stack of imapd 24876, process 24877, process 24878", "and 3 more: no answer within 1s: see ps", "imapd.conf: permission denied: run as root")
			}
		}
	}
}

// TestChainSaid: the sentence, its class and the evidence are those of the chain
// that the cursor is in.
func TestChainSaid(t *testing.T) {
	snapshot := sample.Incident()
	snapshot.Files = append(snapshot.Files, sample.Files([3]int{8, 24102, 24103}).Files...)
	s, p := look(snapshot), &Verdict{}
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), "12 processes wait behind jwade's seen file", "stalled-client, certain, chain 1 of 2")
	press(p, s, "n")
	has(t, seen(t, p, s, 80, 20), "imapd 24103 waits for /f8. imapd 24102 holds it", "chain 2 of 2", "cyrlock fix end 24102")
	press(p, s, "e")
	has(t, seen(t, p, s, 80, 20), "imapd 24103 waits for /f8", "chain 2 of 2", "24102 holds the exclusive flock lock")
	press(p, s, "n")
	has(t, seen(t, p, s, 80, 20), "12 processes wait behind jwade's seen file", "chain 1 of 2")
	has(t, p.Copy(s), "12 processes", "HOLDS  imapd 24870", "cyrlock fix end 24870", "/proc/24870/task/24870/syscall")
	hasNot(t, p.Copy(s), "24103")
}

// TestAside: what hangs beside the mail server is mentioned and told on request.
func TestAside(t *testing.T) {
	snapshot := sample.Incident()
	dpkg := sample.Files([3]int{900, 7001, 7002})
	dpkg.Files[0].Path = "/var/lib/dpkg/lock-frontend"
	snapshot.Files = append(snapshot.Files, dpkg.Files...)
	s, p := look(snapshot), &Verdict{}
	if len(s.Report.Aside) != 1 {
		t.Fatalf("%d aside", len(s.Report.Aside))
	}
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), "Beside it     another program hangs, not the mail server: e")
	golden(t, "aside", seen(t, p, s, 80, 20))
	has(t, seen(t, p, s, 200, 56), "process 7002 waits for")
	press(p, s, "e")
	seen(t, p, s, 80, 20)
	press(p, s, "end")
	has(t, seen(t, p, s, 80, 20), "process 7002 waits for")
}

// TestParts: room goes to what is offered first, and the order stays.
func TestParts(t *testing.T) {
	p := newParts(3, 5)
	p.offer(2, []string{"c1", "c2"})
	p.offer(0, []string{"a"})
	if p.offer(1, []string{"b1", "b2", "b3"}) {
		t.Error("three rows went into two")
	}
	p.offer(1, []string{"b"})
	p.grow(2, 100)
	if got := fmt.Sprint(p.all()); got != "[a b   ]" || len(p.all()) != 5 {
		t.Errorf("%q", p.all())
	}
}

// TestCleared: a hang that is over says so, and stays for those who come later.
func TestCleared(t *testing.T) {
	s := look(sample.Incident())
	p := &Verdict{}
	p.Refresh(s)
	seen(t, p, s, 80, 20)
	s = s.Next(diagnose.Diagnose(freed(), diagnose.Options{}))
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), "Nobody waits for a file lock", "Cleared       09:14:10: 12 processes had waited up to 2m14s behind imapd 24870", "drained")
	golden(t, "cleared", seen(t, p, s, 80, 20)+strings.Repeat("=", 40)+"\n"+seen(t, p, s, 40, 10))

	again := sample.Incident() // and another one
	again.Taken = freed().Taken.Add(time.Minute)
	again.Processes[0].Start++
	s = s.Next(diagnose.Diagnose(again, diagnose.Options{}))
	p.Refresh(s)
	has(t, seen(t, p, s, 200, 56), "Earlier       09:14:10: 12 processes had waited")
	if part := s.Part(diagnose.Diagnose(freed(), diagnose.Options{})); len(part.Over()) != 1 {
		t.Error("a look that was broken off ends a hang")
	}
}

// freed is the incident eight seconds later: the holder is gone, everybody had the
// lock, and works or rests.
func freed() evidence.Snapshot {
	s := sample.Incident()
	s.Taken = s.Taken.Add(8 * time.Second)
	s.Files = s.Files[:1]
	s.Processes = s.Processes[1:]
	for i := range s.Processes {
		s.Processes[i].Threads[0].Syscall, s.Processes[i].Threads[0].Frames = "read", nil
		s.Processes[i].Threads[0].SinceS = 1
	}
	return s
}
