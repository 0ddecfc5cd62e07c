package probe

import (
	"bytes"
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
		b, err := r.read(0, 0, "locks")
		if err != nil {
			return t, err
		}
		lines, err := parseLocks(b)
		if t.add(lines) || t.reads == 1 {
			quiet = 0
		} else {
			quiet++
		}
		if err != nil && len(lines) == 0 && len(bytes.TrimSpace(b)) > 0 {
			return t, fmt.Errorf("%s/locks: %w", r.root, err)
		}
	}
	return t, nil
}

// add merges one reading and says whether it told something new about a file
// that somebody waits for.
func (t *table) add(lines []lockLine) (news bool) {
	t.reads++
	held := 0
	queues := make(map[lockKey][]lockLine)
	present := make(map[lockKey]bool)
	for _, l := range lines {
		key := l.key()
		f := t.files[key]
		if f == nil {
			f = &tableFile{held: make(map[lockLine]bool)}
			t.files[key] = f
		}
		if l.depth > 0 {
			queues[key] = append(queues[key], l)
			continue
		}
		held++
		present[key] = true
		if !f.held[l] {
			f.held[l] = true
			news = news || len(f.queue) > 0
		}
	}
	for key, queue := range queues {
		f := t.files[key]
		if len(queue) > len(f.queue) {
			f.queue, news = queue, true
		}
	}
	for key := range present {
		t.files[key].present++
	}
	t.held = max(t.held, held)
	return news
}

// place is the queue place, from 1, of a process's n-th waiting thread on a
// file; 0: the table does not show it.
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
