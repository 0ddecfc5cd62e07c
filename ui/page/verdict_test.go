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
				has(t, text, a.Command, a.Then)
			}
			has(t, text, "What it means "+strings.Fields(scene.Meaning(r.Class))[0], "Not read", "To be sure", "This look")
			if name == "gaps" {
				has(t, text, "stack of imapd 24876, process 24877, process 24878", "and 3 more: no answer within 1s: see ps", "imapd.conf: permission denied: run as root")
			}
		}
	}
}

// TestTreeKeys folds as a file tree does, and goes from chain to chain.
func TestTreeKeys(t *testing.T) {
	chains := sample.Incident()
	chains.Files = append(chains.Files, sample.Files([3]int{8, 24102, 24103}, [3]int{9, 24100, 24101}).Files...)
	for _, c := range []struct {
		name string
		from evidence.Snapshot
		keys []string
		want string
	}{
		{"opens on the holder", sample.Incident(), nil, ">HOLDS  imapd 24870"},
		{"left folds", sample.Incident(), []string{"left"}, ">HOLDS  imapd 24870  … 12 wait behind it"},
		{"right unfolds", sample.Incident(), []string{"h", "l", "l"}, ">├ 1 imapd 24876"},
		{"right goes in", sample.Incident(), []string{"right"}, ">├ 1 imapd 24876"},
		{"left goes up", sample.Incident(), []string{"end", "left"}, ">└ 3 imapd 24950"},
		{"and folds there", sample.Incident(), []string{"G", "h", "h"}, "… 9 wait behind it"},
		{"and up again", sample.Incident(), []string{"G", "h", "h", "h"}, ">HOLDS  imapd 24870"},
		{"to the file", sample.Incident(), []string{"g", "left"}, ">user/p/jwade.seen   seen, flock                            … 12 wait behind it"},
		{"space folds", sample.Incident(), []string{" "}, ">HOLDS  imapd 24870  … 12 wait behind it"},
		{"and unfolds", sample.Incident(), []string{" ", " ", "down"}, ">├ 1 imapd 24876"},
		{"enter unfolds a count", sample.Incident(), []string{"end", "enter"}, ">  ├ 4 lmtpd 25013"},
		{"space counts again", sample.Incident(), []string{"end", "enter", " "}, ">  └ … 6 more lmtpd"},
		{"the next chain", chains, []string{"n"}, ">HOLDS  process 24100"},
		{"and the next", chains, []string{"n", "n"}, ">HOLDS  imapd 24102"},
		{"and around", chains, []string{"n", "n", "n"}, ">HOLDS  imapd 24870"},
		{"the one before", chains, []string{"N"}, ">HOLDS  imapd 24102"},
		{"into what is folded", chains, []string{"down", "up", "up", "h", "n", "N"}, ">user/p/jwade.seen"},
	} {
		s, p := look(c.from), &Verdict{}
		p.Refresh(s)
		seen(t, p, s, 80, 20)
		press(p, s, c.keys...)
		if got := seen(t, p, s, 80, 20); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
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
	has(t, seen(t, p, s, 80, 20), "imapd 24103 waits for /f8. imapd 24102 holds it", "chain 2 of 2", "kill -TERM 24102")
	press(p, s, "e")
	has(t, seen(t, p, s, 80, 20), "imapd 24103 waits for /f8", "chain 2 of 2", "24102 holds the exclusive flock lock")
	press(p, s, "n")
	has(t, seen(t, p, s, 80, 20), "12 processes wait behind jwade's seen file", "chain 1 of 2")
	has(t, p.Copy(s), "12 processes", "HOLDS  imapd 24870", "kill -TERM 24870", "kill -KILL 24870", "/proc/24870/task/24870/syscall")
	hasNot(t, p.Copy(s), "24103")
}

// TestSelectionIsKept: by process, through looks, counts and folds.
func TestSelectionIsKept(t *testing.T) {
	incident := sample.Incident()
	later := sample.Incident()
	later.Files[2].Waiters = later.Files[2].Waiters[1:]
	freed := sample.Incident() // the holder is gone, the next has the lock
	freed.Files[2].Holders[0].PID, freed.Files[2].Waiters = 24876, freed.Files[2].Waiters[1:]
	for _, c := range []struct {
		name  string
		keys  []string
		after evidence.Snapshot
		want  string
	}{
		{"a row above goes", []string{"down", "down"}, later, ">├ 1 imapd 24901"},
		{"it holds now", []string{"down"}, freed, ">HOLDS  imapd 24876"},
		{"its holder is another", []string{"down", "down"}, freed, ">├ 1 imapd 24901"},
		{"it is gone", nil, freed, ">HOLDS  imapd 24876"},
		{"a count", []string{"end"}, later, ">  └ … 6 more lmtpd"},
		{"one of an unfolded count", []string{"end", "enter", "down"}, later, ">  ├ 5 lmtpd 25014"},
		{"a folded row", []string{"end", "left", "left"}, later, ">└ 2 imapd 24950         jwade  FaMiLy     1m40s  … 9 wait behind it"},
		{"a file", []string{"up"}, later, ">user/p/jwade.seen"},
	} {
		s, p := look(incident), &Verdict{}
		p.Refresh(s)
		seen(t, p, s, 80, 20)
		press(p, s, c.keys...)
		s = s.Next(diagnose.Diagnose(c.after, diagnose.Options{}))
		p.Refresh(s)
		if got := seen(t, p, s, 80, 20); !strings.Contains(got, c.want) {
			t.Errorf("%s: no %q in\n%s", c.name, c.want, got)
		}
	}
}

// TestSeek: who is asked for is selected, or what stands for it.
func TestSeek(t *testing.T) {
	s, p := look(sample.Incident()), &Verdict{}
	p.Refresh(s)
	seen(t, p, s, 80, 20)
	for _, c := range []struct {
		pid  int
		want string
	}{{24950, ">└ 3 imapd 24950"}, {25017, ">  └ … 6 more lmtpd"}, {24870, ">HOLDS  imapd 24870"}, {4711, ">HOLDS  imapd 24870"}} {
		p.Seek(s, c.pid)
		has(t, seen(t, p, s, 80, 20), c.want)
	}
	press(p, s, "left")
	p.Seek(s, 25017)
	has(t, seen(t, p, s, 80, 20), ">HOLDS  imapd 24870  … 12 wait behind it")
	press(p, s, "up")
	p.Seek(s, 24870) // its file stands for it
	has(t, seen(t, p, s, 80, 20), ">user/p/jwade.seen")
}

// TestNobodyHolds: the lock stands for who waits first.
func TestNobodyHolds(t *testing.T) {
	snapshot := sample.Files([3]int{1, 10, 20}, [3]int{2, 11, 21})
	snapshot.Files[0].Holders, snapshot.Files[1].Holders = nil, nil
	snapshot.Files[0].Path, snapshot.Files[1].Path = "", "" // an ordinary user sees no names
	s, p := look(snapshot), &Verdict{}
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), ">HELD   by nobody that can be seen", "inode 1 on")
	if got := p.Selected(s).PID; got != 20 {
		t.Errorf("selected %d, want the waiter 20", got)
	}
	press(p, s, "n")
	if got := p.Selected(s).PID; got != 21 {
		t.Errorf("after n: selected %d, want 21", got)
	}
	p.Refresh(s.Next(s.Report))
	if got := p.Selected(s).PID; got != 21 {
		t.Errorf("after a look: selected %d, want 21", got)
	}
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

// TestEveryRow: unfolded, the rows are as many as processes and files; folded, each
// process has a row that stands for it.
func TestEveryRow(t *testing.T) {
	for name, snapshot := range crowds() {
		s, p := look(snapshot), &Verdict{}
		p.Refresh(s)
		if got := len(s.Rows(scene.Folds{All: true})); got != s.Everyone() {
			t.Errorf("%s: %d rows, want %d", name, got, s.Everyone())
		}
		counted := 0
		for _, r := range p.rows {
			counted += max(1, r.More)
		}
		if counted != s.Everyone() {
			t.Errorf("%s: the rows stand for %d, want %d", name, counted, s.Everyone())
		}
		for _, pid := range []int{10000, 10777, 11999, 24870, 34999} {
			if n := s.Place(pid); n != nil && !p.standFor(n) {
				t.Errorf("%s: nothing stands for %d", name, pid)
			}
		}
	}
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
