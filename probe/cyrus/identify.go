package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"strconv"
	"strings"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/limit"
)

const (
	ticks     = 100             // USER_HZ of /proc, the same on every Linux this runs on
	noteSlack = 2 * time.Second // between the clock of start times and that of files
)

// Identify finds out what a process is to this server: Cyrus, Service, User,
// Mailbox, Client and Command. It wants PID, PPID, Exe, Comm, Title, Start and
// Container filled in; fields that are set already are kept where nothing better
// is known.
//
// The note that a worker keeps in the proc directory counts most, if it is this
// process's own: notes outlive a killed worker, so one that is older than the
// process is not. lmtpd writes none before 3.12.
func (s Server) Identify(p *evidence.Process) {
	ctx := context.Background()
	if !p.Cyrus && !s.owns(p) {
		return
	}
	p.Cyrus = true
	told, ok := s.note(ctx, p)
	if !ok {
		major, minor := s.release()
		told, ok = parseTitle(p.Title, major != 2 || minor >= 5)
	}
	if ok {
		for _, f := range []struct {
			to   *string
			from string
		}{{&p.Service, told.service}, {&p.Client, told.client}, {&p.User, told.user}, {&p.Mailbox, told.mailbox}, {&p.Command, told.command}} {
			if f.from != "" {
				*f.to = f.from
			}
		}
	}
	if p.Service == "" && s.known.Master != 0 && p.PPID == s.known.Master {
		p.Service = s.from.serviceOf(ctx, p.PID)
	}
	if p.Service == "" {
		p.Service = program(p)
	}
}

// owns tells whether a process is part of a Cyrus server: the master, what the
// master started, or a tool of Cyrus that somebody runs.
func (s Server) owns(p *evidence.Process) bool {
	if s.known.Master != 0 && (p.PID == s.known.Master || p.PPID == s.known.Master) {
		return true
	}
	name := program(p)
	switch name {
	case "lmtpd", "pop3d", "timsieved", "squatter", "reconstruct", "ipurge", "cyrdump", "unexpunge", "mbpath", "mbexamine",
		"ctl_cyrusdb", "ctl_mboxlist", "ctl_deliver", "ctl_conversationsdb", "chk_cyrus", "cvt_cyrusdb", "tls_prune", "sync_client", "sync_server", "sync_reset", "arbitron", "cyrmaster":
		return true
	}
	dir := path.Dir(p.Exe)
	if strings.HasPrefix(name, "cyr_") || strings.Contains(dir, "/cyrus") {
		return true
	}
	// Others have programs of these names too, so the directory must be Cyrus's.
	return s.exe != "" && dir == path.Dir(s.exe) && workerProgram(name)
}

// program is the name of the file that a process runs, or, where that is hidden,
// the name that the kernel has for it.
func program(p *evidence.Process) string {
	if p.Exe == "" {
		return p.Comm
	}
	return path.Base(strings.TrimSuffix(p.Exe, " (deleted)"))
}

// note reads what a worker has written about itself.
func (s Server) note(ctx context.Context, p *evidence.Process) (session, bool) {
	if s.known.ProcDir == "" || s.gone == nil || s.gone.Load() {
		return session{}, false
	}
	pid := p.PID
	switch {
	case s.foreign && p.Container:
		pid = s.from.innerPID(ctx, p.PID) // the note is named by the pid that the worker sees
	case s.foreign || p.Container:
		pid = 0 // another server's process
	}
	if pid == 0 {
		return session{}, false
	}
	c, err := s.from.readAs(ctx, path.Join(s.root, s.known.ProcDir, "PID"), s.root, path.Join(s.known.ProcDir, strconv.Itoa(pid)), 64<<10)
	if errors.Is(err, limit.ErrTime) {
		s.gone.Store(true)
	}
	if err != nil {
		return session{}, false
	}
	if p.Start > 0 && !s.boot.IsZero() {
		started := s.boot.Add(time.Duration(p.Start) * (time.Second / ticks))
		if c.info.ModTime().Before(started.Add(-noteSlack)) {
			return session{}, false
		}
	}
	return parseNote(c.data)
}

// serviceOf is the service that the master started a worker for: it says so in
// the environment, in every release.
func (from reader) serviceOf(ctx context.Context, pid int) string {
	c, err := from.read(ctx, "", fmt.Sprintf("/proc/%d/environ", pid), 256<<10)
	if err != nil {
		return ""
	}
	for entry := range bytes.SplitSeq(c.data, []byte{0}) {
		if name, ok := bytes.CutPrefix(entry, []byte("CYRUS_SERVICE=")); ok && serviceName(string(name)) {
			return string(name)
		}
	}
	return ""
}

// innerPID is the pid that a process has in its own namespace; 0: not known.
func (from reader) innerPID(ctx context.Context, pid int) int {
	c, err := from.read(ctx, "", fmt.Sprintf("/proc/%d/status", pid), 64<<10)
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(c.data) {
		if pids, ok := bytes.CutPrefix(line, []byte("NSpid:")); ok {
			if all := bytes.Fields(pids); len(all) > 0 {
				return number(string(all[len(all)-1]))
			}
		}
	}
	return 0
}
