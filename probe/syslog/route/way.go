package route

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"cyrlock/probe/syslog/conf"
)

// way finds who listens and what becomes of each level there.
func (r *Route) way(ctx context.Context, req Request) (errs []error) {
	r.socket = socketOf(req)
	place := []conf.Place{{File: r.socket}}
	if err := dial(ctx, r.socket); err != nil {
		what := "nobody listens at " + r.socket
		v := No
		switch {
		case errors.Is(err, fs.ErrNotExist):
			what = r.socket + " is not there: nobody takes log messages"
		case !strings.Contains(err.Error(), "refused"):
			v, what = Unknown, fmt.Sprintf("%s could not be opened: %v", r.socket, err)
		}
		r.check("who takes messages", v, place, "%s", what)
		r.each(func(l *Level) { l.Verdict, l.Why = v, what })
		if v == No {
			r.Changes = append(r.Changes, Change{What: "start a log daemon, for instance rsyslog", Command: start("rsyslog")})
		}
		return nil
	}
	found, err := listeners(ctx, r.socket)
	if err != nil {
		errs = append(errs, err)
	}
	pick := func(name string) (listener, bool) {
		i := slices.IndexFunc(found, func(l listener) bool { return strings.HasPrefix(l.name, name) })
		if i < 0 {
			return listener{}, false
		}
		return found[i], true
	}
	if l, ok := pick("rsyslogd"); ok {
		r.check("who takes messages", Yes, place, "rsyslogd, process %d, listens at %s", l.pid, r.socket)
		return append(errs, r.rsyslog(ctx, l, nil)...)
	}
	if l, ok := pick("syslog-ng"); ok {
		r.check("who takes messages", Yes, place, "syslog-ng, process %d, listens at %s", l.pid, r.socket)
		return append(errs, r.syslogNG(ctx, l, nil)...)
	}
	if l, ok := pick("systemd-journal"); ok {
		r.check("who takes messages", Yes, place, "systemd-journald, process %d, listens at %s", l.pid, r.socket)
		return append(errs, r.journald(ctx)...)
	}
	what := "somebody listens at " + r.socket + ", but who could not be found"
	if len(found) > 0 {
		what = fmt.Sprintf("%.40s, process %d, listens at %s; what it does with messages is not known to cyrlock", found[0].name, found[0].pid, r.socket)
	}
	r.check("who takes messages", Unknown, place, "%s", what)
	r.each(func(l *Level) { l.Why = what })
	return errs
}

func (r *Route) each(f func(*Level)) {
	for i := range r.Levels {
		f(&r.Levels[i])
	}
}

// rsyslog follows the messages through its configuration. Behind journald it gets what
// that hands on, and what it drops is in the journal still.
func (r *Route) rsyslog(ctx context.Context, l listener, behind *handedOn) (errs []error) {
	file := argument(l.args, "-f", "/etc/rsyslog.conf")
	c, err := conf.Rsyslog(ctx, file)
	if err != nil {
		errs = append(errs, err)
	}
	if len(c.Files) == 0 {
		r.check("rsyslog", Unknown, []conf.Place{{File: file}}, "its configuration could not be read")
		r.each(func(l *Level) { l.Why = "rsyslog's configuration could not be read" })
		return errs
	}
	r.rules(c, behind.to(c))
	socket := c.Modules["imuxsock"]
	r.rate("rsyslog", "one process", socket["syssock.ratelimit.interval"], socket["syssock.ratelimit.burst"], "0", "200")
	if behind != nil {
		journal := c.Modules["imjournal"]
		if journal != nil {
			r.rate("rsyslog's reader of the journal", "all processes together", journal["ratelimit.interval"], journal["ratelimit.burst"], "600", "20000")
		}
	}
	if o, ok := c.Globals["privdroptouser"]; ok {
		r.check("rsyslog's user", Unknown, []conf.Place{o.Place}, "rsyslog runs as %.40s: that user must be able to write the files", o.Value)
	}
	return errs
}

// syslogNG is the same for syslog-ng.
func (r *Route) syslogNG(ctx context.Context, l listener, behind *handedOn) (errs []error) {
	file := argument(l.args, "-f", argument(l.args, "--cfgfile", "/etc/syslog-ng/syslog-ng.conf"))
	c, err := conf.SyslogNG(ctx, file)
	if err != nil {
		errs = append(errs, err)
	}
	if len(c.Files) == 0 {
		r.check("syslog-ng", Unknown, []conf.Place{{File: file}}, "its configuration could not be read")
		r.each(func(l *Level) { l.Why = "syslog-ng's configuration could not be read" })
		return errs
	}
	r.rules(c, behind.to(c))
	return errs
}

// rules asks a configuration about each level, and says what to change where one is
// lost. reach tells which levels get that far; nil: all.
func (r *Route) rules(c conf.Config, reach []Verdict) {
	for _, name := range c.Paths(r.facility) {
		if !slices.Contains(r.Files, name) {
			r.Files = append(r.Files, name)
		}
	}
	var lost []string
	for i := range r.Levels {
		l := &r.Levels[i]
		selector := r.Facility + "." + l.Name
		if reach != nil && reach[i] == No {
			r.check(c.Daemon, No, []conf.Place{{File: c.Files[0]}}, "journald does not hand %s on to %s", selector, c.Daemon)
			continue
		}
		hits := c.Route(r.facility, l.severity)
		var maybe, stop *conf.Hit
		var read []conf.Place
		for j := range hits {
			h := &hits[j]
			switch {
			case h.Kind == conf.ToFile && h.Sure && h.Path != "" && filepath.Dir(h.Path) != "/dev":
				l.Files = append(l.Files, h.Path)
				read = append(read, h.Place)
			case h.Kind == conf.Stop && h.Sure:
				stop = h
			case !h.Sure || h.Kind == conf.ToFile && h.Path == "":
				maybe = h
			}
		}
		before := l.Journal && l.Verdict == Yes
		switch {
		case len(l.Files) > 0 && reach != nil && reach[i] == Unknown:
			what := fmt.Sprintf("%s writes %s to %s, if journald hands it on, which is not known", c.Daemon, selector, strings.Join(l.Files, " and "))
			l.Files = nil
			if !before {
				l.Verdict, l.Why = Unknown, what
			}
			r.check(c.Daemon, Unknown, read, "%s", what)
		case len(l.Files) > 0:
			l.Verdict, l.Why = Yes, ""
			r.check(c.Daemon, Yes, read, "%s writes %s to %s", c.Daemon, selector, strings.Join(l.Files, " and "))
		case maybe != nil:
			what := fmt.Sprintf("%s has rules for %s that hang on more than facility and level: %s (%s, line %d)", c.Daemon, selector, maybe.Text, maybe.File, maybe.Line)
			if !before {
				l.Verdict, l.Why = Unknown, what
			}
			r.check(c.Daemon, Unknown, []conf.Place{maybe.Place}, "%s", what)
		default:
			what := fmt.Sprintf("%s writes %s to no file", c.Daemon, selector)
			read = []conf.Place{{File: c.Files[0]}}
			if stop != nil {
				what += fmt.Sprintf(": %s line %d stops it (%s)", stop.File, stop.Line, stop.Text)
				read = []conf.Place{stop.Place}
			}
			r.check(c.Daemon, No, read, "%s", what)
			if !before {
				l.Verdict, l.Why = No, what
				lost = append(lost, l.Name)
			}
		}
	}
	r.repair(c, lost)
}

// rate notes a limit of messages per time.
func (r *Route) rate(who, whose string, interval, burst conf.Option, interval0, burst0 string) {
	if interval.Value == "" {
		interval.Value = interval0
	}
	if burst.Value == "" {
		burst.Value = burst0
	}
	if strings.Trim(interval.Value, "0s") == "" || strings.Trim(burst.Value, "0") == "" && who == "journald" {
		r.check("limit of "+who, Yes, nil, "%s has no limit of messages per time", who)
		return
	}
	v := Yes
	if number(burst.Value) < 100 {
		v = Unknown // that many may come at once when a queue hangs
	}
	var read []conf.Place
	for _, o := range []conf.Option{interval, burst} {
		if o.File != "" {
			read = append(read, o.Place)
		}
	}
	r.check("limit of "+who, v, read, "%s takes %.20s messages of %s in %.20s (seconds unless it says otherwise) and drops the rest", who, burst.Value, whose, interval.Value)
}

// argument is the value of an option on a command line: "-f file" or "-ffile".
func argument(args []string, name, otherwise string) string {
	for i, a := range args {
		if a == name && i+1 < len(args) {
			return args[i+1]
		}
		if value, ok := strings.CutPrefix(a, name); ok && value != "" && i > 0 {
			return strings.TrimPrefix(value, "=")
		}
	}
	return otherwise
}
