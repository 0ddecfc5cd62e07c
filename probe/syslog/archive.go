package syslog

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"
)

const (
	maxWindow   = 128 << 20 // of a decompressor: what zstd --ultra -22 and xz -9 need
	maxUnpacked = 64 << 30  // of one file
)

var errTooLong = errors.New("more than 64 GiB when it is unpacked; the rest was not read")

// unpack gives the contents of a file, which tells by its first bytes how it was
// compressed, whatever its name. close frees what the decompressor holds.
func unpack(f *os.File) (r io.Reader, close func(), err error) {
	in := bufio.NewReaderSize(f, 256<<10)
	magic, err := in.Peek(32)
	if err != nil && err != io.EOF {
		return nil, nil, err
	}
	close = func() {}
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		r, err = gzip.NewReader(in)
	case bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		var d *zstd.Decoder
		d, err = zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxWindow), zstd.WithDecoderLowmem(true))
		if err == nil {
			r, close = d, d.Close
		}
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")):
		if n := xzWindow(magic); n > maxWindow {
			return nil, nil, fmt.Errorf("its window is of %d MiB: too large", n>>20)
		}
		r, err = xz.NewReader(in)
	case bytes.HasPrefix(magic, []byte("BZh")):
		r = bzip2.NewReader(in)
	default:
		return in, close, nil
	}
	if err != nil {
		return nil, nil, err
	}
	return &bounded{r, maxUnpacked}, close, nil
}

// xzWindow is the size of the window that a file asks for: in its first block header,
// after the stream header of 12 bytes, as the property of the LZMA2 filter (id 0x21),
// by the xz file format 1.1.0, 3.1 and 5.3.1. 0: it is somewhere else, or not there.
func xzWindow(b []byte) uint64 {
	if len(b) < 20 {
		return 0
	}
	i := 14 // after the size and the flags of the header
	for flag := byte(0x40); flag != 0; flag <<= 1 {
		if b[13]&flag == 0 {
			continue
		}
		if _, n := binary.Uvarint(b[i:]); n > 0 {
			i += n
		}
	}
	if i+2 >= len(b) || b[i] != 0x21 || b[i+2] > 40 {
		return 0
	}
	bits := uint64(b[i+2])
	return (2 | bits&1) << (bits/2 + 11)
}

// A bounded reader ends with an error, not with silence.
type bounded struct {
	r    io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.r.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}
