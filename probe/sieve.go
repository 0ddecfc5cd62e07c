package probe

import (
	"context"
	"errors"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/mount"
)

// A process is what the sieve learns of one process in passing.
type process struct {
	stat
	blocked []blocked // its threads that wait for a lock
	naps    []int     // its threads that sleep on the clock
	err     error     // of the system calls: mostly permission denied
	gone    bool
}

// A blocked thread waits in a lock call. It was read without waking it.
type blocked struct {
	tid   int
	want  request
	exact bool // mode and range come from the thread's own memory
	file  opened
	err   error  // why the file is not known
	begin uint64 // the thread's start time
	last  lastRun
	ran   uint64 // its context switches, where last is not known
}

// An opened file is a descriptor seen from outside the process.
type opened struct {
	inode
	path    string // as the kernel names it today, without its mark
	deleted bool   // through a name that is gone
	mount   mount.Mount
	info    fdinfo
	known   bool // the inode is known
}

// sieve reads the state of every process and the system call of every thread,
// and stops at those that wait for a lock. The lock table is not enough for
// that: it hides what another PID namespace holds, and old kernels lose waiters.
func (l *look) sieve(ctx context.Context, pids []int) map[int]*process {
	all := make(map[int]*process, len(pids))
	silent := ask(ctx, l.crew, pids, l.question, func(pid int, p *process) { all[pid] = p })
	l.gaps.silent("system calls", silent, l.crew.limit)
	for pid, p := range all {
		switch {
		case p.gone:
			delete(all, pid)
		case p.err != nil:
			l.gaps.failed(pid, "system calls", p.err)
		}
	}
	return all
}

func (l *look) question(r *reader, pid int) *process {
	p := new(process)
	b, err := r.read(pid, 0, "stat")
	if err == nil {
		p.stat, err = parseStat(b)
	}
	if err != nil {
		p.gone, p.err = vanished(err), err
		return p
	}
	if p.kernel || p.state == "Z" || p.state == "X" {
		return p
	}
	if p.threads <= 1 {
		p.err = l.thread(r, pid, pid, p)
		p.gone = vanished(p.err)
		return p
	}
	tids, err := r.list(pid, "task")
	if err != nil {
		p.gone, p.err = vanished(err), err
		return p
	}
	for _, tid := range tids {
		if err := l.thread(r, pid, tid, p); err != nil && !vanished(err) {
			p.err = err
			break
		}
	}
	return p
}

// thread looks at one thread. The scheduler's clock comes first: whatever wakes
// the thread resets it, and another tool may be at work beside this one.
func (l *look) thread(r *reader, pid, tid int, p *process) error {
	b, err := r.read(pid, tid, "syscall")
	if err != nil {
		return err
	}
	c, err := parseCall(b)
	if err != nil {
		return err
	}
	want, ok := l.calls.lock(c)
	if !ok {
		switch l.calls.name(c) {
		case "nanosleep", "clock_nanosleep", "clock_nanosleep_time64":
			p.naps = append(p.naps, tid)
		}
		return nil
	}
	w := blocked{tid: tid, want: want, begin: p.start, last: r.lastRun(pid, tid)}
	w.last.cpu = p.cpu
	if tid != pid {
		if b, err := r.read(pid, tid, "stat"); err == nil {
			if s, err := parseStat(b); err == nil {
				w.last.cpu, w.begin = s.cpu, s.start
			}
		}
	}
	if !w.last.known {
		if b, err := r.read(pid, tid, "status"); err == nil {
			s, _ := parseStatus(b)
			w.ran = s.ran
		}
	}
	w.file, w.err = l.descriptor(r, pid, want.fd)
	if want.kind == evidence.Flock {
		w.exact = true
	} else {
		b := make([]byte, want.layout.size)
		w.exact = r.memory(pid, want.at, b) == nil && w.want.fill(b, w.file.info.pos)
	}
	p.blocked = append(p.blocked, w)
	return nil
}

// descriptor says which file a descriptor leads to, without touching the file.
func (l *look) descriptor(r *reader, pid, fd int) (opened, error) {
	var o opened
	b, err := r.read(pid, 0, entry("fdinfo", fd))
	if err != nil {
		return o, err
	}
	if o.info, err = parseFdinfo(b); err != nil {
		return o, err
	}
	text, err := r.link(pid, entry("fd", fd))
	if err != nil {
		return o, err
	}
	o.path, o.deleted = unmark(text)
	return o, l.identify(r, pid, fd, &o)
}

// identify finds device and inode. Kernels before 5.14 do not say the inode in
// fdinfo; there, and for a mount that is no longer in any table, the file itself
// must be asked, though never for more than its filesystem has at hand.
func (l *look) identify(r *reader, pid, fd int, o *opened) error {
	m, found := l.mounts.find(r, pid, o.info.mount)
	o.mount = m
	if found && o.info.ino != 0 {
		o.inode, o.known = inode{m.Major, m.Minor, o.info.ino}, true
		return nil
	}
	st, err := r.statx(pid, entry("fd", fd), unix.STATX_INO)
	if err != nil {
		return err
	}
	o.inode, o.known = inode{st.Dev_major, st.Dev_minor, st.Ino}, true
	if found {
		o.major, o.minor = m.Major, m.Minor
	}
	return nil
}

func vanished(err error) bool {
	return errors.Is(err, unix.ENOENT) || errors.Is(err, unix.ESRCH)
}

func denied(err error) bool {
	return errors.Is(err, unix.EACCES) || errors.Is(err, unix.EPERM)
}
