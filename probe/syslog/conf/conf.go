// Package conf reads what log daemons were told: where rsyslog and syslog-ng put which
// messages, and what journald keeps.
//
// It never guesses: a rule that hangs on more than facility and level, or that it does
// not understand, may pass a message, and says so. Every read has a limit in time and
// in size, and nothing is run.
package conf

import (
	"path"
	"slices"
)

// A Config is what one log daemon was told to do with messages.
type Config struct {
	Daemon string   // "rsyslog" or "syslog-ng"
	Files  []string // that were read, the first is the main one
	Rules  []Rule   // in the order in which a message meets them

	Modules map[string]Module // rsyslog's, by name: imuxsock, imjournal …
	Globals map[string]Option // rsyslog's old directives and global(), in lower case
	Sockets []string          // that a source of syslog-ng names; nil: by default, or not told
	Source  string            // name of syslog-ng's source of this machine's own messages

	Includes []Option // patterns of further files, in order
	RuleSet  string   // in which rsyslog's local messages begin; empty: the default one

	rulesets map[string][]Rule
}

// A Module is an input of rsyslog with its parameters, names in lower case.
type Module map[string]Option

// An Option is a setting and where it stands.
type Option struct {
	Value string
	Place
}

// A Place is a line of a file.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // from 1
}

// A Kind is what a rule does with a message.
type Kind string

const (
	ToFile    Kind = "file"    // append it to Path
	Stop      Kind = "stop"    // no later rule sees it
	ToJournal Kind = "journal" // hand it to journald
	ToOther   Kind = "other"   // send it away, show it to a user, not understood

	call Kind = "call" // go on in the rule set Path, then come back
)

// A Rule is one action and which messages come to it.
type Rule struct {
	Place
	Text string // as it is written, in one line, cut
	When Cond
	Kind Kind
	Path string // of a file; empty: its name depends on the message
	Why  string // why it is only maybe, where it is
}

// A Hit is a rule that a message comes to.
type Hit struct {
	Rule
	Sure bool // false: it hangs on more than facility and level
}

// Route follows one message through the rules: the hits in order, stops among them. A
// sure stop is the last.
func (c Config) Route(facility, severity int) []Hit {
	if facility < 0 || facility >= Facilities || severity < 0 || severity > Debug {
		return nil
	}
	w := walk{config: c, facility: facility, severity: severity, sure: true, left: 10_000}
	w.through(c.Rules)
	return w.hits
}

// walk is one message on its way.
type walk struct {
	config             Config
	facility, severity int
	sure               bool // that it is still on its way
	hits               []Hit
	within             []string // rule sets, against circles
	left               int      // hits, against rule sets that call each other in a fan
}

// through goes through rules, and tells whether the message goes on after them.
func (w *walk) through(rules []Rule) bool {
	for _, r := range rules {
		yes, known := r.When.Asks(w.facility, w.severity)
		if known && !yes {
			continue
		}
		if w.left--; w.left < 0 {
			return false
		}
		before := w.sure
		sure := w.sure && known && r.Why == ""
		if r.Kind == call {
			if slices.Contains(w.within, r.Path) || len(w.within) > 16 {
				continue
			}
			seen := len(w.hits)
			w.sure = sure
			w.within = append(w.within, r.Path)
			on := w.through(w.config.rulesets[r.Path])
			w.within = w.within[:len(w.within)-1]
			if !on {
				return false
			}
			w.sure = before && !slices.ContainsFunc(w.hits[seen:], func(h Hit) bool { return h.Kind == Stop })
			continue
		}
		w.hits = append(w.hits, Hit{r, sure})
		if r.Kind == Stop {
			if sure {
				return false
			}
			w.sure = false
		}
	}
	return true
}

// Paths are the files that some message of a facility reaches or may reach, those of
// the most messages first. They need not exist.
func (c Config) Paths(facility int) []string {
	levels := map[string]int{}
	var paths []string
	for severity := 0; severity <= Debug; severity++ {
		for _, h := range c.Route(facility, severity) {
			if h.Kind != ToFile || h.Path == "" || path.Dir(h.Path) == "/dev" {
				continue
			}
			if _, there := levels[h.Path]; !there {
				paths = append(paths, h.Path)
			}
			levels[h.Path]++
		}
	}
	slices.SortStableFunc(paths, func(a, b string) int { return levels[b] - levels[a] })
	return paths
}
