package diagnose

import (
	"slices"
	"testing"

	"cyrlock/evidence"
)

// held builds a file that holder has and the waiters want.
func held(path string, holder int, waiters ...int) evidence.File {
	f := evidence.File{Path: path, Lock: evidence.Flock}
	if holder != nobody {
		f.Holders = []evidence.Holder{{PID: holder, FD: 3, Mode: evidence.Write, Lock: evidence.Flock, How: "fdinfo"}}
	}
	for _, pid := range waiters {
		f.Waiters = append(f.Waiters, evidence.Waiter{PID: pid, TID: pid, FD: 4, Mode: evidence.Write, Lock: evidence.Flock})
	}
	return f
}

func causesOf(files ...evidence.File) []cause {
	s := Annotate(evidence.Snapshot{Files: files})
	return newGraph(&s).causes()
}

func TestCauses(t *testing.T) {
	for _, tt := range []struct {
		name    string
		files   []evidence.File
		members [][]int
		victims [][]int
		deadly  []bool
	}{
		{"a chain has one end", []evidence.File{held("a", 1, 2, 3), held("b", 2, 4), held("c", 4, 5)},
			[][]int{{1}}, [][]int{{2, 3, 4, 5}}, []bool{false}},
		{"two chains have two", []evidence.File{held("a", 1, 2), held("b", 3, 4)},
			[][]int{{1}, {3}}, [][]int{{2}, {4}}, []bool{false, false}},
		{"a cycle of three, and one behind it", []evidence.File{held("a", 1, 2), held("b", 2, 3), held("c", 3, 1, 9)},
			[][]int{{1, 2, 3}}, [][]int{{9}}, []bool{true}},
		{"a process waits for itself", []evidence.File{held("a", 1, 1, 2)},
			[][]int{{1}}, [][]int{{2}}, []bool{true}},
		{"a cycle that also waits for another is still one", []evidence.File{held("a", 1, 2), held("b", 2, 1), held("c", 7, 1)},
			[][]int{{1, 2}, {7}}, [][]int{{}, {1, 2}}, []bool{true, false}},
		{"nobody holds it", []evidence.File{held("a", nobody, 2, 3), held("b", 2, 4)},
			[][]int{{nobody}}, [][]int{{2, 3, 4}}, []bool{false}},
		{"idle workers are not in the graph", []evidence.File{held("/var/imap/socket/imap-0.lock", 1, 2, 3)},
			nil, nil, nil},
	} {
		got := causesOf(tt.files...)
		slices.SortFunc(got, func(a, b cause) int { return a.members[0] - b.members[0] })
		if len(got) != len(tt.members) {
			t.Errorf("%s: %d causes, want %d: %+v", tt.name, len(got), len(tt.members), got)
			continue
		}
		for i, c := range got {
			if !slices.Equal(c.members, tt.members[i]) || !slices.Equal(c.victims, tt.victims[i]) || c.deadly != tt.deadly[i] {
				t.Errorf("%s: members %v victims %v deadly %v, want %v %v %v", tt.name, c.members, c.victims, c.deadly, tt.members[i], tt.victims[i], tt.deadly[i])
			}
		}
	}
}

// Readers that together keep a writer out are one cause.
func TestCrowdIsOneCause(t *testing.T) {
	f := held("a", nobody, 9)
	for pid := 1; pid <= 3; pid++ {
		f.Holders = append(f.Holders, evidence.Holder{PID: pid, FD: 3, Mode: evidence.Read, Lock: evidence.Flock, Description: pid})
	}
	got := causesOf(f)
	if len(got) != 1 || !slices.Equal(got[0].members, []int{1, 2, 3}) {
		t.Fatalf("causes: %+v", got)
	}
}

// A hang of thousands must not take seconds to think about.
func TestLongChain(t *testing.T) {
	var files []evidence.File
	for pid := 1; pid < 5000; pid++ {
		files = append(files, held(string(rune('a'+pid%26)), pid, pid+1))
	}
	got := causesOf(files...)
	if len(got) != 1 || got[0].members[0] != 1 || len(got[0].victims) != 4999 {
		t.Fatalf("%d causes", len(got))
	}
}

// Whatever a snapshot says, there is a report, and it can be drawn.
func FuzzDiagnose(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8, 9}, "/var/imap/user/p/jwade.seen", "write")
	f.Add([]byte{1, 1, 0, 0, 2, 2, 1, 2, 2, 1}, "x\x1b[31m|\n", "")
	f.Fuzz(func(t *testing.T, links []byte, path, call string) {
		var s evidence.Snapshot
		for i := 0; i+3 < len(links) && i < 400; i += 3 {
			file := held(path+string(links[i:i+1]), int(links[i]%16), int(links[i+1]%16), int(links[i+2]%16))
			if links[i]&128 != 0 && len(file.Holders) > 0 {
				file.Holders[0].Mode = evidence.Read
				file.Holders[0].LockerDead = links[i+1]&128 != 0
				file.Holders[0].Locker = int(links[i+2])
			}
			s.Files = append(s.Files, file)
			s.Processes = append(s.Processes, evidence.Process{PID: int(links[i] % 16), State: call, Cyrus: links[i]&64 != 0, Exe: path,
				Threads: []evidence.Thread{{TID: int(links[i] % 16), Syscall: call, State: call, Frames: []evidence.Frame{{Func: call}, {Func: path}}}}})
		}
		r := Diagnose(s, Options{})
		if r.Summary == "" || r.Verdict == "" {
			t.Fatal("a report without words")
		}
		for _, root := range r.Roots {
			if len(r.Tree(root)) == 0 || root.Class == "" || root.Sentence == "" || len(root.Advice) == 0 {
				t.Fatalf("an empty root: %+v", root)
			}
		}
		for _, c := range r.Summary {
			if c < ' ' || c == 0x7f {
				t.Fatalf("a control character reached the summary: %q", r.Summary)
			}
		}
		r.Buckets()
	})
}
