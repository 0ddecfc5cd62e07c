package diagnose

import (
	"strings"
	"testing"

	"cyrlock/evidence"
)

// Waiters without a visible holder. A kernel that forgot to wake somebody cannot
// be had at will, nor another host's lock: this evidence is built by hand, after
// what the kernel shows in the cases that can be provoked.
func TestNobodyHoldsIt(t *testing.T) {
	old := func(f evidence.File) evidence.File {
		f.Reads = 4
		f.Waiters[0].SinceS = 60
		return f
	}
	seen := "/var/imap/user/p/jwade.seen"
	unnamed := func(locker int, kind string) evidence.File {
		f := old(held(seen, nobody, 2))
		f.Holders = []evidence.Holder{{FD: -1, Mode: evidence.Write, Lock: kind, Locker: locker, LockerDead: locker > 0, How: "lock table"}}
		return f
	}
	for _, tt := range []struct {
		name       string
		host       evidence.Host
		file       evidence.File
		gaps       []evidence.Gap
		class      Class
		confidence Confidence
	}{
		{"nobody in any reading, on a local disk", evidence.Host{}, old(held(seen, nobody, 2)), nil, LostWakeup, Guess},
		{"on a file server", evidence.Host{}, func() evidence.File { f := old(held(seen, nobody, 2)); f.FS = "nfs4"; return f }(), nil, ForeignHolder, Likely},
		{"in a container", evidence.Host{Container: true}, old(held(seen, nobody, 2)), nil, ForeignHolder, Likely},
		{"the kernel says pid 0", evidence.Host{}, func() evidence.File {
			f := old(held(seen, nobody, 2))
			f.Holders = []evidence.Holder{{PID: 0, FD: -1, Mode: evidence.Write, Lock: evidence.Flock, How: "lock table"}}
			return f
		}(), nil, ForeignHolder, Certain},
		{"pid 0 for an ordinary user", evidence.Host{UID: 1000}, unnamed(0, evidence.Flock), nil, ForeignHolder, Guess},
		{"pid 0, and not all could be read", evidence.Host{}, unnamed(0, evidence.Flock), []evidence.Gap{{What: "descriptors"}}, ForeignHolder, Guess},
		{"who took it has ended", evidence.Host{}, unnamed(4711, evidence.Flock), nil, ForeignHolder, Likely},
		{"who took it has ended, for an ordinary user", evidence.Host{UID: 1000}, unnamed(4711, evidence.Flock), nil, ForeignHolder, Guess},
		{"an OFD lock, which has no pid", evidence.Host{}, unnamed(0, evidence.OFD), nil, ForeignHolder, Likely},
		{"an OFD lock, for an ordinary user", evidence.Host{UID: 1000}, unnamed(0, evidence.OFD), nil, ForeignHolder, Guess},
		{"an ordinary user", evidence.Host{UID: 1000}, old(held(seen, nobody, 2)), nil, ForeignHolder, Guess},
	} {
		s := evidence.Snapshot{Host: tt.host, Files: []evidence.File{tt.file}, Gaps: tt.gaps}
		r := Diagnose(s, Options{})
		if len(r.Roots) != 1 || r.Roots[0].Class != tt.class || r.Roots[0].Confidence != tt.confidence {
			t.Errorf("%s: %+v, want %s (%s)", tt.name, r.Roots, tt.class, tt.confidence)
			continue
		}
		if root := r.Roots[0]; strings.Contains(root.Sentence, "lives in another PID namespace: ") != (root.Confidence == Certain) || root.Confidence == Guess && root.Doubt == "" {
			t.Errorf("%s: %s: %q, doubt %q", tt.name, root.Confidence, root.Sentence, root.Doubt)
		}
		if r.Verdict != Hung || r.Roots[0].PID != nobody || len(r.Roots[0].Victims) != 1 {
			t.Errorf("%s: %s, root %d, victims %v", tt.name, r.Verdict, r.Roots[0].PID, r.Roots[0].Victims)
		}
	}
}

// A lock that was released between the readings is no lost wake-up.
func TestYoungWaitIsNotLostWakeup(t *testing.T) {
	f := held("/var/imap/user/p/jwade.seen", nobody, 2)
	f.Reads, f.Waiters[0].SinceS = 4, 0.05
	r := Diagnose(evidence.Snapshot{Files: []evidence.File{f}}, Options{})
	for _, root := range r.Roots {
		if root.Class == LostWakeup {
			t.Errorf("believed too early: %s", root.Sentence)
		}
	}
}
