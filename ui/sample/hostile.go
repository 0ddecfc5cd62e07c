package sample

import (
	"fmt"
	"math"
	"math/rand/v2"
	"strings"

	"cyrlock/evidence"
)

// Nasty is text that strangers may put into titles, paths and function names.
var Nasty = []string{
	"\x1b[2J\x1b[H\x1b]0;owned\a", "\x1b]52;c;cm0gLXJmIC8=\a", "\r\n\r\n", "\x9b31m", "日本語のメールボックス", "🇩🇪🇫🇷👩‍👩‍👧‍👦❤️",
	"a" + strings.Repeat("\u0301", 500), strings.Repeat("x", 10_000), strings.Repeat("広", 5000), "\xff\xfe\x80", "\u202egnp.exe", "", "' ; reboot; '", "%s%n", "\t\v\f\x00",
}

// Hostile is the incident with every text replaced by one of Nasty.
func Hostile(r *rand.Rand) evidence.Snapshot {
	s := Incident()
	pick := func() string { return Nasty[r.IntN(len(Nasty))] }
	s.Host.Name, s.Host.Cyrus.Conf, s.Host.Cyrus.Version = pick(), pick(), pick()
	for i := range s.Files {
		f := &s.Files[i]
		f.Path = pick() + "/" + pick()
		f.Deleted = r.IntN(2) == 0
	}
	for i := range s.Processes {
		p := &s.Processes[i]
		p.Exe, p.Comm, p.Title, p.User, p.Mailbox, p.Client, p.Service = pick(), pick(), pick(), pick(), pick(), pick(), pick()
		for j := range p.Threads {
			t := &p.Threads[j]
			t.Syscall, t.Wchan, t.Error = pick(), pick(), pick()
			if t.On != nil {
				t.On.Path = pick()
			}
			for k := range t.Frames {
				f := &t.Frames[k]
				if r.IntN(3) == 0 {
					f.Func, f.Module, f.File = pick(), pick(), pick()
				}
				f.Args = append(f.Args, evidence.Arg{Name: pick(), Value: pick()})
			}
		}
	}
	s.Gaps = []evidence.Gap{{PID: 24876, What: pick(), Why: pick()}, {What: pick(), Why: pick()}}
	return s
}

// Crowd has n waiters behind one holder, each with a stack of its own kind.
func Crowd(n, kinds int) evidence.Snapshot {
	s := Incident()
	seen := &s.Files[2]
	for i := range n {
		pid := 30000 + i
		p := SeenWaiter(pid, "INBOX", float64(i%600))
		p.Threads[0].Frames[5].Func = fmt.Sprintf("caller_%d", i%kinds)
		s.Processes = append(s.Processes, p)
		seen.Waiters = append(seen.Waiters, Waits(pid, 22, float64(i%600), 4+i))
	}
	return s
}

// Surprise is evidence that no machine shows: loops, pids that are not there,
// numbers that are none.
func Surprise(r *rand.Rand) evidence.Snapshot {
	switch r.IntN(5) {
	case 0:
		return evidence.Snapshot{Taken: Incident().Taken}
	case 1:
		return Hostile(r)
	case 2:
		return Crowd(r.IntN(60), 1+r.IntN(4))
	case 3:
		return evidence.Snapshot{Gaps: []evidence.Gap{{What: evidence.LockTable, Why: "permission denied"}}, Taken: Incident().Taken}
	}
	s := Incident()
	pid := func() int { return []int{0, -1, 24870, 24876, 24901, 24950, 25010, 99999, math.MaxInt32}[r.IntN(9)] }
	for i := range s.Files {
		f := &s.Files[i]
		f.Holders, f.Waiters = nil, nil
		for range r.IntN(4) {
			f.Holders = append(f.Holders, evidence.Holder{PID: pid(), FD: r.IntN(5) - 1, Mode: evidence.Write, Lock: evidence.Flock, Description: r.IntN(3)})
		}
		for range r.IntN(6) {
			w := Waits(pid(), r.IntN(5)-1, []float64{-1, 0, 1e18, math.NaN(), math.Inf(1), 5}[r.IntN(6)], 0)
			w.TID = pid()
			f.Waiters = append(f.Waiters, w)
		}
	}
	if r.IntN(2) == 0 {
		s.Processes = s.Processes[:r.IntN(len(s.Processes))]
	}
	return s
}

// Chains are n locks, each with one holder and one waiter.
func Chains(n int) evidence.Snapshot {
	var links [][3]int
	for i := range n {
		links = append(links, [3]int{i + 1, 2*i + 10, 2*i + 11})
	}
	return Files(links...)
}
