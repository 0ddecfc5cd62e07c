package stack

import (
	"errors"
	"testing"
)

// counted is a stack in which each word is its own address, and which counts reads.
type counted struct {
	recording
	lo, hi uint64
	reads  *int
}

func (c counted) read(b []byte, addr uint64) error {
	if addr < c.lo || addr+uint64(len(b)) > c.hi {
		return errors.New("outside")
	}
	*c.reads++
	for i := range b {
		a := addr + uint64(i)
		b[i] = byte(a &^ 7 >> (a % 8 * 8))
	}
	return nil
}

func TestStackIsCopiedAsFarAsItIsRead(t *testing.T) {
	const lo, size = 1 << 40, 1 << 20
	reads := 0
	from := counted{lo: lo, hi: lo + size, reads: &reads}
	maps := []Mapping{{Lo: lo, Hi: lo + size, Write: true}}
	sp := uint64(lo + 4096)
	m := follow(from, maps, sp, make([]byte, maxStack))
	for a := sp - redZone; a < sp+8<<10; a += 8 {
		if v, err := m.word(a, 8); err != nil || v != a {
			t.Fatalf("%#x: %#x, %v", a, v, err)
		}
	}
	if reads != 1 || len(m.stack) != firstChunk {
		t.Errorf("%d reads of %d bytes for 8 KB", reads, len(m.stack))
	}
	last := sp - redZone + maxStack - 8
	if v, err := m.word(last, 8); err != nil || v != last {
		t.Errorf("%#x: %#x, %v", last, v, err)
	}
	if len(m.stack) != maxStack {
		t.Errorf("%d bytes copied", len(m.stack))
	}
	for _, beyond := range []uint64{last + 4, last + 8} {
		if _, err := m.word(beyond, 8); !errors.Is(err, errStackLimit) {
			t.Errorf("%#x: %v", beyond, err)
		}
	}
	if _, err := m.word(^uint64(0)-3, 8); err == nil {
		t.Error("a word across the end of memory was read")
	}
}

func TestStackEndsWithItsMapping(t *testing.T) {
	reads := 0
	from := counted{lo: 0x10000, hi: 0x11000, reads: &reads}
	m := follow(from, []Mapping{{Lo: 0x10000, Hi: 0x11000}}, 0x10ff0, make([]byte, maxStack))
	if v, err := m.word(0x10ff8, 8); err != nil || v != 0x10ff8 {
		t.Errorf("%#x, %v", v, err)
	}
	for _, addr := range []uint64{0x10ffc, 0x11000} {
		if _, err := m.word(addr, 8); err == nil || errors.Is(err, errStackLimit) {
			t.Errorf("%#x: %v", addr, err)
		}
	}
	if lo, hi, _ := stackSpan(nil, 5); hi != lo {
		t.Errorf("a stack without a map: %#x-%#x", lo, hi)
	}
}
