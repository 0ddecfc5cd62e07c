package route

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"cyrlock/probe/limit"
	"cyrlock/probe/syslog/conf"
)

const (
	readLimit = 2 * time.Second
	confBytes = 1 << 20
	confFiles = 64
)

func join(errs []error) error { return errors.Join(errs...) }

// readFile is a file that may lie on a disk that does not answer.
func readFile(ctx context.Context, name string) ([]byte, error) {
	return limit.Do(ctx, readLimit, func() ([]byte, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		return io.ReadAll(io.LimitReader(f, confBytes))
	})
}

// imapd reads an imapd.conf and what it includes; the first of a name counts.
func imapd(ctx context.Context, file string) (map[string]conf.Option, error) {
	options := map[string]conf.Option{}
	todo, seen := []string{file}, map[string]bool{}
	var errs []error
	for len(todo) > 0 && len(seen) < confFiles {
		name := todo[0]
		todo = todo[1:]
		if seen[name] {
			continue
		}
		seen[name] = true
		data, err := readFile(ctx, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		todo = append(imapdLines(options, name, data), todo...)
	}
	return options, join(errs)
}

// imapdLines reads one file and returns the files that it includes.
func imapdLines(options map[string]conf.Option, name string, data []byte) (includes []string) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, confBytes+1)
	for n := 1; lines.Scan(); n++ {
		key, value, ok := strings.Cut(strings.TrimSpace(lines.Text()), ":")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		key, value = strings.ToLower(key), strings.TrimSpace(value)
		if _, there := options[key]; key == "@include" {
			includes = append(includes, value)
		} else if !there && value != "" {
			options[key] = conf.Option{Value: value, Place: conf.Place{File: name, Line: n}}
		}
	}
	return includes
}

// cyrus finds the facility, the ident, and whether Cyrus drops debug messages.
func (r *Route) cyrus(ctx context.Context, req Request) (errs []error) {
	options := map[string]conf.Option{}
	read := true
	if req.Conf == "" {
		read = false
	} else {
		var err error
		if options, err = imapd(ctx, req.Conf); err != nil {
			errs = append(errs, err)
			read = false
		}
	}
	major, minor := release(req.Version)
	modern := major > 2 || major == 2 && minor >= 5
	r.facilityOf(req, options, read, modern || major == 0)

	o, set := options["debug"]
	on := set && strings.IndexByte("1yt", (o.Value + " ")[0]) >= 0 || strings.HasPrefix(o.Value, "on")
	place := conf.Place{File: req.Conf}
	if set {
		place = o.Place
	}
	switch {
	case req.Shim:
		r.check("debug of Cyrus", Yes, nil, "the shim writes its messages itself: what imapd.conf says of debug does not matter")
	case major > 0 && !modern:
		r.check("debug of Cyrus", Yes, nil, "Cyrus %s logs debug messages, whatever imapd.conf says", req.Version)
	case on:
		r.check("debug of Cyrus", Yes, []conf.Place{place}, "imapd.conf says debug: %s, so Cyrus logs debug messages", o.Value)
	case !read || major == 0:
		r.Levels[0].Cyrus = Unknown
		what := "the version of Cyrus is not known: from 2.5 on it logs debug messages only with debug: yes in imapd.conf"
		if !read {
			what = "imapd.conf could not be read: from 2.5 on Cyrus logs debug messages only with debug: yes"
		}
		r.check("debug of Cyrus", Unknown, []conf.Place{place}, "%s", what)
	default:
		r.Levels[0].Cyrus = No
		says := "imapd.conf does not say debug: yes"
		change := Change{What: "let Cyrus log debug messages", File: req.Conf, Put: "debug: yes", Command: restartCyrus()}
		if set {
			says = fmt.Sprintf("imapd.conf says debug: %s", o.Value)
			change.File, change.Line, change.Replace = o.File, o.Line, true
		}
		r.check("debug of Cyrus", No, []conf.Place{place}, "%s: Cyrus %s drops debug messages, the first of each wait (notices and errors it logs)", says, req.Version)
		r.Changes = append(r.Changes, change)
	}
	return errs
}

func restartCyrus() string {
	const own = "processes of Cyrus that start from now on read it by themselves; for the others restart Cyrus when it suits (it ends every session)"
	if systemd() {
		return own + ": systemctl restart cyrus-imapd"
	}
	return own
}

// facilityOf finds the facility and the ident.
func (r *Route) facilityOf(req Request, options map[string]conf.Option, read, modern bool) {
	r.Ident = "cyrus/imap"
	if o, ok := options["syslog_prefix"]; ok {
		r.Ident = o.Value + "/imap"
	} else if !req.Debian {
		r.Ident = "imap"
	}
	r.facility, _ = conf.Facility("local6")
	how := "Cyrus's own, unless it was built otherwise"
	v := Yes
	if req.Debian || req.Shim {
		r.facility, _ = conf.Facility("mail")
		how = "as Debian builds Cyrus"
		if req.Shim {
			how = "the shim's own"
		}
	}
	var place []conf.Place
	if !read {
		v, how = Unknown, how+"; imapd.conf was not read"
	}
	if o, ok := options["syslog_facility"]; ok && modern {
		place = []conf.Place{o.Place}
		if f, known := conf.Facility(o.Value); known {
			r.facility, how = f, "by syslog_facility in imapd.conf"
		} else {
			v, how = Unknown, fmt.Sprintf("imapd.conf says syslog_facility: %.40q, which is none", o.Value)
		}
	} else if read {
		place = []conf.Place{{File: req.Conf}}
	}
	r.Facility = conf.FacilityName(r.facility)
	r.check("facility", v, place, "Cyrus logs with facility %s (%s)", r.Facility, how)
}

func release(version string) (major, minor int) {
	parts := strings.SplitN(version, ".", 3)
	major, _ = strconv.Atoi(parts[0])
	if len(parts) > 1 {
		digits := strings.TrimRightFunc(parts[1], func(c rune) bool { return c < '0' || c > '9' })
		minor, _ = strconv.Atoi(digits)
	}
	return major, minor
}

func systemd() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}
