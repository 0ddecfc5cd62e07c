package cyrus

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/limit"
	"cyrlock/probe/tally"
)

// A process is what is read of each process while looking for the server.
type process struct {
	pid, ppid int
	comm      string
	exe       string   // read for masters and their workers only
	args      []string // likewise
}

// option is the value of a one-letter option on the command line: -C FILE or -CFILE.
func (p process) option(name string) string {
	for i := 1; i < len(p.args); i++ {
		if v, ok := strings.CutPrefix(p.args[i], name); ok {
			if v == "" && i+1 < len(p.args) {
				v = p.args[i+1]
			}
			return v
		}
	}
	return ""
}

// A running server is a master with its workers. After a master has died, its
// workers go on alone: then master has pid 0.
type running struct {
	master  process
	workers []process
}

// conf are the configuration files that the processes were started with, the
// workers' first: theirs decides where the locks are, and the master's own -C is
// not handed on to them.
func (r running) conf() []string {
	var files []string
	add := func(p process) {
		if f := p.option("-C"); path.IsAbs(f) {
			for _, have := range files {
				if have == f {
					return
				}
			}
			files = append(files, f)
		}
	}
	for _, w := range r.workers {
		add(w)
	}
	add(r.master)
	return files
}

// servers finds the Cyrus servers that run on this machine, by lowest pid first.
func (from reader) servers(ctx context.Context) ([]running, []evidence.Gap) {
	names, err := from.list(ctx, "/proc")
	if err != nil {
		return nil, []evidence.Gap{{What: "Cyrus processes", Why: err.Error()}}
	}
	pids := make([]int, 0, len(names))
	for _, name := range names {
		if pid := number(name.Name()); pid != 0 {
			pids = append(pids, pid)
		}
	}
	candidates, gaps := from.named(ctx, pids)
	children := map[int][]process{}
	var masters, orphans []process
	for _, pid := range candidates {
		p, err := from.processOf(ctx, pid)
		if err != nil {
			continue // it has ended
		}
		children[p.ppid] = append(children[p.ppid], p)
		switch {
		case masterProgram(p.comm):
			masters = append(masters, p)
		case p.ppid <= 1:
			orphans = append(orphans, p)
		}
	}
	var found []running
	for _, m := range masters {
		r := running{master: m, workers: children[m.pid]}
		from.details(ctx, &r.master)
		for i := range r.workers {
			from.details(ctx, &r.workers[i])
		}
		if r.cyrus() {
			found = append(found, r)
		}
	}
	alone := running{}
	for _, o := range orphans {
		if from.details(ctx, &o); strings.Contains(o.exe, "cyrus") {
			alone.workers = append(alone.workers, o)
		}
	}
	if len(found) == 0 && len(alone.workers) > 0 {
		found = append(found, alone)
	}
	return found, gaps
}

// named are the processes that are called like a program of Cyrus. The name is
// what the kernel tells quickest; thousands of others are passed by in batches,
// each with a time limit.
func (from reader) named(ctx context.Context, pids []int) (found []int, gaps []evidence.Gap) {
	for batch := range slices.Chunk(pids, 256) {
		ours, err := limit.Do(ctx, patience, func() (ours []int, err error) {
			var name [64]byte
			for _, pid := range batch {
				file := "/proc/" + strconv.Itoa(pid) + "/comm"
				line := from.sheet.Count(tally.Read, []byte(file), 1)
				fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
				if line.Check(err) != nil {
					continue // it has ended
				}
				n, err := unix.Read(fd, name[:])
				unix.Close(fd)
				if line.Check(err) != nil {
					continue
				}
				if comm := string(bytes.TrimSuffix(name[:n], []byte("\n"))); masterProgram(comm) || workerProgram(comm) {
					ours = append(ours, pid)
				}
			}
			return ours, nil
		})
		if err != nil {
			gaps = append(gaps, evidence.Gap{What: "Cyrus processes", Why: fmt.Sprintf("names of processes %d to %d: %v", batch[0], batch[len(batch)-1], err)})
			continue
		}
		found = append(found, ours...)
	}
	return found, gaps
}

// cyrus tells a Cyrus master from others of that name: Postfix has one too.
func (r running) cyrus() bool {
	exe := strings.TrimSuffix(r.master.exe, " (deleted)")
	switch {
	case strings.Contains(exe, "postfix"):
		return false
	case strings.Contains(exe, "cyr"), r.master.comm == "cyrmaster":
		return true
	}
	for _, w := range r.workers {
		if workerProgram(w.comm) && (exe == "" || path.Dir(w.exe) == path.Dir(exe)) {
			return true
		}
	}
	return false
}

// masterProgram: Debian calls it cyrmaster, for Postfix has a master as well.
func masterProgram(name string) bool { return name == "master" || name == "cyrmaster" }

// workerProgram names the programs that a master starts for its services.
func workerProgram(name string) bool {
	switch name {
	case "imapd", "pop3d", "lmtpd", "timsieved", "nntpd", "httpd", "mupdate", "proxyd", "lmtpproxyd", "pop3proxyd",
		"sync_server", "fud", "idled", "notifyd", "smmapd", "backupd", "squatter", "ptloader", "promstatsd", "calalarmd":
		return true
	}
	return false
}

// processOf reads what is cheap and never waits for the process itself.
func (from reader) processOf(ctx context.Context, pid int) (process, error) {
	c, err := from.read(ctx, "", "/proc/"+strconv.Itoa(pid)+"/stat", 4096)
	if err != nil {
		return process{}, err
	}
	p, ok := parseStat(c.data)
	if !ok {
		return process{}, errors.New("/proc/" + strconv.Itoa(pid) + "/stat: want \"pid (name) state ppid\"")
	}
	return p, nil
}

// parseStat reads pid, name and parent; the name may contain anything, ")" too.
func parseStat(data []byte) (process, bool) {
	open, end := bytes.IndexByte(data, '('), bytes.LastIndexByte(data, ')')
	if open < 1 || end < open {
		return process{}, false
	}
	p := process{pid: number(string(bytes.TrimSpace(data[:open]))), comm: string(data[open+1 : end])}
	fields := bytes.Fields(data[end+1:])
	if len(fields) < 2 || p.pid == 0 {
		return process{}, false
	}
	p.ppid = number(string(fields[1]))
	return p, true
}

// details adds the program and the command line.
func (from reader) details(ctx context.Context, p *process) {
	dir := "/proc/" + strconv.Itoa(p.pid)
	p.exe = from.link(ctx, dir+"/exe")
	c, err := from.read(ctx, "", dir+"/cmdline", 64<<10)
	if err == nil {
		p.args = strings.Split(strings.TrimRight(string(c.data), "\x00"), "\x00")
	}
}
