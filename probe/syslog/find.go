package syslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/limit"
	"cyrlock/probe/syslog/conf"
)

// A Place is where [Find] looks. The zero value is this machine, and a Cyrus that logs
// as it was built to.
type Place struct {
	Rsyslog    string   // its configuration; /etc/rsyslog.conf
	SyslogNG   string   // /etc/syslog-ng/syslog-ng.conf
	Dir        string   // /var/log
	JournalDir string   // empty: journald's own
	Facilities []int    // that Cyrus logs to; mail and local6
	Services   []string // of cyrus.conf: Cyrus logs by these names
}

// A Source is a log that has Cyrus's lines, or is said to get them.
type Source struct {
	Path    string    // of the file; or "journal"
	How     string    // why we think so: "/etc/rsyslog.conf, line 12: mail.* …"
	Told    bool      // by the log daemon's configuration; else it was found by looking
	Lines   int       // near its end
	Cyrus   int       // of them, of Cyrus
	Last    time.Time // of Cyrus
	Problem error     // why it cannot be read

	Facilities []int // of the journal: those to read
}

const (
	mailFacility   = 2
	local6Facility = 22
	lookBack       = 512 << 10 // bytes near a log's end
	lastEntries    = 500
)

// Find names the logs that Cyrus's messages may be in, the best to read first: those
// that have some of late, and among these the one with the least of anything else.
// Sources that hold the same lines twice are all given; one of them is enough.
//
// The error tells what could not be looked at.
func Find(ctx context.Context, at Place) ([]Source, error) {
	at = at.filled()
	found, errs := at.told(ctx)
	for _, name := range at.usual() {
		if !slices.ContainsFunc(found, func(s Source) bool { return s.Path == name }) {
			found = append(found, Source{Path: name})
		}
	}
	var good []Source
	for _, s := range found {
		at.inspect(ctx, &s)
		switch {
		case s.Told, s.Cyrus > 0:
			good = append(good, s)
		case s.Problem != nil && !errors.Is(s.Problem, fs.ErrNotExist):
			errs = append(errs, s.Problem)
		}
	}
	if s, ok := at.journal(ctx); ok {
		good = append(good, s)
	}
	rank(good)
	return good, errors.Join(errs...)
}

func (p Place) filled() Place {
	or := func(s *string, otherwise string) {
		if *s == "" {
			*s = otherwise
		}
	}
	or(&p.Rsyslog, "/etc/rsyslog.conf")
	or(&p.SyslogNG, "/etc/syslog-ng/syslog-ng.conf")
	or(&p.Dir, "/var/log")
	if len(p.Facilities) == 0 {
		p.Facilities = []int{mailFacility, local6Facility}
	}
	return p
}

// told asks the log daemons' configurations.
func (p Place) told(ctx context.Context) (found []Source, errs []error) {
	for _, d := range []struct {
		file string
		read func(context.Context, string) (conf.Config, error)
	}{{p.Rsyslog, conf.Rsyslog}, {p.SyslogNG, conf.SyslogNG}} {
		c, err := d.read(ctx, d.file)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		for _, facility := range p.Facilities {
			for _, name := range c.Paths(facility) {
				if slices.ContainsFunc(found, func(s Source) bool { return s.Path == name }) {
					continue
				}
				how := d.file
				for _, r := range c.Rules {
					if r.Path == name {
						how = fmt.Sprintf("%s, line %d: %s", r.File, r.Line, r.Text)
						break
					}
				}
				found = append(found, Source{Path: name, How: how, Told: true})
			}
		}
	}
	return found, errs
}

// usual are files of the names that distributions and Cyrus's own documentation give
// such logs.
func (p Place) usual() []string {
	var all []string
	for _, pattern := range []string{"mail.log", "maillog", "mail", "mail.info", "mail.debug", "imapd*.log", "cyrus*.log", "cyrus/*.log", "local6*", "auth.log", "syslog", "messages", "debug"} {
		names, _ := filepath.Glob(filepath.Join(p.Dir, pattern))
		all = append(all, names...)
	}
	return slices.DeleteFunc(all, func(s string) bool {
		return slices.Contains([]string{".gz", ".xz", ".zst", ".bz2"}, path.Ext(s))
	})
}

// inspect counts Cyrus's lines near the end of a file.
func (p Place) inspect(ctx context.Context, s *Source) {
	type count struct {
		lines, cyrus int
		last         time.Time
	}
	name := s.Path
	c, err := limit.Do(ctx, patience, func() (c count, err error) {
		t, err := openTail(name)
		if err != nil {
			return c, err
		}
		defer t.f.Close()
		buf := make([]byte, min(t.size, lookBack))
		n, err := t.f.ReadAt(buf, t.size-int64(len(buf)))
		if err != nil && err != io.EOF {
			return c, fmt.Errorf("%s: %w", name, err)
		}
		for line := range bytes.Lines(buf[:n]) {
			c.lines++
			if l := Parse(line); p.cyrus(l.Ident) {
				c.cyrus++
				c.last = l.Time(t.changed)
			}
		}
		return c, nil
	})
	s.Lines, s.Cyrus, s.Last, s.Problem = c.lines, c.cyrus, c.last, err
	if !s.Told && s.Cyrus > 0 {
		s.How = fmt.Sprintf("Cyrus's lines are in it: %d of its last %d", s.Cyrus, s.Lines)
	}
}

// journal looks whether journald keeps Cyrus's messages.
func (p Place) journal(ctx context.Context) (Source, bool) {
	s := Source{Path: TheJournal, How: "journald keeps Cyrus's messages", Facilities: p.Facilities}
	if _, err := exec.LookPath("journalctl"); err != nil {
		return s, false
	}
	if p.JournalDir == "" && !isDir("/run/log/journal") && !isDir("/var/log/journal") {
		return s, false
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	j := Journal{Dir: p.JournalDir, Facilities: p.Facilities, Last: lastEntries}
	s.Problem = j.Read(ctx, Sink{Line: func(l evidence.LogLine) {
		s.Lines++
		if p.cyrus([]byte(l.Ident)) {
			s.Cyrus++
			s.Last = l.Time
		}
	}})
	return s, s.Cyrus > 0 || s.Problem != nil
}

func isDir(name string) bool {
	info, err := os.Stat(name)
	return err == nil && info.IsDir()
}

// cyrus tells by its name whether a program is one of Cyrus's: "imap", "cyrus/imap"
// with syslog_prefix, "imapd" of old.
func (p Place) cyrus(ident []byte) bool {
	s := string(ident)
	if strings.HasPrefix(s, "cyrus") || strings.HasPrefix(s, "cyr_") || strings.HasPrefix(s, "ctl_") {
		return true
	}
	s = path.Base(s)
	return slices.Contains(names(), s) || slices.Contains(p.Services, s)
}

// names are the programs' and those of the services in Cyrus's own cyrus.conf.
func names() []string {
	return []string{
		"imap", "imaps", "imapd", "pop3", "pop3s", "pop3d", "lmtp", "lmtpunix", "lmtpd", "sieve", "timsieved",
		"nntpd", "cyrmaster", "idled", "mupdate", "sync_client", "sync_server", "squatter", "reconstruct", "tls_prune", "deliver",
	}
}

// rank puts the best first.
func rank(all []Source) {
	sign := func(first bool) int {
		if first {
			return -1
		}
		return 1
	}
	var newest time.Time
	for _, s := range all {
		if s.Last.After(newest) {
			newest = s.Last
		}
	}
	worth := func(s Source) (fresh bool, share float64) {
		return s.Cyrus > 0 && newest.Sub(s.Last) < 10*time.Minute, float64(s.Cyrus) / float64(max(s.Lines, 1))
	}
	slices.SortStableFunc(all, func(a, b Source) int {
		aFresh, aShare := worth(a)
		bFresh, bShare := worth(b)
		switch {
		case aFresh != bFresh:
			return sign(aFresh)
		case (a.Path == TheJournal) != (b.Path == TheJournal): // files cost less to read
			return sign(b.Path == TheJournal)
		case aShare > bShare:
			return -1
		case aShare < bShare:
			return 1
		}
		return 0
	})
}
