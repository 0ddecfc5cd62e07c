package probe

import (
	"sync"

	"cyrlock/probe/mount"
)

// mounts remembers every mount seen in one look. A mount's number is unique on
// the machine while it lasts (fs/namespace.c mnt_alloc_id), so one table serves
// all mount namespaces.
type mounts struct {
	mu    sync.Mutex
	known map[int]mount.Mount
	asked map[int]bool // processes whose mountinfo is in known
}

// find looks a mount up, reading the process's own mountinfo where it is new.
func (m *mounts) find(r *reader, pid, id int) (mount.Mount, bool) {
	m.mu.Lock()
	found, ok := m.known[id]
	asked := m.asked[pid]
	m.mu.Unlock()
	if ok || asked || id < 0 {
		return found, ok
	}
	b, err := r.read(pid, 0, "mountinfo")
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.known == nil {
		m.known, m.asked = make(map[int]mount.Mount), make(map[int]bool)
	}
	m.asked[pid] = true
	if err == nil {
		for _, seen := range mount.Parse(b) {
			m.known[seen.ID] = seen
		}
	}
	found, ok = m.known[id]
	return found, ok
}
