package route

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"cyrlock/probe/cyrus"
	"cyrlock/probe/limit"
	"cyrlock/probe/syslog/conf"
)

const (
	readLimit = 2 * time.Second
	confBytes = 1 << 20
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

// imapd is what imapd.conf says; read: all of it.
func imapd(ctx context.Context, req Request) (options map[string]cyrus.Setting, read bool, err error) {
	if req.Conf == "" {
		return nil, false, nil
	}
	options, err = cyrus.Settings(ctx, req.Conf)
	return options, err == nil, err
}

func placeOf(s cyrus.Setting) conf.Place { return conf.Place{File: s.File, Line: s.Line} }

// Facility is the facility that Cyrus logs with, as far as imapd.conf tells.
func Facility(ctx context.Context, req Request) int {
	options, read, _ := imapd(ctx, req)
	var r Route
	r.facilityOf(req, options, read)
	return r.facility
}

// cyrus finds the facility, the ident, and whether Cyrus drops debug messages.
func (r *Route) cyrus(ctx context.Context, req Request) (errs []error) {
	options, read, err := imapd(ctx, req)
	if err != nil {
		errs = append(errs, err)
	}
	r.facilityOf(req, options, read)

	major, modern := masks(req.Version)
	o, set := options["debug"]
	place := conf.Place{File: req.Conf}
	if set {
		place = placeOf(o)
	}
	switch {
	case req.Shim:
		r.check("debug of Cyrus", Yes, nil, "the shim writes its messages itself: what imapd.conf says of debug does not matter")
	case major > 0 && !modern:
		r.check("debug of Cyrus", Yes, nil, "Cyrus %s logs debug messages, whatever imapd.conf says", req.Version)
	case cyrus.On(o.Value, false):
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
func (r *Route) facilityOf(req Request, options map[string]cyrus.Setting, read bool) {
	major, modern := masks(req.Version)
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
	if o, ok := options["syslog_facility"]; ok && (modern || major == 0) {
		place = []conf.Place{placeOf(o)}
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

// masks tells whether a release has syslog_facility, and drops debug messages unless
// it is told not to: 2.5 and later. major is 0 for one that is not known.
func masks(version string) (major int, modern bool) {
	major, minor := release(version)
	return major, major > 2 || major == 2 && minor >= 5
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
