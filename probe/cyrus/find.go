package cyrus

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/tally"
)

// usualConf are the places of imapd.conf when no process tells.
func usualConf() []string {
	return []string{"/etc/imapd.conf", "/usr/local/etc/imapd.conf", "/etc/cyrus/imapd.conf", "/etc/cyrus-imapd/imapd.conf", "/usr/local/cyrus/etc/imapd.conf", "/etc/imap/imapd.conf"}
}

// Find looks for the server that runs here, or else for one that is installed.
//
// conf is the imapd.conf to go by, which also picks the server where several run;
// empty means what the running workers and their master were started with, then
// the usual places. The workers' accept locks show which configdirectory is really
// in use, and that decides. What could not be found or read comes as gaps; the
// server is usable all the same. What it reads, now and later, is counted on the
// sheet, which may be nil.
func Find(ctx context.Context, conf string, sheet *tally.Sheet) (Server, []evidence.Gap) {
	s := Server{from: reader{sheet}, gone: new(atomic.Bool), boot: bootTime()}
	if conf != "" {
		if abs, err := filepath.Abs(conf); err == nil {
			conf = abs
		}
	}
	found, gaps := s.from.servers(ctx)
	r, several := pick(found, conf)
	if len(several) > 0 {
		gaps = append(gaps, evidence.Gap{What: "Cyrus server", Why: fmt.Sprintf("several are running: masters %s; this looks at %d, name another with --conf", strings.Join(several, ", "), r.master.pid)})
	}
	s.known.Master, s.exe = r.master.pid, strings.TrimSuffix(r.master.exe, " (deleted)")
	one := r.master.pid
	if len(r.workers) > 0 {
		one = r.workers[0].pid
	}
	if one != 0 {
		s.root, s.foreign = s.from.placeOf(ctx, one)
	}
	used := s.from.usedDir(ctx, r)

	gaps = append(gaps, s.findConf(ctx, conf, r, used)...)
	gaps = append(gaps, s.findServices(ctx, r)...)
	var b build
	if one != 0 {
		b = s.runningBuild(ctx, one)
	}
	if b.version == "" || b.lock == "" {
		b.complete(s.installedBuild(ctx, path.Dir(s.exe)))
	}
	s.known.Version, s.known.Lock = b.version, b.lock
	return s, gaps
}

// pick chooses the server that conf belongs to; without conf the first. several
// names the masters when the choice was open.
func pick(found []running, conf string) (chosen running, several []string) {
	if conf != "" {
		for _, r := range found {
			for _, f := range r.conf() {
				if f == conf {
					return r, nil
				}
			}
		}
		// One that was started without -C reads the place that was compiled in.
		for _, usual := range usualConf() {
			if usual == conf && len(found) == 1 && len(found[0].conf()) == 0 {
				return found[0], nil
			}
		}
		return running{}, nil
	}
	if len(found) == 0 {
		return running{}, nil
	}
	if len(found) > 1 {
		for _, r := range found {
			several = append(several, strconv.Itoa(r.master.pid))
		}
	}
	return found[0], several
}

// findConf reads the configuration: the one asked for, or the first candidate
// whose configdirectory is the one in use.
func (s *Server) findConf(ctx context.Context, conf string, r running, used string) (gaps []evidence.Gap) {
	candidates := append(r.conf(), usualConf()...)
	if conf != "" {
		candidates = []string{conf}
	}
	type result struct {
		file    string
		options options
		err     error
	}
	var best *result
	for _, file := range candidates {
		var main error
		o, err := readConf(file, func(name string) ([]byte, error) {
			c, err := s.from.read(ctx, s.root, name, confBytes)
			if err != nil && name == file {
				main = err
			}
			return c.data, err
		})
		if main != nil {
			if conf != "" || !errors.Is(main, fs.ErrNotExist) {
				gaps = append(gaps, evidence.Gap{What: "imapd.conf", Why: main.Error()})
			}
			continue
		}
		if best == nil {
			best = &result{file, o, err}
		}
		if used == "" || o.path("configdirectory", "") == used {
			best = &result{file, o, err}
			break
		}
	}
	if best == nil {
		if len(gaps) == 0 {
			gaps = append(gaps, evidence.Gap{What: "imapd.conf", Why: "none found in the usual places: name it with --conf"})
		}
		s.known.ConfigDir = used
		s.place()
		return gaps
	}
	s.configure(best.file, best.options)
	if best.err != nil {
		gaps = append(gaps, evidence.Gap{What: "imapd.conf", Why: best.err.Error()})
	}
	switch said := s.known.ConfigDir; {
	case used != "" && used != said:
		gaps = append(gaps, evidence.Gap{What: "imapd.conf", Why: fmt.Sprintf("%s says configdirectory %q, but the running workers use %s: that counts; name their file with --conf", best.file, said, used)})
		s.known.Conf, s.known.ConfigDir, s.options = "", used, options{} // the rest of it is another server's as well
		s.place()
	case said == "":
		gaps = append(gaps, evidence.Gap{What: "imapd.conf", Why: best.file + ": no configdirectory"})
	}
	return gaps
}

// findServices reads cyrus.conf, and counts the workers of each service. Workers
// of services that it does not name are counted all the same.
func (s *Server) findServices(ctx context.Context, r running) (gaps []evidence.Gap) {
	file := r.master.option("-M")
	if file == "" {
		file = path.Join(path.Dir(s.known.Conf), "cyrus.conf")
	}
	if path.IsAbs(file) {
		c, err := s.from.read(ctx, s.root, file, confBytes)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			gaps = append(gaps, evidence.Gap{What: "cyrus.conf", Why: err.Error()})
		}
		s.known.Services = parseServices(c.data)
	}
	for _, w := range r.workers {
		name := s.from.serviceOf(ctx, w.pid)
		if name == "" {
			continue // a job of the master's START or EVENTS
		}
		i := slices.IndexFunc(s.known.Services, func(s evidence.Service) bool { return s.Name == name })
		if i < 0 {
			i = len(s.known.Services)
			s.known.Services = append(s.known.Services, evidence.Service{Name: name})
		}
		s.known.Services[i].Running++
	}
	return gaps
}

// usedDir is the configdirectory that the workers show by the accept lock that
// each of them keeps open: <configdirectory>/socket/<service>-<n>.lock.
func (from reader) usedDir(ctx context.Context, r running) string {
	for i, w := range r.workers {
		if i == 8 {
			break
		}
		dir := fmt.Sprintf("/proc/%d/fd", w.pid)
		names, err := from.list(ctx, dir)
		if err != nil {
			continue
		}
		for _, n := range names[:min(len(names), 64)] {
			file := from.link(ctx, dir+"/"+n.Name())
			socket, lock := path.Split(file)
			if config, ok := strings.CutSuffix(socket, "/socket/"); ok && path.IsAbs(file) && strings.HasSuffix(lock, ".lock") {
				return config
			}
		}
	}
	return ""
}

// placeOf tells where the files of a process are for us, and whether it lives in
// another PID namespace.
func (from reader) placeOf(ctx context.Context, pid int) (root string, foreign bool) {
	proc := fmt.Sprintf("/proc/%d", pid)
	mine, its := from.link(ctx, "/proc/self/ns/mnt"), from.link(ctx, proc+"/ns/mnt")
	if its != "" && its != mine || from.link(ctx, proc+"/root") != from.link(ctx, "/proc/self/root") {
		if its != "" {
			root = proc + "/root"
		}
	}
	mine, its = from.link(ctx, "/proc/self/ns/pid"), from.link(ctx, proc+"/ns/pid")
	return root, its != "" && its != mine
}

// bootTime is when the clock that start times count from stood at zero.
func bootTime() time.Time {
	var since unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_BOOTTIME, &since); err != nil {
		return time.Time{}
	}
	return time.Now().Add(-time.Duration(since.Nano()))
}
