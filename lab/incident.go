// Package lab makes practice incidents: real processes, really hung.
//
// An incident is a small mail server of our own (see mailserver/), written in C
// so that its processes, system calls and stacks are those of the real thing,
// together with the clients that bring it into trouble. Nothing in it pretends:
// who waits, waits in flock(2); who writes to a stalled client, sleeps in
// write(2) with a full TCP send queue.
//
// Promise: whatever happens to the program that called [Start], even SIGKILL,
// every process of the incident ends and its folder is removed.
package lab

// An Incident describes one hang to practise on.
type Incident struct {
	Name  string // how it is asked for: "seed"
	Class string // the verdict that a right diagnosis comes to: "stalled-client"
	Title string // one line
	Story string // two or three plain sentences for a learner: what users see, not the cause
}

// Seed is the name of the incident of the report that this project grew from:
// flock on a .seen file, imapds behind it, lmtpds behind those.
const Seed = "seed"

// A script brings a fresh stage into the incident's state.
type script func(*stage) error

type incident struct {
	Incident
	play script
}

// Incidents lists what can be started, the seed first.
func Incidents() []Incident {
	var list []Incident
	for _, i := range incidents() {
		list = append(list, i.Incident)
	}
	return list
}

func incidents() []incident {
	return []incident{
		{Incident{
			Name: Seed, Class: "stalled-client",
			Title: "Nobody can open jwade's mail, and deliveries stop",
			Story: "Several imapds hang for one user, jwade, and new sessions of this user join them. " +
				"A little later incoming mail stops too: the lmtpds wait for one of jwade's mailboxes. " +
				"Restarting the mail program does not help.",
		}, playSeed},
	}
}
