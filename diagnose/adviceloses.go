package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"cyrlock/evidence"
)

// ended says what goes with these processes: whose sessions, and what else.
func (a advising) ended(pids []int) string {
	var parts []string
	times := map[string]int{}
	var unseen, stranger, delivers bool
	half := ""
	for _, pid := range pids {
		p := a.g.people[pid]
		if p == nil {
			unseen = true
			continue
		}
		stranger = stranger || !p.Cyrus
		delivers = delivers || program(*p) == "lmtpd"
		if work := Delicate(*p); work != "" && half == "" {
			half = work + " is left half done: " + halfDone(work)
		}
		s := sessionOf(*p)
		if s == "" {
			continue
		}
		// Who shares one open file serves one client.
		if times[s]++; times[s] == 1 {
			parts = append(parts, s)
		}
	}
	for i, s := range parts {
		if n := times[s]; n > 1 && a.r.Class == SharedCrowd {
			parts[i] = fmt.Sprintf("%d times %s", n, s)
		}
	}
	if n := len(parts); n > mostTold {
		parts = append(parts[:mostTold], evidence.Thousands(n-mostTold)+" more sessions")
	}
	say := func(is bool, text string) {
		if is {
			parts = append(parts, text)
		}
	}
	say(len(parts) > 0, `read marks (\Seen) that are not written yet`)
	say(delivers, "a delivery, which the sender tries again")
	say(unseen, "what is not known, for it could not be looked at")
	say(stranger && !unseen, "what it was doing")
	say(half != "", half)
	say(len(parts) == 0, "nobody's session that is known")
	return strings.Join(parts, ", ") + "; no mail that was acknowledged"
}

// sessionOf says whom a process serves; "" for nobody.
func sessionOf(p evidence.Process) string {
	if p.User == "" && p.Client == "" {
		return ""
	}
	out := cmp.Or(p.User, "somebody") + "'s session"
	if p.Client != "" {
		out += " from " + p.Client
	}
	return out
}
