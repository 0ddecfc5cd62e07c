package route

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cyrlock/probe/limit"
	"cyrlock/probe/syslog/conf"
)

const dropin = "/etc/systemd/journald.conf.d/90-cyrus.conf"

// journald is the way where it listens: into the journal, and on to a syslog daemon.
func (r *Route) journald(ctx context.Context) (errs []error) {
	j, err := conf.Journald(ctx, "/")
	if err != nil {
		errs = append(errs, err)
	}
	r.journal(j)
	behind := r.handsOn(j)
	if l, ok := running(ctx, "rsyslogd"); ok {
		errs = append(errs, r.rsyslog(ctx, l, behind)...)
	} else if l, ok := running(ctx, "syslog-ng"); ok {
		errs = append(errs, r.syslogNG(ctx, l, behind)...)
	}
	return errs
}

// journal asks journald's configuration about each level.
func (r *Route) journal(j conf.Journal) {
	r.Journal = true
	storage := j.Default("Storage", "auto")
	most := j.Default("MaxLevelStore", "debug")
	place := func(o conf.Option) []conf.Place {
		if o.File != "" {
			return []conf.Place{o.Place}
		}
		return nil
	}
	change := func(what, put string) {
		c := Change{What: what, File: dropin, Put: "[Journal]\n" + put, Command: "systemctl restart systemd-journald"}
		for _, old := range r.Changes {
			if old == c {
				return
			}
		}
		r.Changes = append(r.Changes, c)
	}
	limit, ok := conf.Level(most.Value)
	for i := range r.Levels {
		l := &r.Levels[i]
		switch {
		case strings.EqualFold(storage.Value, "none"):
			l.Verdict, l.Why = No, "journald keeps nothing (Storage=none)"
			change("let journald keep messages", "Storage=auto")
		case !ok:
			l.Verdict, l.Why = Unknown, fmt.Sprintf("journald's MaxLevelStore=%.40s is no level", most.Value)
		case l.severity > limit:
			l.Verdict, l.Why = No, fmt.Sprintf("journald drops %s (MaxLevelStore=%s)", l.Name, most.Value)
			change("let journald keep debug messages", "MaxLevelStore=debug")
		default:
			l.Verdict, l.Journal = Yes, true
		}
		if l.Verdict == Yes {
			r.check("journald", Yes, append(place(storage), place(most)...), "journald keeps %s in the journal", l.Name)
		} else {
			r.check("journald", l.Verdict, append(place(storage), place(most)...), "%s", l.Why)
		}
	}
	r.rate("journald", "one service", j.Default("RateLimitIntervalSec", "30s"), j.Default("RateLimitBurst", "10000"), "30s", "10000")
	forward := j.Default("ForwardToSyslog", "as built")
	r.check("journald and syslog", Yes, append(place(forward), place(j.Default("MaxLevelSyslog", ""))...), "ForwardToSyslog is %.10s, MaxLevelSyslog %.10s; a syslog daemon may read the journal by itself",
		forward.Value, j.Default("MaxLevelSyslog", "debug").Value)
}

// handedOn is which levels a syslog daemon behind journald gets: of those that it reads
// from the journal, and of those that are forwarded to its socket.
type handedOn struct{ stored, forwarded []Verdict }

func (r *Route) handsOn(j conf.Journal) *handedOn {
	h := &handedOn{}
	forward := j.Default("ForwardToSyslog", "").Value
	most, known := conf.Level(j.Default("MaxLevelSyslog", "debug").Value)
	for _, l := range r.Levels {
		h.stored = append(h.stored, l.Verdict)
		v := Unknown // journald's own default is no, that of some distributions yes
		switch {
		case slices.Contains([]string{"no", "0", "false", "off", "n", "f"}, strings.ToLower(forward)), known && l.severity > most:
			v = No
		case known && slices.Contains([]string{"yes", "1", "true", "on", "y", "t"}, strings.ToLower(forward)):
			v = Yes
		}
		h.forwarded = append(h.forwarded, v)
	}
	return h
}

// to is which levels get to a daemon with that configuration; nil: all of them.
func (h *handedOn) to(c conf.Config) []Verdict {
	if h == nil {
		return nil
	}
	if _, reads := c.Modules["imjournal"]; reads || c.Daemon == "syslog-ng" {
		return h.stored
	}
	return h.forwarded
}

// running finds a daemon by the name of its process.
func running(ctx context.Context, name string) (listener, bool) {
	found, _ := limit.Do(ctx, 2*readLimit, func() (l listener, err error) {
		dirs, err := filepath.Glob("/proc/[0-9]*")
		for _, dir := range dirs {
			comm, err := os.ReadFile(dir + "/comm")
			if err == nil && strings.TrimSpace(string(comm)) == name {
				return listener{pid: number(filepath.Base(dir)), name: name}, nil
			}
		}
		return l, err
	})
	if found.pid == 0 {
		return found, false
	}
	args, _ := readFile(ctx, fmt.Sprintf("/proc/%d/cmdline", found.pid))
	found.args = strings.Split(strings.TrimSuffix(string(args), "\x00"), "\x00")
	return found, true
}
