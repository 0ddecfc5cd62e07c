package stack

import (
	"fmt"
	"sync"
)

const vdso = "[vdso]"

// modules are the files that some process has mapped, each opened once.
type modules struct {
	mu   sync.Mutex
	byID map[fileID]*entry
	vdso map[string]*entry // by its bytes: one for each word size
}

// An entry has its own lock: one file on a dead NFS server must not keep
// others from being opened.
type entry struct {
	once once[*module]
}

func (s *modules) entry(id fileID) *entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[fileID]*entry{}
	}
	e := s.byID[id]
	if e == nil {
		e = &entry{}
		s.byID[id] = e
	}
	return e
}

// get returns the module of a mapping.
func (s *modules) get(from source, m Mapping) (*module, error) {
	if m.Path == vdso {
		return s.fromMemory(from, m)
	}
	if m.Inode == 0 {
		return nil, fmt.Errorf("no file behind %#x-%#x %s", m.Lo, m.Hi, m.Path)
	}
	var f file
	id, known := fileID{}, false
	if l, ok := from.(interface{ identity(Mapping) (fileID, bool) }); ok {
		id, known = l.identity(m)
	}
	if !known {
		var err error
		if f, err = from.open(m); err != nil {
			return nil, err
		}
		defer f.Close()
		id = f.id
	}
	return s.entry(id).once.get(m.Path, func() (*module, error) {
		if f.File == nil {
			var err error
			if f, err = from.open(m); err != nil {
				return nil, err
			}
			defer f.Close()
		}
		return openModule(m.Path, f)
	})
}

// fromMemory reads the vdso, which is no file, out of the process.
func (s *modules) fromMemory(from source, m Mapping) (*module, error) {
	if m.Hi-m.Lo > 1<<20 {
		return nil, fmt.Errorf("%s of %d bytes", m.Path, m.Hi-m.Lo)
	}
	data := make([]byte, m.Hi-m.Lo)
	if err := from.read(data, m.Lo); err != nil {
		return nil, fmt.Errorf("%s: %w", m.Path, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.vdso == nil {
		s.vdso = map[string]*entry{}
	}
	e := s.vdso[string(data)]
	if e == nil {
		e = &entry{}
		s.vdso[string(data)] = e
	}
	return e.once.get(m.Path, func() (*module, error) { return newModule(m.Path, data) })
}

// close unmaps everything. No trace may be under way.
func (s *modules) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.byID {
		if e.once.v != nil {
			e.once.v.close()
		}
	}
	s.byID, s.vdso = nil, nil
}
