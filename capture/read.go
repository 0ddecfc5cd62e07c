package capture

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

// mostBytes bounds a file: a hung process with its stack is some 6 KB.
const mostBytes = 512 << 20

// Read reads a capture, or the output of cyrlock check --json, which holds one.
// The error names the path and says what the file is instead.
func Read(path string) (evidence.Snapshot, error) {
	data, err := readFile(path)
	if err != nil {
		return evidence.Snapshot{}, err
	}
	s, err := parse(data)
	if err != nil {
		return evidence.Snapshot{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// readFile reads a regular file and opens nothing else: a pipe might never end, and
// a device do something.
func readFile(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if err := readable(path, info); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err = f.Stat(); err != nil { // it may be another one by now
		return nil, err
	}
	if err := readable(path, info); err != nil {
		return nil, err
	}
	var data bytes.Buffer
	data.Grow(int(info.Size()) + bytes.MinRead) // one piece, not doubled again and again
	_, err = io.Copy(&data, io.LimitReader(f, mostBytes+1))
	if err == nil && data.Len() > mostBytes {
		err = tooLarge(path)
	}
	return data.Bytes(), err
}

func readable(path string, info os.FileInfo) error {
	switch {
	case info.IsDir():
		return fmt.Errorf("%s: that is a folder: name a capture in it", path)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file: save it to one first", path)
	case info.Size() > mostBytes:
		return tooLarge(path)
	}
	return nil
}

func tooLarge(path string) error {
	return fmt.Errorf("%s: larger than %d MB: no capture is", path, mostBytes>>20)
}

// parse reads the text of a capture.
func parse(data []byte) (s evidence.Snapshot, err error) {
	if err := form(data); err != nil {
		return s, err
	}
	// The version comes first: what follows may be of a form that is not known here.
	var version struct {
		Schema *int   `json:"schema"`
		Tool   string `json:"tool"`
	}
	if err := json.Unmarshal(data, &version); err != nil {
		return s, words(data, err)
	}
	switch {
	case version.Schema == nil:
		return s, errors.New("no schema: neither a capture nor the output of cyrlock check --json")
	case *version.Schema > evidence.Schema:
		return s, fmt.Errorf("schema %d of %.40s: this is %s, which knows schema %d: open it with a newer one", *version.Schema, evidence.Clean(version.Tool), evidence.Tool, evidence.Schema)
	case *version.Schema != evidence.Schema:
		return s, fmt.Errorf("schema %d: there is only schema %d", *version.Schema, evidence.Schema)
	}
	if err := json.Unmarshal(data, &s); err != nil {
		return evidence.Snapshot{}, words(data, err)
	}
	if err := sane(s); err != nil {
		return evidence.Snapshot{}, err
	}
	return s, nil
}

// words says what is wrong with the JSON, and where.
func words(data []byte, err error) error {
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	var when *time.ParseError
	switch {
	case errors.As(err, &syntax) && syntax.Offset >= int64(len(data)):
		return fmt.Errorf("it ends in the middle, after %d bytes: it was cut off, copy it again", len(data))
	case errors.As(err, &syntax):
		return fmt.Errorf("not JSON at byte %d: %w", syntax.Offset, syntax)
	case errors.As(err, &kind):
		return fmt.Errorf("byte %d: %s cannot be a %s", kind.Offset, kind.Field, kind.Value)
	case errors.As(err, &when):
		return fmt.Errorf("taken: %.60q is no time", when.Value)
	}
	return fmt.Errorf("not a capture: %w", err)
}
