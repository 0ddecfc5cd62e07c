package conf

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"cyrlock/probe/limit"
)

const (
	readLimit = 2 * time.Second // of one file: it may lie on a disk that does not answer
	fileBytes = 1 << 20
	mostFiles = 256 // that one configuration includes
)

// reader reads the files of one configuration.
type reader struct {
	ctx    context.Context
	files  []string // read so far
	within []string // being read, against circles
	errs   []error
}

// read is a whole file; what is beyond the limit is not there, and an error.
func read(ctx context.Context, name string) ([]byte, error) {
	data, err := limit.Do(ctx, readLimit, func() ([]byte, error) {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		defer f.Close()
		if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: not a file", name)
		}
		return io.ReadAll(io.LimitReader(f, fileBytes+1))
	})
	switch {
	case errors.Is(err, limit.ErrTime):
		return nil, fmt.Errorf("%s: %w", name, err)
	case len(data) > fileBytes:
		return data[:fileBytes], fmt.Errorf("%s: only its first %d bytes were read", name, fileBytes)
	}
	return data, err
}

// include gives each file that a pattern names to f, by name. Without one that is
// there it is an error only where the pattern is a plain name and must be.
func (r *reader) include(pattern string, must bool, f func(name string, data []byte)) {
	names, err := limit.Do(r.ctx, readLimit, func() ([]string, error) { return filepath.Glob(pattern) })
	if err != nil {
		r.errs = append(r.errs, fmt.Errorf("%s: %w", pattern, err))
		return
	}
	slices.Sort(names)
	if len(names) == 0 && must && !slices.ContainsFunc([]byte(pattern), func(c byte) bool { return c == '*' || c == '?' || c == '[' }) {
		r.errs = append(r.errs, &fs.PathError{Op: "open", Path: pattern, Err: fs.ErrNotExist})
	}
	for _, name := range names {
		if slices.Contains(r.within, name) {
			continue
		}
		if len(r.files) >= mostFiles {
			r.errs = append(r.errs, fmt.Errorf("%s: more than %d files are included: the rest was not read", pattern, mostFiles))
			return
		}
		data, err := read(r.ctx, name)
		if err != nil {
			r.errs = append(r.errs, err)
			if data == nil {
				continue
			}
		}
		r.files = append(r.files, name)
		r.within = append(r.within, name)
		f(name, data)
		r.within = r.within[:len(r.within)-1]
	}
}
