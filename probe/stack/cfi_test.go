package stack

import (
	"debug/elf"
	"encoding/binary"
	"fmt"
	"io"
	"os"
	"slices"
	"testing"

	delve "github.com/go-delve/delve/pkg/dwarf/frame"
)

// loader is the dynamic loader that runs this machine's programs: a file that
// is always there, with assembler, signal frames and expressions in it.
func loader(t testing.TB) string {
	t.Helper()
	f, err := elf.Open("/bin/sh")
	if err != nil {
		t.Skip("NOT TESTED: ", err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b, _ := io.ReadAll(p.Open())
			return string(b[:max(0, len(b)-1)])
		}
	}
	t.Skip("NOT TESTED: /bin/sh is a static program")
	return ""
}

func openFile(t testing.TB, path string) *module {
	t.Helper()
	f, err := reader{}.regular(path, path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := openModule(path, f)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.close)
	return m
}

// TestRowsAgreeWithDelve compares the rules for every function of the dynamic
// loader, at up to 50 places in each, with those of delve.
func TestRowsAgreeWithDelve(t *testing.T) {
	m := openFile(t, loader(t))
	if m.machine.elf != elf.EM_X86_64 {
		t.Skip("NOT TESTED: delve refuses arm64's pointer authentication")
	}
	s := m.elf.Section(".eh_frame")
	if s == nil {
		t.Skip("NOT TESTED: no .eh_frame")
	}
	b, err := sectionData(m.data, s)
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := delve.Parse(b, binary.LittleEndian, 0, 8, s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for _, fde := range theirs {
		for pc := fde.Begin(); pc < fde.End(); pc += (fde.End()-fde.Begin())/50 + 1 {
			rows++
			r, e, err := m.rowAt(recording{}, pc)
			if err != nil {
				t.Fatalf("%#x: %v", pc, err)
			}
			ctx, err := fde.EstablishFrame(pc)
			if err != nil {
				t.Fatalf("%#x: delve: %v", pc, err)
			}
			if e.lo != fde.Begin() || e.hi != fde.End() {
				t.Errorf("%#x: function %#x-%#x, delve has %#x-%#x", pc, e.lo, e.hi, fde.Begin(), fde.End())
			}
			want := ruleOf(ctx.CFA)
			if ctx.CFA.Rule == delve.RuleExpression {
				want.kind = ruleComputed // of the frame address, delve calls it so
			}
			if d := differ(r.cfa, want); d != "" {
				t.Errorf("%#x: frame address: %s", pc, d)
			}
			for i, w := range ctx.Regs {
				want := ruleOf(w)
				if want.kind == ruleUndefined && i != ctx.RetAddrReg {
					want.kind = ruleSame // delve takes "restored" for "undefined"
				}
				if d := differ(r.regs[i], want); i < registerCount && d != "" {
					t.Errorf("%#x: register %d: %s", pc, i, d)
				}
			}
		}
	}
	if rows < 1000 {
		t.Errorf("only %d rows compared", rows)
	}
}

func ruleOf(w delve.DWRule) rule {
	switch w.Rule {
	case delve.RuleUndefined:
		return rule{kind: ruleUndefined}
	case delve.RuleOffset:
		return rule{kind: ruleOffset, off: w.Offset}
	case delve.RuleValOffset:
		return rule{kind: ruleValue, off: w.Offset}
	case delve.RuleRegister:
		return rule{kind: ruleRegister, reg: uint8(w.Reg)}
	case delve.RuleExpression:
		return rule{kind: ruleSaved, expr: w.Expression}
	case delve.RuleValExpression:
		return rule{kind: ruleComputed, expr: w.Expression}
	case delve.RuleCFA:
		return rule{kind: ruleCFA, reg: uint8(w.Reg), off: w.Offset}
	}
	return rule{}
}

func differ(a, b rule) string {
	if a.kind == b.kind && a.reg == b.reg && a.off == b.off && slices.Equal(a.expr, b.expr) {
		return ""
	}
	return fmt.Sprintf("%+v, delve has %+v", a, b)
}

// someFrames is a CIE and one FDE for 0x1000–0x1100 as a compiler writes them:
// push %rbp; mov %rsp,%rbp … pop; ret, with a remembered state.
func someFrames() []byte {
	cie := []byte{0, 0, 0, 0, 1, 'z', 'R', 0, 1, 0x78, 16, 1, 0x03, // udata4, absolute
		0x0c, 7, 8, 0x90, 1, 0, 0}
	fde := []byte{0, 0, 0, 0, 0x00, 0x10, 0, 0, 0x00, 0x01, 0, 0, 0,
		0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6, 0x0a, 0x02, 0x50, 0x0c, 7, 8, 0xc6, 0x41, 0x0b, 0}
	var b []byte
	add := func(body []byte) int {
		at := len(b)
		b = binary.LittleEndian.AppendUint32(b, uint32(len(body)))
		b = append(b, body...)
		return at
	}
	first := add(cie)
	at := add(fde)
	binary.LittleEndian.PutUint32(b[at+4:], uint32(at+4-first))
	return b
}

func TestFrames(t *testing.T) {
	all := appendFrames(nil, someFrames(), 0x8000, true, 8)
	if len(all) != 1 || all[0].lo != 0x1000 || all[0].hi != 0x1100 {
		t.Fatalf("%+v", all)
	}
	e := all[0]
	for pc, want := range map[uint64]rule{
		0x1000: {kind: ruleCFA, reg: 7, off: 8},
		0x1001: {kind: ruleCFA, reg: 7, off: 16},
		0x1004: {kind: ruleCFA, reg: 6, off: 16},
		0x1053: {kind: ruleCFA, reg: 6, off: 16},
		0x1054: {kind: ruleCFA, reg: 7, off: 8},
		0x1055: {kind: ruleCFA, reg: 6, off: 16},
	} {
		r := e.common.initial
		if err := e.common.run(e.program, &r, &e.common.initial, e.lo, pc, 8); err != nil {
			t.Errorf("%#x: %v", pc, err)
		}
		if d := differ(r.cfa, want); d != "" {
			t.Errorf("%#x: %s", pc, d)
		}
		saved := rule{kind: ruleOffset, off: -16}
		if pc == 0x1000 || pc == 0x1054 {
			saved = rule{}
		}
		if d := differ(r.regs[6], saved); d != "" {
			t.Errorf("%#x: rbp: %s", pc, d)
		}
	}
}

func TestFramesAreBounded(t *testing.T) {
	e := &common{codeAlign: 1, dataAlign: -8}
	var r row
	if err := e.run(slices.Repeat([]byte{cfaRemember}, 1<<16), &r, nil, 0, ^uint64(0), 8); err == nil {
		t.Error("65536 remembered states were accepted")
	}
	for _, bad := range [][]byte{{cfaRestoreState}, {cfaDefine, 7}, {0x3f}, {cfaDefineExpr, 0xff, 0xff, 0xff, 0xff, 0x0f}, {cfaAdvance4, 1}} {
		if err := e.run(bad, &r, nil, 0, ^uint64(0), 8); err == nil {
			t.Errorf("% x was accepted", bad)
		}
	}
}

func FuzzCFI(f *testing.F) {
	f.Add(someFrames(), uint64(0x1050), true, true)
	if path := "/bin/true"; fileExists(path) {
		if x, err := elf.Open(path); err == nil {
			if s := x.Section(".eh_frame"); s != nil {
				b, _ := s.Data()
				f.Add(b[:min(len(b), 4096)], uint64(0x1200), true, true)
			}
			x.Close()
		}
	}
	f.Fuzz(func(t *testing.T, b []byte, pc uint64, eh, wide bool) {
		word := 4
		if wide {
			word = 8
		}
		for _, e := range appendFrames(nil, b, 0x1000, eh, word) {
			if e.hi < e.lo {
				t.Fatalf("a function %#x-%#x", e.lo, e.hi)
			}
			r := e.common.initial
			e.common.run(e.program, &r, &e.common.initial, e.lo, pc, word)
			w := &walk{machine: amd64(), mem: &memory{from: recording{}, whole: true}}
			f := &frame{row: &r, entry: e, mod: &module{path: "fuzz", machine: amd64()}}
			f.regs.set(7, 0x1000)
			w.step(f)
		}
	})
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}
