package stack_test

import (
	"debug/elf"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"cyrlock/evidence"
)

// A comparison says how exact our frames must be.
type comparison struct {
	noStop   bool // without a stop, callee-saved registers of the innermost frames are not known
	libc     bool // the lines of the C library were asked for
	stale    bool // see variant
	counters *counters
}

// counters are of arguments that a stack without a stop could not know.
type counters struct{ args, lost atomic.Int64 }

var libcFile = regexp.MustCompile(`^(libc|ld|ld-linux.*|libpthread)[.-]`)

func inLibc(module string) bool { return libcFile.MatchString(filepath.Base(module)) }

// differences lists where our frames are not gdb's, and is empty when they agree.
func (c comparison) differences(ours []evidence.Frame, gdb []gdbFrame, exe string) []string {
	if !c.libc {
		gdb = withoutLibcLines(gdb)
	}
	repairInlinedRead(gdb)
	var diff []string
	if len(ours) != len(gdb) {
		diff = append(diff, fmt.Sprintf("%d frames, gdb has %d", len(ours), len(gdb)))
	}
	for i := range min(len(ours), len(gdb)) {
		for _, d := range c.frame(ours[i], gdb[i], exe) {
			diff = append(diff, fmt.Sprintf("#%d: %s", i, d))
		}
		if len(diff) > 8 {
			break // one frame too many shifts all that follow
		}
	}
	return diff
}

func (c comparison) frame(o evidence.Frame, g gdbFrame, exe string) []string {
	var diff []string
	differ := func(what string, ours, gdbs any) {
		diff = append(diff, fmt.Sprintf("%s %v, gdb has %v", what, ours, gdbs))
	}
	if uint64(o.PC) != g.PC {
		differ("pc", o.PC, evidence.Addr(g.PC))
	}
	if o.Signal != (g.Type == gdbSignal) {
		differ("signal handler called", o.Signal, g.Type == gdbSignal)
	}
	if g.Type == gdbSignal {
		return diff // gdb names it by what it is
	}
	if o.Inlined != (g.Type == gdbInline) {
		differ("inlined", o.Inlined, g.Type == gdbInline)
	}
	module := g.Lib
	if module == "" {
		module = exe
	}
	if o.Module != "[vdso]" && o.Module != "" && fileBase(o.Module) != fileBase(module) {
		differ("module", o.Module, module)
	}
	if o.Module == "" && g.Lib != "" {
		differ("module", `""`, module)
	}
	if o.Func != g.Name && !aliases(module, o.Func, g.Name) {
		differ("function", o.Func, g.Name)
	}
	if inLibc(module) && !c.libc {
		return diff // its debug data is read only when asked for
	}
	if filepath.Base(o.File) != filepath.Base(g.File) || o.Line != g.Line {
		differ("line", fmt.Sprint(o.File, ":", o.Line), fmt.Sprint(g.File, ":", g.Line))
	}
	return append(diff, c.arguments(o.Args, g)...)
}

// arguments compares names, order and text of the values. Without a stop an
// argument may be unknown, or known only as it was on entry; it must never be wrong.
func (c comparison) arguments(ours []evidence.Arg, g gdbFrame) []string {
	if len(ours) != len(g.Args) {
		return []string{fmt.Sprintf("arguments %s, gdb has %s", argText(ours), argText(g.Args))}
	}
	var diff []string
	for i, want := range g.Args {
		got := ours[i]
		if c.counters != nil {
			c.counters.args.Add(1)
		}
		if got == want {
			continue
		}
		name := strings.TrimSuffix(want.Name, "@entry")
		if (c.noStop || c.stale) && strings.TrimSuffix(got.Name, "@entry") == name {
			entry, known := g.Entry[name]
			if got.Value == optimizedOut || got.Name == name+"@entry" && known && got.Value == entry {
				if !c.stale {
					c.counters.lost.Add(1)
				}
				continue
			}
		}
		diff = append(diff, fmt.Sprintf("argument %s=%s, gdb has %s=%s", got.Name, got.Value, want.Name, want.Value))
	}
	return diff
}

// fileBase is the name of the file itself, not of a link to it.
func fileBase(path string) string {
	path = strings.TrimSuffix(path, " (deleted)")
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	return filepath.Base(path)
}

// repairInlinedRead mends the one argument that gdb 13 gets wrong in these builds:
// for the fortified read that is inlined in wait_pipe it adds the offset in the
// caller's frame to the wrong frame. It has the same pointer right one frame further up.
func repairInlinedRead(frames []gdbFrame) {
	for i := range frames[:max(len(frames)-1, 0)] {
		if frames[i].Type != gdbInline || frames[i].Name != "read" {
			continue
		}
		for k, a := range frames[i].Args {
			for _, b := range frames[i+1].Args {
				if a.Name == "__buf" && b.Name == "buf" {
					pointer, _, _ := strings.Cut(b.Value, " ")
					frames[i].Args[k].Value = pointer
				}
			}
		}
	}
}

// withoutLibcLines leaves the frames that gdb would have without libc's debug data.
func withoutLibcLines(frames []gdbFrame) []gdbFrame {
	return slices.DeleteFunc(slices.Clone(frames), func(f gdbFrame) bool {
		return inLibc(f.Lib) && (f.Type == gdbInline || f.Type == gdbTail)
	})
}

// aliases reports whether both are names of the same address of the file: libc
// has up to five for one function, and which one gdb shows is a matter of taste.
func aliases(file, a, b string) bool {
	at := symbols(file)
	return slices.ContainsFunc(at[a], func(v uint64) bool { return slices.Contains(at[b], v) })
}

var symbolCache sync.Map // path → map[string][]uint64

// symbols reads the addresses of a file's symbols and of its debug file's.
func symbols(file string) map[string][]uint64 {
	if m, ok := symbolCache.Load(file); ok {
		return m.(map[string][]uint64)
	}
	at := map[string][]uint64{}
	files := []string{file}
	if f, err := elf.Open(file); err == nil {
		if s := f.Section(".note.gnu.build-id"); s != nil {
			if b, err := s.Data(); err == nil && len(b) > 16 {
				id := fmt.Sprintf("%x", b[16:])
				files = append(files, "/usr/lib/debug/.build-id/"+id[:2]+"/"+id[2:]+".debug")
			}
		}
		f.Close()
	}
	for _, name := range files {
		f, err := elf.Open(name)
		if err != nil {
			continue
		}
		static, _ := f.Symbols()
		dynamic, _ := f.DynamicSymbols()
		for _, s := range append(static, dynamic...) {
			if s.Section != elf.SHN_UNDEF {
				at[s.Name] = append(at[s.Name], s.Value)
			}
		}
		f.Close()
	}
	symbolCache.Store(file, at)
	return at
}

func argText(args []evidence.Arg) string {
	var b []string
	for _, a := range args {
		b = append(b, a.Name+"="+a.Value)
	}
	return "(" + strings.Join(b, ", ") + ")"
}

func ourText(frames []evidence.Frame) string {
	var b strings.Builder
	for i, f := range frames {
		fmt.Fprintf(&b, "#%-2d %v %s %s at %s:%d in %s inlined=%v signal=%v %s\n",
			i, f.PC, f.Func, argText(f.Args), f.File, f.Line, f.Module, f.Inlined, f.Signal, f.How)
	}
	return b.String()
}

func gdbText(frames []gdbFrame) string {
	var b strings.Builder
	for i, f := range frames {
		fmt.Fprintf(&b, "#%-2d %#x %s %s at %s:%d in %s inlined=%v signal=%v\n",
			i, f.PC, f.Name, argText(f.Args), f.File, f.Line, f.Lib, f.Type == gdbInline, f.Type == gdbSignal)
	}
	return b.String()
}
