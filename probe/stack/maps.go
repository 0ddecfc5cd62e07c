package stack

import (
	"bytes"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
)

// A Mapping is one line of /proc/PID/maps (proc(5)).
type Mapping struct {
	Lo, Hi  uint64 // addresses, Hi excluded
	Exec    bool
	Write   bool
	Offset  uint64 // in the file
	Dev     string // "fe:00"; on btrfs and overlayfs not what stat(2) says
	Inode   uint64 // 0: no file
	Path    string // "[vdso]", "" and such have no file
	Deleted bool   // the path no longer leads to this file
}

// maxMappings is far above vm.max_map_count's default of 65,530.
const maxMappings = 1 << 20

// parseMaps keeps the good lines and reports the first bad one.
func parseMaps(text []byte) ([]Mapping, error) {
	var maps []Mapping
	var first error
	all := string(text) // one allocation; the paths are parts of it
	for len(all) > 0 && len(maps) < maxMappings {
		line, rest, _ := strings.Cut(all, "\n")
		all = rest
		m, err := parseMapping(line)
		if err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		maps = append(maps, m)
	}
	ordered := func(i, j int) bool { return maps[i].Lo < maps[j].Lo }
	if !sort.SliceIsSorted(maps, ordered) {
		sort.SliceStable(maps, ordered)
	}
	if len(maps) == 0 && first == nil {
		first = errNoMemory
	}
	return maps, first
}

var errNoMemory = errors.New("no memory map: a kernel thread, or a process that has ended")

func parseMapping(line string) (Mapping, error) {
	var m Mapping
	bad := func() (Mapping, error) { return m, fmt.Errorf("maps: bad line %.120q", line) }
	span, rest, _ := strings.Cut(line, " ")
	lo, hi, ok := strings.Cut(span, "-")
	perm, rest, _ := strings.Cut(rest, " ")
	offset, rest, _ := strings.Cut(rest, " ")
	dev, rest, _ := strings.Cut(rest, " ")
	inode, rest, _ := strings.Cut(rest, " ")
	if !ok || len(perm) != 4 {
		return bad()
	}
	var e1, e2, e3, e4 error
	m.Lo, e1 = strconv.ParseUint(lo, 16, 64)
	m.Hi, e2 = strconv.ParseUint(hi, 16, 64)
	m.Offset, e3 = strconv.ParseUint(offset, 16, 64)
	m.Inode, e4 = strconv.ParseUint(inode, 10, 64)
	if e1 != nil || e2 != nil || e3 != nil || e4 != nil || m.Lo >= m.Hi {
		return bad()
	}
	m.Write, m.Exec, m.Dev = perm[1] == 'w', perm[2] == 'x', dev
	m.Path = strings.TrimLeft(rest, " ")
	if m.Inode != 0 {
		m.Path, m.Deleted = strings.CutSuffix(m.Path, " (deleted)")
		m.Path = strings.ReplaceAll(m.Path, `\012`, "\n") // the one character that the kernel escapes here
	}
	return m, nil
}

// findMapping returns the mapping that holds addr, or nil.
func findMapping(maps []Mapping, addr uint64) *Mapping {
	i := sort.Search(len(maps), func(i int) bool { return maps[i].Hi > addr })
	if i < len(maps) && maps[i].Lo <= addr {
		return &maps[i]
	}
	return nil
}

// field returns the rest of the line of /proc/PID/status that starts with name.
func field(status []byte, name string) string {
	for line := range bytes.Lines(status) {
		if v, ok := bytes.CutPrefix(line, []byte(name)); ok {
			return string(bytes.TrimSpace(v))
		}
	}
	return ""
}
