package probe

import (
	"fmt"
	"time"

	"cyrlock/evidence"
)

// A table is the union of several readings of /proc/locks. One reading is not
// enough: it comes in pieces, and while other locks come and go between the
// pieces, it misses a lock that is held all the time (10 to 22 % of readings
// with 20 locks held and others busy, more with more locks).
type table struct {
	reads int
	held  int // locks held, in the fullest reading
	files map[lockKey]*tableFile
}

// A tableFile is what the table shows of one file.
type tableFile struct {
	held    map[lockLine]bool
	queue   []lockLine // waiters in the kernel's order, of the fullest reading
	present int        // readings that showed a holder
}

// How often the table is read. Three readings in a row that tell nothing new
// about files with waiters are enough; a big busy table costs milliseconds.
const (
	quietReads = 3
	mostReads  = 12
	readTime   = 40 * time.Millisecond
)

// readTable reads the lock table until it tells nothing new.
func readTable(r *reader) (*table, error) {
	t := &table{files: make(map[lockKey]*tableFile)}
	begin := time.Now()
	for quiet := 0; quiet < quietReads && t.reads < mostReads; {
		if t.reads >= quietReads && time.Since(begin) > readTime {
			break
		}
		news, err := t.read(r)
		if err != nil {
			return t, err
		}
		quiet++
		if news {
			quiet = 0
		}
	}
	return t, nil
}

// read merges one more reading and says whether it told something new.
func (t *table) read(r *reader) (news bool, err error) {
	b, err := r.read(0, 0, "locks")
	if err != nil {
		return false, err
	}
	lines, err := parseLocks(b)
	if err != nil && len(lines) == 0 {
		return false, fmt.Errorf("%s/locks: %w", r.root, err)
	}
	return t.add(lines), nil
}

// A block is what one reading shows of a lock: its owner, and below it all that
// wait for it, directly or through each other.
type block struct {
	owner lockLine
	queue []lockLine
}

// blocks cuts one reading into pieces. The same block may be there many times:
// the reading goes on from where it was by counting, and while locks come and go
// in front of that place it meets some again. Of such, the fullest counts.
func blocks(lines []lockLine) []block {
	var all []block
	at := make(map[lockLine]int)
	for i := 0; i < len(lines); {
		b := block{owner: lines[i]}
		for i++; i < len(lines) && lines[i].depth > 0; i++ {
			b.queue = append(b.queue, lines[i])
		}
		if b.owner.depth > 0 { // its owner is not there: another PID namespace
			b.queue, b.owner = append([]lockLine{b.owner}, b.queue...), lockLine{inode: b.owner.inode, kind: b.owner.kind}
		}
		j, again := at[b.owner]
		switch {
		case !again:
			at[b.owner] = len(all)
			all = append(all, b)
		case len(b.queue) > len(all[j].queue):
			all[j] = b
		}
	}
	return all
}

// add merges one reading and says whether it told something new about a file
// that somebody waits for.
func (t *table) add(lines []lockLine) (news bool) {
	t.reads++
	held := 0
	queues := make(map[lockKey][]lockLine)
	present := make(map[lockKey]bool)
	for _, b := range blocks(lines) {
		key := b.owner.key()
		f := t.files[key]
		if f == nil {
			f = &tableFile{held: make(map[lockLine]bool)}
			t.files[key] = f
		}
		queues[key] = append(queues[key], b.queue...)
		if b.owner.mode == "" {
			continue
		}
		held++
		present[key] = true
		if !f.held[b.owner] {
			f.held[b.owner] = true
			news = news || len(f.queue) > 0
		}
	}
	for key, queue := range queues {
		if f := t.files[key]; len(queue) >= len(f.queue) { // of equal ones the later
			news = news || len(queue) > len(f.queue)
			f.queue = queue
		}
	}
	for key := range present {
		t.files[key].present++
	}
	t.held = max(t.held, held)
	return news
}

// place is the queue place, from 1, of a process's n-th waiting thread on a
// file; 0: the table does not show it. OFD locks are nobody's there: pid -1.
func (f *tableFile) place(pid, n int) int {
	if f == nil {
		return 0
	}
	for i, l := range f.queue {
		if l.pid == pid {
			if n == 0 {
				return i + 1
			}
			n--
		}
	}
	return 0
}

// owners are the processes that the table names as holders.
func (f *tableFile) owners() []int {
	if f == nil {
		return nil
	}
	var pids []int
	for l := range f.held {
		if l.pid > 0 {
			pids = append(pids, l.pid)
		}
	}
	return pids
}

// lockName is how evidence names a file's locks: OFD and POSIX locks conflict
// with each other, so such a file is one File.
func (k lockKey) lockName(all map[string]bool) string {
	switch {
	case k.flock:
		return evidence.Flock
	case all[evidence.OFD] && !all[evidence.Posix]:
		return evidence.OFD
	}
	return evidence.Posix
}
