package ui

import (
	"fmt"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// rowsOf draws a tree in plain text.
func rowsOf(t *testing.T, s evidence.Snapshot, keys ...string) []string {
	t.Helper()
	m := screens(t, recorded(s), vt100, 100, 60, keys...)
	p := m.pages[stepVerdict].(*verdictPage)
	var out []string
	for i := range p.nodes {
		out = append(out, strings.TrimRight(p.nodeRow(&m.scene, &p.nodes[i], 100), " "))
	}
	return out
}

func files(pairs ...[3]int) evidence.Snapshot {
	s := evidence.Snapshot{Taken: epoch}
	for _, f := range pairs { // inode, holder, waiter
		s.Files = append(s.Files, evidence.File{Path: fmt.Sprintf("/f%d", f[0]), Ino: uint64(f[0]), Lock: evidence.Flock,
			Holders: []evidence.Holder{{PID: f[1], FD: 3, Mode: evidence.Write, Lock: evidence.Flock}}, Waiters: []evidence.Waiter{waits(f[2], 4, 60, 1)}})
	}
	return s
}

func TestTreeOfACircle(t *testing.T) {
	got := strings.Join(rowsOf(t, files([3]int{1, 10, 20}, [3]int{2, 20, 10}, [3]int{3, 20, 30})), "\n")
	for _, want := range []string{
		"CIRCLE process 10  holds /f1, wants /f2",
		"CIRCLE process 20  holds /f2, wants /f1",
		"`-1 process 30",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
}

func TestTreeWithoutHolder(t *testing.T) {
	s := files([3]int{1, 10, 20})
	s.Files[0].Holders = nil
	got := strings.Join(rowsOf(t, s), "\n")
	if !strings.Contains(got, "HELD   by nobody that can be seen") || !strings.Contains(got, "`-1 process 20") {
		t.Errorf("%s", got)
	}
}

// TestTreeOfAChain: a chain of a hundred keeps its order, and its rows their width.
func TestTreeOfAChain(t *testing.T) {
	var links [][3]int
	for i := range 100 {
		links = append(links, [3]int{i + 1, i + 1, i + 2})
	}
	got := rowsOf(t, files(links...))
	if len(got) != 102 {
		t.Fatalf("%d rows, want the file, the holder and 100 waiters", len(got))
	}
	if !strings.Contains(got[101], "(100 deep) `-1 process 101") {
		t.Errorf("%q", got[101])
	}
}

// TestCountedRow: space shows what a counted row stands for, and counts it again.
func TestCountedRow(t *testing.T) {
	s := screens(t, recorded(crowd(40, 1)), colour, 80, 24)
	press(t, s, "down", "down", "down", "down")
	shows(t, s, "\n>├ … 39 more imapd", "space unfold")
	press(t, s, " ")
	shows(t, s, "imapd 30001", "rows")
	hides(t, s, "more imapd")
	press(t, s, " ")
	shows(t, s, "… 39 more imapd")
}
