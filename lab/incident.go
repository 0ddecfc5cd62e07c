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
	Name string // how it is asked for: "seed"
	// Class is the class of the root cause that a right diagnosis names
	// ("stalled-client"); "slow" and "healthy" where no cause is to be found.
	Class string
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
