package stack

import (
	"context"
	"debug/elf"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
)

// A small program with what compilers like to write: inlined calls, location
// lists, entry values, enumerations, floats, pointers to functions and strings.
const fuzzProgram = `
enum color { RED, GREEN = 2, BLUE = 4 };
struct box { int n; const char *name; };
extern int hang(int, const void *);
int after;
static inline __attribute__((always_inline)) int inner(struct box *b, const char *name, enum color c, double d)
{ return hang(b->n, name) + c + (int)d + after; }
__attribute__((noinline)) int middle(struct box b, const char *name, enum color c, float f, int (*call)(int, const void *))
{ int r = inner(&b, name, c, f); after += r; return call(r, name); }
__attribute__((noinline)) int outer(int argc, char **argv)
{ struct box b = { argc, argv[0] }; int r = middle(b, argv[1], GREEN, 1.5f, hang); after += r + argc; return r; }
`

// seeds are small ELF files as compilers write them; without a compiler, this
// machine's smallest program.
func seeds(f testing.TB) [][]byte {
	f.Helper()
	if _, err := exec.LookPath("gcc"); err != nil {
		b, err := os.ReadFile("/bin/true")
		if err != nil {
			f.Skip("NOT TESTED: neither gcc nor /bin/true")
		}
		return [][]byte{b}
	}
	dir := f.TempDir()
	source := filepath.Join(dir, "a.c")
	if err := os.WriteFile(source, []byte(fuzzProgram), 0o600); err != nil {
		f.Fatal(err)
	}
	var out [][]byte
	for _, flags := range []string{"-O2 -gdwarf-5", "-O0 -gdwarf-4", "-O2 -gdwarf-4 -gz=zlib", "-O2 -gdwarf-3"} {
		lib := filepath.Join(dir, "a.so")
		args := append(strings.Fields(flags), "-shared", "-fPIC", "-nostdlib", "-Wl,-z,noseparate-code", "-o", lib, source)
		if b, err := exec.Command("gcc", args...).CombinedOutput(); err != nil {
			f.Fatalf("gcc: %v\n%s", err, b)
		}
		b, err := os.ReadFile(lib)
		if err != nil {
			f.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// TestSeedIsUnderstood makes sure that what the fuzzers break was whole.
func TestSeedIsUnderstood(t *testing.T) {
	if _, err := exec.LookPath("gcc"); err != nil {
		missing(t, "gcc")
	}
	for i, data := range seeds(t) {
		m, err := newModule("seed", data)
		if err != nil {
			t.Fatal(err)
		}
		y, ok := m.symbolNamed(recording{}, "middle")
		if !ok {
			t.Fatalf("seed %d: no symbol", i)
		}
		frames := unwindAt(m, y+0x10)
		at := slices.IndexFunc(frames, func(f evidence.Frame) bool { return !f.Inlined })
		if at < 0 || frames[at].Func != "middle" || frames[at].Line == 0 || len(frames[at].Args) != 5 {
			t.Errorf("seed %d: %+v", i, frames)
		}
	}
}

const fuzzBase = 0x400000 // where the module is mapped

// unwindAt unwinds and names a stack whose innermost frame is at a link-time
// pc, and whose words all point into the module.
func unwindAt(m *module, pc uint64) []evidence.Frame {
	tracer := New(Options{LibcLines: true})
	maps := []Mapping{{Lo: fuzzBase, Hi: fuzzBase + 1<<24, Exec: true, Inode: 1, Path: "seed"}, {Lo: 1 << 40, Hi: 1<<40 + 1<<16, Write: true}}
	from := pattern{}
	p := tracer.process(from, maps)
	p.located[&p.maps[0]] = located{mod: m, bias: fuzzBase}
	w := p.walk(m.machine, follow(from, maps, 1<<40+1<<12, nil))
	var regs registers
	for i := range registerCount {
		regs.set(i, 1<<40+1<<12+uint64(i)*16)
	}
	regs.set(m.machine.sp, 1<<40+1<<12)
	regs.set(m.machine.pc, fuzzBase+pc)
	w.run(regs)
	return w.named()
}

// pattern is memory in which every word is an address in the module.
type pattern struct{ recording }

func (pattern) read(b []byte, addr uint64) error {
	for i := range b {
		b[i] = []byte{0x20, 0x10, 0x40, 0, 0, 0, 0, 0}[(addr+uint64(i))%8]
	}
	return nil
}

// understand does all that is ever done with a file.
func understand(t *testing.T, data []byte) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	done := make(chan struct{})
	go func() {
		defer close(done)
		m, err := newModule("fuzz", data)
		if err != nil {
			return
		}
		pcs := []uint64{0x1000, 0x1020, 0x1040, 0x1080, 0x10c0}
		syms := m.symbols(recording{})
		for _, y := range syms.list[:min(len(syms.list), 8)] {
			syms.name(y)
			pcs = append(pcs, y.addr, y.addr+1, y.addr+0x20)
		}
		for _, pc := range pcs {
			unwindAt(m, pc)
		}
		m.findDebugFile(recording{})
	}()
	select {
	case <-done:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			panic("more than 20 s for one file")
		}
	}
}

// A patch overwrites bytes: eight at a time, at places that the fuzzer chooses.
func patched(data []byte, lo, hi uint64, patch []byte) []byte {
	out := append([]byte(nil), data...)
	for len(patch) >= 3 && hi > lo {
		at := lo + (uint64(patch[0])<<8|uint64(patch[1]))%(hi-lo)
		n := min(1+int(patch[2]%8), len(patch)-3)
		copy(out[at:hi], patch[3:3+n])
		patch = patch[3+n:]
	}
	return out
}

func FuzzELF(f *testing.F) {
	files := seeds(f)
	for i := range files {
		f.Add(uint8(i), uint16(0), []byte{0, 0x28, 3, 1, 2, 3, 4})
		f.Add(uint8(i), uint16(100), []byte{0, 54, 8, 255, 255, 255, 255, 255, 255, 255, 255})
	}
	f.Fuzz(func(t *testing.T, which uint8, short uint16, patch []byte) { // short: bytes cut off
		data := files[int(which)%len(files)]
		data = data[:len(data)-min(int(short), len(data))]
		understand(t, patched(data, 0, uint64(len(data)), patch))
	})
}

func FuzzDWARF(f *testing.F) {
	files := seeds(f)
	for i := range files {
		for s := range uint8(8) {
			f.Add(uint8(i), s, []byte{0, 11, 2, 0x7f, 0xff, 0x80})
		}
	}
	f.Fuzz(func(t *testing.T, which, section uint8, patch []byte) {
		data := files[int(which)%len(files)]
		x, err := elf.NewFile(strings.NewReader(string(data)))
		if err != nil {
			t.Fatal(err)
		}
		var debug []*elf.Section
		for _, s := range x.Sections {
			if strings.HasPrefix(s.Name, ".debug_") || s.Name == ".eh_frame" {
				debug = append(debug, s)
			}
		}
		if len(debug) == 0 {
			return
		}
		s := debug[int(section)%len(debug)]
		understand(t, patched(data, s.Offset, s.Offset+s.FileSize, patch))
	})
}
