package conf

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Facilities is their number; RFC 5424 has 24, and rsyslog and syslog-ng take no more.
const Facilities = 24

// Severities, as in syslog(3).
const (
	Err    = 3
	Notice = 5
	Info   = 6
	Debug  = 7
)

// facilityNames are at their numbers; those without a name of their own have none.
func facilityNames() []string {
	return []string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp",
		"12", "13", "14", "15", "local0", "local1", "local2", "local3", "local4", "local5", "local6", "local7"}
}

func severityNames() []string {
	return []string{"emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"}
}

// FacilityName is its name in a selector: "mail", "local6".
func FacilityName(n int) string {
	if n < 0 || n >= Facilities {
		return strconv.Itoa(n)
	}
	return facilityNames()[n]
}

// SeverityName is "debug" for 7.
func SeverityName(n int) string {
	if n < 0 || n > Debug {
		return strconv.Itoa(n)
	}
	return severityNames()[n]
}

// Facility is the number of a name, in any case: "LOCAL6" is 22.
func Facility(name string) (int, bool) {
	name = strings.ToLower(name)
	if name == "security" {
		name = "auth"
	}
	return numbered(name, facilityNames())
}

func severity(name string) (int, bool) {
	name = strings.ToLower(name)
	switch name {
	case "panic":
		name = "emerg"
	case "error":
		name = "err"
	case "warn":
		name = "warning"
	}
	return numbered(name, severityNames())
}

func numbered(name string, names []string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, n >= 0 && n < len(names)
	}
	n := slices.Index(names, name)
	return n, n >= 0
}

// A Set is of kinds of message: bit s of element f is set for level s of facility f.
type Set [Facilities]uint8

// All is every message.
func All() (s Set) { return s.not() }

func (s Set) not() Set {
	for f := range s {
		s[f] = ^s[f]
	}
	return s
}

func (s Set) and(o Set) Set {
	for f := range s {
		s[f] &= o[f]
	}
	return s
}

func (s Set) or(o Set) Set {
	for f := range s {
		s[f] |= o[f]
	}
	return s
}

// A Cond is a condition as far as it hangs on facility and level: which messages surely
// meet it, and which surely do not. Those in neither set may meet it.
type Cond struct{ Yes, No Set }

// Asks tells whether a message meets the condition, if that is known.
func (c Cond) Asks(facility, severity int) (yes, known bool) {
	bit := uint8(1) << severity
	return c.Yes[facility]&bit != 0, (c.Yes[facility]|c.No[facility])&bit != 0
}

func always() Cond             { return of(All()) }
func of(s Set) Cond            { return Cond{Yes: s, No: s.not()} }
func (c Cond) not() Cond       { return Cond{Yes: c.No, No: c.Yes} }
func (c Cond) and(o Cond) Cond { return Cond{Yes: c.Yes.and(o.Yes), No: c.No.or(o.No)} }
func (c Cond) or(o Cond) Cond  { return Cond{Yes: c.Yes.or(o.Yes), No: c.No.and(o.No)} }

// sure tells whether the condition hangs on nothing else.
func (c Cond) sure() bool { return c.Yes.or(c.No) == All() }

// selector reads "*.info;mail,cron.none;local6.=debug", as in rsyslog.conf(5): parts
// apply from left to right.
func selector(text string) (s Set, err error) {
	for part := range strings.SplitSeq(strings.TrimSuffix(text, ";"), ";") {
		names, level, found := strings.Cut(strings.TrimSpace(part), ".")
		if !found {
			return s, fmt.Errorf("selector %.60q: want facility.level", text)
		}
		bits, clears, err := levels(strings.ToLower(level))
		if err != nil {
			return s, fmt.Errorf("selector %.60q: %w", text, err)
		}
		for name := range strings.SplitSeq(names, ",") {
			if name == "*" {
				for f := range s {
					s.set(f, bits, clears)
				}
				continue
			}
			if f, ok := Facility(strings.TrimSpace(name)); ok {
				s.set(f, bits, clears)
			} else if !strings.EqualFold(name, "mark") { // rsyslog's own "-- MARK --"
				return s, fmt.Errorf("selector %.60q: no facility %.20q", text, name)
			}
		}
	}
	return s, nil
}

func (s *Set) set(facility int, bits uint8, clears bool) {
	if clears {
		s[facility] &^= bits
	} else {
		s[facility] |= bits
	}
}

// levels reads what follows the dot: which bits it sets or clears.
func levels(text string) (bits uint8, clears bool, err error) {
	text, clears = strings.CutPrefix(text, "!")
	text, single := strings.CutPrefix(text, "=")
	if text == "*" {
		return 0xff, clears, nil
	}
	if text == "none" {
		return 0xff, true, nil
	}
	n, ok := severity(text)
	if !ok {
		return 0, false, fmt.Errorf("no level %.20q", text)
	}
	if single {
		return 1 << n, clears, nil
	}
	return uint8(1<<(n+1) - 1), clears, nil
}
