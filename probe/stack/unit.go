package stack

import (
	"debug/dwarf"
	"sort"
	"strings"
)

// A loadedUnit is one compilation unit: its functions and its lines, each read
// at the first use.
type loadedUnit struct {
	unit
	entry   *dwarf.Entry
	lowpc   uint64
	compDir string

	functions once[[]functionRange]
	lines     once[lineTable]
}

type functionRange struct {
	lo, hi uint64
	die    dwarf.Offset
}

func (x *debugInfo) load(u unit) (*loadedUnit, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l := x.loaded[u.off]; l != nil {
		return l, nil
	}
	e, err := x.entry(u.die)
	if err != nil {
		return nil, err
	}
	l := &loadedUnit{unit: u, entry: e}
	l.lowpc, _ = e.Val(dwarf.AttrLowpc).(uint64)
	l.compDir, _ = e.Val(dwarf.AttrCompDir).(string)
	x.loaded[u.off] = l
	return l, nil
}

// functionAt finds the DIE of the function that holds pc.
func (x *debugInfo) functionAt(u *loadedUnit, pc uint64) (dwarf.Offset, bool) {
	list, _ := u.functions.get(x.path, func() ([]functionRange, error) { return x.readFunctions(u), nil })
	i := sort.Search(len(list), func(i int) bool { return list[i].lo > pc }) - 1
	if i >= 0 && pc < list[i].hi {
		return list[i].die, true
	}
	return 0, false
}

// readFunctions walks the unit without looking into functions.
func (x *debugInfo) readFunctions(u *loadedUnit) []functionRange {
	var out []functionRange
	r := x.data.Reader()
	r.Seek(u.entry.Offset)
	if e, err := r.Next(); err != nil || e == nil || !e.Children {
		return nil
	}
	for depth := 1; depth > 0; {
		e, err := r.Next()
		if err != nil || e == nil {
			break
		}
		switch e.Tag {
		case 0:
			depth--
			continue
		case dwarf.TagNamespace, dwarf.TagStructType, dwarf.TagClassType:
			if e.Children {
				depth++
			}
			continue
		case dwarf.TagSubprogram:
			spans, _ := x.data.Ranges(e)
			for _, s := range spans {
				if s[0] < s[1] && s[0] != 0 {
					out = append(out, functionRange{s[0], s[1], e.Offset})
				}
			}
		}
		if e.Children {
			r.SkipChildren()
		}
	}
	sort.SliceStable(out, func(i, j int) bool { return out[i].lo < out[j].lo })
	return out
}

// A lineTable is a unit's line number program, run to its end.
type lineTable struct {
	files []string
	rows  []lineRow
}

type lineRow struct {
	addr uint64
	file int32
	line int32
	stmt bool
	end  bool
}

const maxLines = 1 << 21 // 48 MB; one unit of an optimized giant has a tenth

// lineAt returns the source line of a link-time pc as gdb chooses it: the last
// row at or before pc, but for rows of the same address one that begins a statement.
func (x *debugInfo) lineAt(u *loadedUnit, pc uint64) (string, int) {
	t := x.lineTable(u)
	for i := 0; i+1 < len(t.rows); i++ {
		if t.rows[i].end || pc < t.rows[i].addr || pc >= t.rows[i+1].addr {
			continue
		}
		best := i
		for !t.rows[best].stmt && best > 0 && t.rows[best-1].addr == t.rows[i].addr && !t.rows[best-1].end {
			best--
		}
		if !t.rows[best].stmt {
			best = i
		}
		return u.short(t.file(int(t.rows[best].file))), int(t.rows[best].line)
	}
	return "", 0
}

func (x *debugInfo) lineTable(u *loadedUnit) lineTable {
	t, _ := u.lines.get(x.path, func() (lineTable, error) { return x.readLines(u) })
	return t
}

func (t *lineTable) file(i int) string {
	if i >= 0 && i < len(t.files) {
		return t.files[i]
	}
	return ""
}

// short leaves the compilation directory away, as gdb does.
func (u *loadedUnit) short(path string) string {
	if u.compDir != "" {
		if rest, ok := strings.CutPrefix(path, u.compDir+"/"); ok {
			return rest
		}
	}
	return path
}

func (x *debugInfo) readLines(u *loadedUnit) (lineTable, error) {
	var t lineTable
	r, err := x.data.LineReader(u.entry)
	if err != nil || r == nil {
		return t, err
	}
	number := map[*dwarf.LineFile]int32{} // files of DW_LNE_define_file come on the way
	var e dwarf.LineEntry
	list := func() {
		for _, f := range r.Files()[len(t.files):] {
			name := ""
			if f != nil {
				name = f.Name
				number[f] = int32(len(t.files))
			}
			t.files = append(t.files, name)
		}
	}
	for list(); len(t.rows) < maxLines && r.Next(&e) == nil; {
		n, ok := number[e.File]
		if !ok {
			list()
			n = number[e.File]
		}
		if e.Line == 0 && !e.EndSequence {
			continue // code of no line belongs to the one before, for gdb too
		}
		t.rows = append(t.rows, lineRow{e.Address, n, int32(e.Line), e.IsStmt, e.EndSequence})
	}
	return t, nil
}
