package route

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"cyrlock/probe/syslog/conf"
)

// repair says what makes lost levels come out: each gets into the file where the others
// are, else into one of its own.
func (r *Route) repair(c conf.Config, lost []string) {
	target := "/var/log/cyrus.log"
	for _, l := range r.Levels {
		if len(l.Files) > 0 {
			target = l.Files[0]
		}
	}
	if len(lost) == 0 {
		return
	}
	change := Change{What: fmt.Sprintf("let %s write %s.%s to %s", c.Daemon, r.Facility, strings.Join(lost, ","), target)}
	stopped := slices.ContainsFunc(c.Rules, func(rule conf.Rule) bool {
		if rule.Kind != conf.Stop {
			return false
		}
		yes, known := rule.When.Asks(r.facility, conf.Debug)
		return yes || !known
	})
	// After "!program" the end of the file would be for that program alone.
	stopped = stopped || slices.ContainsFunc(c.Rules, func(rule conf.Rule) bool { return strings.HasPrefix(rule.Why, "it is only for") })
	if c.Daemon == "rsyslog" {
		if c.RuleSet != "" {
			change.What += fmt.Sprintf(": add a rule to its rule set %.60q", c.RuleSet)
			r.Changes = append(r.Changes, change)
			return
		}
		var selectors []string
		for _, name := range lost {
			selectors = append(selectors, r.Facility+".="+name)
		}
		change.Put = strings.Join(selectors, ";") + "\t-" + target
		if len(lost) == len(r.Levels) {
			change.Put = r.Facility + ".*\t-" + target
		}
		r.put(&change, c, stopped, "10-cyrus.conf")
		change.Command = fmt.Sprintf("rsyslogd -N1 -f %s && %s", c.Files[0], restart("rsyslog"))
	} else {
		source := c.Source
		if source == "" {
			source = "s_src"
		}
		change.Put = fmt.Sprintf("log { source(%s); filter { facility(%s) and level(%s); }; destination { file(%q); }; };", source, r.Facility, strings.Join(lost, ", "), target)
		if len(lost) == len(r.Levels) {
			change.Put = fmt.Sprintf("log { source(%s); filter { facility(%s); }; destination { file(%q); }; };", source, r.Facility, target)
		}
		if i := slices.IndexFunc(c.Rules, func(rule conf.Rule) bool { return rule.Kind == conf.Stop }); i >= 0 {
			change.File, change.Line = c.Rules[i].File, c.Rules[i].Line
		} else {
			r.put(&change, c, false, "cyrus.conf")
		}
		change.Command = "syslog-ng --syntax-only && " + restart("syslog-ng")
	}
	r.Changes = append(r.Changes, change)
}

// put chooses the place of a new rule: a file of its own in a folder that is included,
// else the end of the main file; before everything where rules stop messages.
func (r *Route) put(change *Change, c conf.Config, stopped bool, name string) {
	change.File = c.Files[0]
	if stopped {
		change.Line = 1
		return
	}
	for _, o := range c.Includes {
		pattern := o.Value
		if strings.HasSuffix(pattern, "/") {
			pattern += "*"
		}
		if ok, err := filepath.Match(filepath.Base(pattern), name); ok && err == nil && filepath.IsAbs(pattern) && !strings.ContainsAny(filepath.Dir(pattern), "*?[") {
			change.File = filepath.Join(filepath.Dir(pattern), name)
			return
		}
	}
}

func start(service string) string {
	if systemd() {
		return "systemctl start " + service
	}
	return "service " + service + " start"
}

func restart(service string) string {
	if systemd() {
		return "systemctl restart " + service
	}
	return "service " + service + " restart"
}
