package page

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"cyrlock/diagnose"
	"cyrlock/evidence"
	"cyrlock/ui/sample"
	"cyrlock/ui/scene"
)

// TestEveryChoice: each answer to each recorded hang says what it does, whom it
// frees and what is lost, and its command is copied.
func TestEveryChoice(t *testing.T) {
	for name, s := range recordings(t) {
		p := &Fix{}
		p.Refresh(s)
		r := &s.Report.Roots[0]
		var titles []string
		for i := range p.choices {
			c := p.choice()
			titles = append(titles, c.Title)
			view := seen(t, p, s, 80, 20)
			text := strings.Join(strings.Fields(view), " ")
			has(t, text, fmt.Sprintf(">%d %s", i+1, c.Title), c.Command)
			if strings.Contains(view[strings.Index(view, "preview"):], "…") {
				t.Errorf("%s: the preview is cut:\n%s", name, view)
			}
			if i < len(r.Advice) && r.Advice[i].Action == "end" {
				has(t, text, "To whom", "Frees", "What is lost")
				has(t, seen(t, p, s, 80, 26), "What it does")
				for _, pid := range r.Advice[i].PIDs {
					has(t, text, s.Name(pid))
				}
			}
			if got := p.Copy(s); got != c.Command {
				t.Errorf("%s: y copies %q, want %q", name, got, c.Command)
			}
			looks := &Fix{List: p.List, choices: p.choices, id: p.id, cannot: "read-only"}
			old := strings.Join(strings.Fields(seen(t, looks, s, 80, 20)), " ")
			switch fixes := strings.HasPrefix(c.Command, "cyrlock fix "); {
			case fixes:
				has(t, text, "enter shows the whole plan and asks")
				has(t, old, "read-only: y copies the command")
				hasNot(t, old, "enter shows")
				if press(looks, s, "enter") != nil || press(looks, s, "u") != nil {
					t.Errorf("%s: %s is reachable where nothing may be changed", name, c.Title)
				}
			case c.Command != "":
				has(t, text, "cyrlock does not run it: y copies the command")
				has(t, old, "cyrlock does not run it: y copies the command")
			}
			if c.Command != "" {
				has(t, strings.Join(strings.Fields(seen(t, p, s, 40, 10)), " "), c.Command)
			} else {
				hasNot(t, text, "y copies")
			}
			press(p, s, "j")
		}
		if !slices.Contains(titles, "wait") {
			t.Errorf("%s: to do nothing is no choice: %q", name, titles)
		}
	}
}

// chains are three hangs, each of another kind.
func chains() evidence.Snapshot {
	s := sample.Incident()
	s.Files = append(s.Files, sample.Files([3]int{8, 24102, 24103}, [3]int{91, 24101, 42}, [3]int{92, 42, 24101}).Files...)
	return s
}

// TestFixFollowsTheChain: by the process that somebody comes with, by n, and from
// look to look.
func TestFixFollowsTheChain(t *testing.T) {
	s, p := look(chains()), &Fix{}
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), "imapd 24870 holds jwade's seen file, 12 wait behind it (chain 1 of 3)", ">1 end imapd 24870")
	p.Seek(s, 24103)
	has(t, seen(t, p, s, 80, 20), "imapd 24102 holds /f8, 1 waits behind it (chain 2 of 3)")
	if got := p.Selected(s).PID; got != 24103 {
		t.Errorf("it stands on %d, want who was brought", got)
	}
	press(p, s, "j")
	has(t, seen(t, p, s, 80, 20), ">2 wait")
	s = s.Next(s.Report)
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), "imapd 24102 holds /f8", ">2 wait")
	press(p, s, "n")
	has(t, seen(t, p, s, 80, 20), "2 processes wait for each other (chain 3 of 3)", ">1 end imapd 24101", "wait for each other, and t…")
	press(p, s, "n")
	has(t, seen(t, p, s, 80, 20), "imapd 24870 holds jwade's seen file", ">1 end imapd 24870")
	press(p, s, "n", "N")
	if got := p.Selected(s).PID; got != 24870 {
		t.Errorf("after N it stands on %d, want the holder", got)
	}

	working := chains() // it works: to wait is the best, until it stops
	working.Processes[0].Threads[0].Moved = true
	s = s.Next(diagnose.Diagnose(working, diagnose.Options{}))
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), ">1 wait")
	s = s.Next(diagnose.Diagnose(chains(), diagnose.Options{}))
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), ">1 end imapd 24870")

	p.Seek(s, 24876) // waits behind 24870, and then has the lock
	freed := chains()
	freed.Files[2].Holders[0].PID, freed.Files[2].Waiters = 24876, freed.Files[2].Waiters[1:]
	s = s.Next(diagnose.Diagnose(freed, diagnose.Options{}))
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), ">1 look", "2 end imapd 24876")

	s = s.Next(diagnose.Diagnose(sample.Files([3]int{8, 24102, 24103}), diagnose.Options{}))
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), "process 24102 holds /f8")
	if press(p, s, "esc") != (Back{}) {
		t.Error("esc does not lead back")
	}
}

// TestNothingToFix: what to do before the next hang, and the timed lock against it.
func TestNothingToFix(t *testing.T) {
	healthy := sample.Incident()
	healthy.Files, healthy.Processes = nil, nil
	s, p := look(healthy), &Fix{}
	p.Refresh(s)
	press(p, s, "n", "N", "enter")
	golden(t, "nothing-to-fix", seen(t, p, s, 80, 20)+strings.Repeat("=", 40)+"\n"+seen(t, p, s, 40, 10))
	hasNot(t, seen(t, p, s, 80, 20), "as root")
	if p.Copy(s) != "" || p.Selected(s) != (scene.Target{}) {
		t.Error("there is something to copy")
	}
	press(p, s, "j")
	has(t, seen(t, p, s, 80, 20), ">2 timed lock", "enter shows the whole plan")
	if got := p.Copy(s); got != "cyrlock fix shim install" && got != "cyrlock fix source DIR" {
		t.Errorf("y copies %q", got)
	}
	press(p, s, "G")
	s = s.Next(s.Report)
	p.Refresh(s)
	has(t, seen(t, p, s, 80, 20), ">3 timed lock")
	p.Allow("read-only")
	has(t, seen(t, p, s, 80, 20), "read-only: y copies the command")
	if press(p, s, "enter") != nil || press(p, s, "u") != nil {
		t.Error("something can be done although nothing may be")
	}
	healthy.Host.Cyrus = evidence.Cyrus{} // no mail server that it could be about
	s, p = look(healthy), &Fix{}
	p.Refresh(s)
	hasNot(t, seen(t, p, s, 80, 20), "timed lock")
	healthy.Host.UID = 1000
	healthy.Gaps = []evidence.Gap{{What: evidence.LockTable, Why: "permission denied: run as root"}}
	s = look(healthy)
	p.Refresh(s)
	has(t, strings.Join(strings.Fields(seen(t, p, s, 80, 20)), " "), "Nothing can be advised: too little could be seen. The lock table could not be read: permission denied: run as root.", "- run cyrlock as root")
}

// TestWhoIsEnded: what runs beside the mail server is named with its user and its
// command line, and a process that was not looked at says so.
func TestWhoIsEnded(t *testing.T) {
	s := sample.Files([3]int{1, 10, 20}, [3]int{2, 11, 21})
	s.Host.Cyrus.Master = 801
	s.Files[0].Path = "/var/imap/user/p/jwade.seen"
	s.Files[1].Path = "/var/imap/user/p/lsmith.seen"
	s.Processes = []evidence.Process{{PID: 10, Start: 5, StartedAgoS: 40 * 3600, UID: 33, Exe: "/usr/bin/rsync", Comm: "rsync", Title: "rsync -a /var/imap /backup",
		Threads: []evidence.Thread{{TID: 10, State: "S", Syscall: "read"}}}}
	scene, p := look(s), &Fix{}
	p.Refresh(scene)
	p.Seek(scene, 20)
	press(p, scene, "j")
	text := strings.Join(strings.Fields(seen(t, p, scene, 80, 20)), " ")
	has(t, text, "rsync 10, started 2026-11-21 17:14:02 (1d16h ago), run by user 33: rsync -a /var/imap /backup", "risk some", "ask who runs it")
	p.Seek(scene, 21)
	press(p, scene, "j")
	has(t, strings.Join(strings.Fields(seen(t, p, scene, 80, 20)), " "), "process 11, which was not looked at: see first what it is (ps 11)", "what is not known, for it could not be looked at")
}
