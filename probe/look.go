package probe

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
	"cyrlock/probe/cyrus"
	"cyrlock/probe/limit"
	"cyrlock/probe/tally"
)

// A look is one look under way.
type look struct {
	machine *Machine
	query   evidence.Query
	sheet   *tally.Sheet // of what is read
	crew    *crew
	tracer  Tracer // nil: no stacks
	calls   calls
	gaps    gaps
	mounts  mounts
	clock   clock
	server  cyrus.Server
	focus   *focus

	everyone  []int // all processes
	processes map[int]*process
	children  map[int][]int
	table     *table
	waiters   map[lockKey][]*waiter
	keys      map[lockKey]bool // locks that somebody waits for, or of the focus
	inodes    map[inode]bool   // their files, and files of the focus without a lock
	hits      map[[2]int]hit   // by process and descriptor
	refused   map[int]bool     // processes whose descriptors may not be read
	links     map[inode]int    // how many names; -1: not known
	later     *table           // the lock table after all, where it had to be read again

	people  map[int]*evidence.Process
	samples map[int]map[int]sample // by process and thread
	traced  map[int]bool
	last    map[[2]int]call // by process and thread: where it was at the end
	sockets map[[2]int]socket
}

func (m *Machine) newLook(q evidence.Query) *look {
	sheet := new(tally.Sheet)
	return &look{
		machine: m, query: q, tracer: m.options.Tracer, calls: m.calls,
		sheet: sheet, crew: newCrew(m.proc, sheet, m.options.Limit), clock: clock{root: m.proc, sheet: sheet},
		table: &table{files: make(map[lockKey]*tableFile)},
		keys:  make(map[lockKey]bool), inodes: make(map[inode]bool), hits: make(map[[2]int]hit),
		refused: make(map[int]bool), links: make(map[inode]int),
		people: make(map[int]*evidence.Process), samples: make(map[int]map[int]sample), traced: make(map[int]bool), sockets: make(map[[2]int]socket), last: make(map[[2]int]call),
	}
}

// reader reads beside the crew, where no process can make it wait.
func (l *look) reader() *reader { return newReader(l.machine.proc, l.sheet) }

// Look takes one look. It gives what it could find beside the error; single
// things that could not be read are gaps, not errors.
func (m *Machine) Look(ctx context.Context, q evidence.Query) (evidence.Snapshot, error) {
	begin := time.Now()
	l := m.newLook(q)
	s := evidence.Snapshot{Schema: evidence.Schema, Tool: evidence.Tool, Taken: begin, Host: l.host()}

	// What a wake-up or another tool's touch would take away comes first.
	table, err := limit.Do(ctx, m.options.Limit, func() (*table, error) { return readTable(l.reader()) })
	if err != nil {
		l.gaps.add(0, evidence.LockTable, err.Error())
	}
	if table != nil {
		l.table = table
	}
	if l.everyone, err = l.reader().list(0, ""); err != nil {
		return s, fmt.Errorf("list of processes: %w", err)
	}
	l.everyone = slices.DeleteFunc(l.everyone, func(pid int) bool { return pid == os.Getpid() })
	l.processes = l.sieve(ctx, l.everyone)
	l.queue(ctx)

	var gaps []evidence.Gap
	l.server, gaps = cyrus.Find(ctx, m.options.Conf, l.sheet)
	for _, g := range gaps {
		l.gaps.add(g.PID, g.What, g.Why)
	}
	s.Host.Cyrus = l.server.Evidence()
	if l.focus, err = l.newFocus(); err != nil {
		return s, err
	}
	l.addFocus(ctx)
	l.pollers(ctx)
	l.findHolders(ctx)

	s.Files = l.files(ctx)
	pids, first := l.involved(s.Files)
	pids = l.known(ctx, pids)
	l.threads(ctx, pids)
	l.connections(ctx, pids, first)
	l.stacks(ctx, l.traceable(s.Files, pids))
	l.again(ctx, pids)
	l.over(s.Files)

	for _, pid := range pids {
		s.Processes = append(s.Processes, *l.people[pid])
	}
	s.Locks = l.table.held
	if l.focus != nil {
		s.Focus = &evidence.Focus{User: q.User, File: q.File, Paths: l.focus.paths}
	}
	s.Gaps, s.Readings = l.gaps.all(), l.sheet.Readings()
	s.TookMS = float64(time.Since(begin).Microseconds()) / 1000
	return s, ctx.Err()
}

// Processes tells all about some processes, whether or not they have to do with
// a lock: facts, threads, and stacks where there is a tracer.
func (m *Machine) Processes(ctx context.Context, pids []int) ([]evidence.Process, []evidence.Gap) {
	l := m.newLook(evidence.Query{})
	pids = slices.Compact(slices.Sorted(slices.Values(pids)))
	l.everyone = pids
	l.processes = l.sieve(ctx, pids)
	for _, pid := range pids {
		if l.processes[pid] == nil && !l.crew.mute[pid] {
			l.gaps.add(pid, "process", "no such process")
		}
	}
	var gaps []evidence.Gap
	l.server, gaps = cyrus.Find(ctx, m.options.Conf, l.sheet)
	for _, g := range gaps {
		l.gaps.add(g.PID, g.What, g.Why)
	}
	known := l.known(ctx, pids)
	l.threads(ctx, known)
	l.connections(ctx, known, known)
	l.stacks(ctx, known)
	l.again(ctx, known)
	out := make([]evidence.Process, 0, len(known))
	for _, pid := range known {
		out = append(out, *l.people[pid])
	}
	return out, l.gaps.all()
}

// firstPIDNamespace is the inode of the machine's own (include/linux/proc_ns.h
// PROC_PID_INIT_INO).
const firstPIDNamespace = 0xEFFFFFFC

func (l *look) host() evidence.Host {
	h := evidence.Host{UID: os.Geteuid()}
	var u unix.Utsname
	if unix.Uname(&u) == nil {
		h.Name, h.Kernel = unix.ByteSliceToString(u.Nodename[:]), unix.ByteSliceToString(u.Release[:])
	}
	r := l.reader()
	if b, err := r.read(0, 0, "sys/kernel/random/boot_id"); err == nil {
		h.BootID = strings.TrimSpace(string(b))
	}
	if ns, err := r.link(0, "self/ns/pid"); err == nil {
		h.Container = ns != "pid:["+strconv.Itoa(firstPIDNamespace)+"]"
	}
	return h
}
