package page

import (
	"strings"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

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
