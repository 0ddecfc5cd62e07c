package stack

import (
	"errors"
	"testing"
)

func TestParseCallLine(t *testing.T) {
	c, err := parseCallLine("73 0x16 0x2 0x0 0x8 0x9 0x7ffc 0x7ffc877b68f8 0x7fe5330d2897\n")
	if err != nil || !c.blocked || c.args[0] != 0x16 || c.args[5] != 0x7ffc || c.sp != 0x7ffc877b68f8 || c.pc != 0x7fe5330d2897 {
		t.Errorf("%+v, %v", c, err)
	}
	for _, m := range []*machine{amd64(), i386(), arm64()} {
		r := c.registers(m)
		if pc, ok := r.get(m.pc); !ok || pc != c.pc {
			t.Errorf("%v: pc %#x, %v", m.elf, pc, ok)
		}
		if sp, ok := r.get(m.sp); !ok || sp != c.sp {
			t.Errorf("%v: sp %#x, %v", m.elf, sp, ok)
		}
	}
	r := c.registers(i386())
	if fp, ok := r.get(i386().fp); !ok || fp != 0x7ffc {
		t.Errorf("i386 passes its sixth argument in ebp: %#x, %v", fp, ok)
	}
	if r := c.registers(amd64()); r.known>>3&1 != 0 || r.known>>6&1 != 0 {
		t.Error("rbx and rbp are not in the line")
	}

	c, err = parseCallLine("-1 0x7ffc877b68f8 0x7fe5330d2897")
	if err != nil || c.blocked || c.sp != 0x7ffc877b68f8 {
		t.Errorf("%+v, %v", c, err)
	}
	if r := c.registers(amd64()); r.known != 1<<7|1<<16 {
		t.Errorf("known: %b", r.known)
	}
	if _, err := parseCallLine("running\n"); !errors.Is(err, errRunning) {
		t.Error(err)
	}
	for _, bad := range []string{"", "73", "x 0x1 0x2", "73 1 2 3 4 5 6 7 8", "-1 0x1 0xg", "-1 0x1 0x10000000000000000"} {
		if c, err := parseCallLine(bad); err == nil {
			t.Errorf("%q: %+v", bad, c)
		}
	}
}

func FuzzSyscallLine(f *testing.F) {
	f.Add("73 0x16 0x2 0x0 0x8 0x9 0x7ffc 0x7ffc877b68f8 0x7fe5330d2897\n")
	f.Add("-1 0x7ffc877b68f8 0x7fe5330d2897")
	f.Add("running")
	f.Fuzz(func(t *testing.T, line string) {
		c, err := parseCallLine(line)
		if err != nil {
			return
		}
		for _, m := range []*machine{amd64(), i386(), arm64()} {
			r := c.registers(m)
			if pc, ok := r.get(m.pc); !ok || pc != c.pc {
				t.Fatalf("%q: pc %#x", line, pc)
			}
		}
	})
}
