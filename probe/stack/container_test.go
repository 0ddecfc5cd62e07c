package stack

import (
	"bytes"
	"compress/zlib"
	"encoding/binary"
	"io"
	"slices"
	"testing"

	"github.com/ulikunitz/xz"
)

func packed(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func TestUnxz(t *testing.T) {
	want := bytes.Repeat([]byte("index_copy append_addseen seen_lockread "), 1000)
	x := packed(t, want)
	got, err := unxz(x)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v", len(got), err)
	}
	greedy := slices.Clone(x)
	i := bytes.Index(greedy, []byte{0x21, 1})
	greedy[i+2] = 40 // 4 GB
	if _, err := unxz(greedy); err == nil {
		t.Error("a dictionary of 4 GB was accepted")
	}
	if out, err := unxz(packed(t, make([]byte, maxMini+2))); err == nil {
		t.Errorf("%d bytes were unpacked", len(out))
	}
	for n := range len(x) {
		if out, err := unxz(x[:n]); err == nil && len(out) > len(want) {
			t.Fatalf("cut at %d: %d bytes", n, len(out))
		}
	}
}

func TestCompressedSectionsAreBounded(t *testing.T) {
	var bomb bytes.Buffer
	bomb.WriteString("ZLIB")
	bomb.Write(binary.BigEndian.AppendUint64(nil, 1<<40))
	w := zlib.NewWriter(&bomb)
	w.Write(make([]byte, 1<<20))
	w.Close()
	if b, err := unpackOld(".zdebug_info", bomb.Bytes()); err == nil {
		t.Errorf("%d bytes of an announced terabyte", len(b))
	}
	if b, err := unpack(".debug_info", endless{}); err == nil {
		t.Errorf("%d bytes of an endless section", len(b))
	}
	binary.BigEndian.PutUint64(bomb.Bytes()[4:], 1<<20)
	if b, err := unpackOld(".zdebug_info", bomb.Bytes()); err != nil || len(b) != 1<<20 {
		t.Errorf("%d bytes, %v", len(b), err)
	}
}

type endless struct{}

func (endless) Read(b []byte) (int, error) { return len(b), nil }

var _ io.Reader = endless{}
