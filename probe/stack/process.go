package stack

import "fmt"

// A process is what several threads' stacks share: the memory map and the
// modules that have been found in it.
type process struct {
	reader  reader
	tracer  *Tracer
	from    source
	maps    []Mapping
	located map[*Mapping]located
	servers map[string]error // by device: why files there are not touched
}

type located struct {
	mod  *module
	bias uint64
	err  error
}

func (t *Tracer) process(from source, maps []Mapping) *process {
	return &process{tracer: t, from: from, maps: maps, located: map[*Mapping]located{}, servers: map[string]error{}}
}

// locate finds the module of a run-time address and its bias. Code must lie
// in an executable mapping.
func (p *process) locate(addr uint64, code bool) (*module, uint64, error) {
	m := findMapping(p.maps, addr)
	switch {
	case m == nil:
		return nil, 0, fmt.Errorf("no memory is mapped at this address")
	case code && !m.Exec:
		return nil, 0, fmt.Errorf("this address is not executable (%s)", named(m))
	}
	l, ok := p.located[m]
	if !ok {
		if l.err = p.outOfReach(*m); l.err == nil {
			l.mod, l.err = p.tracer.modules.get(p.from, *m)
		}
		if l.err == nil {
			var fits bool
			if l.bias, fits = l.mod.bias(*m); !fits {
				l = located{err: fmt.Errorf("%s: no segment is mapped from offset %#x", m.Path, m.Offset)}
			}
		}
		p.located[m] = l
	}
	return l.mod, l.bias, l.err
}

// owner finds the module that a static variable or function belongs to; nil
// for heap and stack. A module's .bss is anonymous memory right behind its file's.
func (p *process) owner(addr uint64) (*module, uint64) {
	m := findMapping(p.maps, addr)
	if m == nil {
		return nil, 0
	}
	file := m
	if m.Inode == 0 && m.Path == "" {
		if file = findMapping(p.maps, m.Lo-1); file == nil {
			return nil, 0
		}
	}
	if file.Inode == 0 || !p.isModule(*file) {
		return nil, 0
	}
	mod, bias, err := p.locate(file.Lo, false)
	if err != nil || !mod.holds(addr-bias) {
		return nil, 0
	}
	return mod, bias
}

func named(m *Mapping) string {
	if m.Path == "" {
		return "anonymous memory"
	}
	return m.Path
}

func (p *process) executable(addr uint64) bool {
	m := findMapping(p.maps, addr)
	return m != nil && m.Exec
}

// code returns n bytes of program text out of the file, which saves a system
// call; nil where they must be read from the process.
func (p *process) code(addr uint64, n int) []byte {
	m := findMapping(p.maps, addr)
	if m == nil || !m.Exec || m.Write || addr+uint64(n) > m.Hi {
		return nil
	}
	mod, bias, err := p.locate(addr, true)
	if err != nil {
		return nil
	}
	if b := mod.at(addr - bias); len(b) >= n {
		return b[:n]
	}
	return nil
}

// machineAt guesses the instruction set from the code that runs.
func (p *process) machineAt(pc uint64) (*machine, error) {
	if mod, _, err := p.locate(pc, true); err == nil {
		return mod.machine, nil
	}
	// code without a file: any module of the process tells as well
	for i := range p.maps {
		if p.maps[i].Exec && (p.maps[i].Inode != 0 || p.maps[i].Path == vdso) {
			if mod, _, err := p.locate(p.maps[i].Lo, true); err == nil {
				return mod.machine, nil
			}
		}
	}
	return nil, fmt.Errorf("no ELF file could be read of this process")
}

// refuse says why memory is not read: a page of a file on a server may never come.
func (p *process) refuse(addr uint64) error {
	if m := findMapping(p.maps, addr); m != nil && m.Inode != 0 {
		return p.outOfReach(*m)
	}
	return nil
}

// walk starts a stack whose memory is mem.
func (p *process) walk(m *machine, mem *memory) *walk {
	mem.code, mem.refuse = p.code, p.refuse
	return &walk{proc: p, machine: m, mem: mem}
}
