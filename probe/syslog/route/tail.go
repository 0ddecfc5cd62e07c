package route

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"cyrlock/probe/limit"
)

// A tail is what is added to one log file after it was first looked at.
type tail struct {
	path string
	f    *os.File
	at   int64
	last []byte // the end of what was read before: a token may be cut in two
	err  error
}

// newTail stands at the end of a file. One that is not there yet may come.
func newTail(ctx context.Context, path string) (*tail, error) {
	t := &tail{path: path}
	if err := t.open(ctx); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if t.f != nil {
		info, err := t.f.Stat()
		if err != nil {
			return nil, err
		}
		t.at = info.Size()
	}
	return t, nil
}

func (t *tail) open(ctx context.Context) (err error) {
	t.f, err = limit.Do(ctx, readLimit, func() (*os.File, error) {
		if info, err := os.Stat(t.path); err == nil && !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: not a file", t.path)
		} else if err != nil {
			return nil, err
		}
		return os.Open(t.path)
	})
	return err
}

// read is what has come since, with the end of what came before.
func (t *tail) read(ctx context.Context) []byte {
	if t.err != nil {
		return nil
	}
	if t.f == nil && t.open(ctx) != nil {
		return nil
	}
	more, err := limit.Do(ctx, readLimit, func() ([]byte, error) {
		return io.ReadAll(io.NewSectionReader(t.f, t.at, newBytes))
	})
	if err != nil {
		if ctx.Err() == nil {
			t.err = fmt.Errorf("%s: %w", t.path, err)
		}
		return nil
	}
	if len(more) == 0 { // rotated, perhaps: then what comes goes to another file, or begins anew
		now, err := os.Stat(t.path)
		mine, err2 := t.f.Stat()
		if err == nil && err2 == nil && (!os.SameFile(now, mine) || now.Size() < t.at) {
			t.f.Close()
			t.f, t.at, t.last = nil, 0, nil
		}
		return nil
	}
	t.at += int64(len(more))
	more = append(t.last, more...)
	t.last = slices.Clone(more[max(0, len(more)-64):])
	return more
}
