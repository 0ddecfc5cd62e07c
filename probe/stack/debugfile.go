package stack

import (
	"bytes"
	"debug/elf"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// A debugFile is where a module's debug information is: the module itself, or
// a separate file that matches it.
type debugFile struct {
	path   string
	elf    *elf.File
	data   []byte
	mapped bool
}

func (d *debugFile) close() {
	if d.mapped {
		unix.Munmap(d.data)
	}
}

// debugRoot is where distributions put separate debug files.
const debugRoot = "/usr/lib/debug"

var errNoDebugFile = errors.New("no debug information")

// debugFile returns nil where there is none. The process is asked only by the
// first caller: its root may hold the file, for a container's module say.
func (mod *module) debugFile(from source) *debugFile {
	d, _ := mod.debug.get(mod.path, func() (*debugFile, error) { return mod.findDebugFile(from) })
	return d
}

func (mod *module) findDebugFile(from source) (*debugFile, error) {
	if hasDebugInfo(mod.elf) {
		return &debugFile{path: mod.path, elf: mod.elf, data: mod.data}, nil
	}
	if len(mod.buildID) > 2 {
		if d, err := openByID(from, mod.buildID); err == nil {
			return d, nil
		}
	}
	name, sum, ok := mod.debugLink()
	if !ok {
		return nil, errNoDebugFile
	}
	dir := filepath.Dir(mod.path)
	for _, path := range []string{
		filepath.Join(dir, name),
		filepath.Join(dir, ".debug", name),
		filepath.Join(debugRoot, dir, name),
	} {
		d, err := openDebugFile(from, path, func(d *debugFile) bool {
			if mod.buildID != "" {
				return buildID(d.elf, d.data) == mod.buildID
			}
			return crc32.ChecksumIEEE(d.data) == sum
		})
		if err == nil {
			return d, nil
		}
	}
	return nil, errNoDebugFile
}

func openByID(from source, id string) (*debugFile, error) {
	path := filepath.Join(debugRoot, ".build-id", id[:2], id[2:]+".debug")
	return openDebugFile(from, path, func(d *debugFile) bool { return buildID(d.elf, d.data) == id })
}

// openDebugFile tries the path here, then as the process sees it. What does
// not match is never used: other debug information would tell lies.
func openDebugFile(from source, path string, matches func(*debugFile) bool) (*debugFile, error) {
	var errs []error
	for _, open := range []func(string) (file, error){from.here, from.separate} {
		f, err := open(path)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		data, err := mapFile(f)
		f.Close()
		if err != nil {
			errs = append(errs, err)
			continue
		}
		d := &debugFile{path: path, data: data, mapped: true}
		if d.elf, err = elf.NewFile(bytes.NewReader(data)); err == nil && matches(d) {
			return d, nil
		}
		d.close()
		errs = append(errs, fmt.Errorf("%s: does not match", path))
	}
	return nil, errors.Join(errs...)
}

func hasDebugInfo(f *elf.File) bool {
	for _, name := range []string{".debug_info", ".zdebug_info"} {
		if s := f.Section(name); s != nil && s.Type != elf.SHT_NOBITS {
			return true
		}
	}
	return false
}

// debugLink reads .gnu_debuglink: a file name, padding, and the CRC-32 of the file.
func (mod *module) debugLink() (name string, sum uint32, ok bool) {
	s := mod.elf.Section(".gnu_debuglink")
	if s == nil {
		return "", 0, false
	}
	b, err := sectionData(mod.data, s)
	if err != nil {
		return "", 0, false
	}
	c := cursor{b: b}
	name = filepath.Base(c.text())
	c.pos = (c.pos + 3) &^ 3
	if c.pos > len(b) {
		return "", 0, false
	}
	sum = c.u32()
	return name, sum, !c.bad && name != "." && name != "/"
}

// alternative opens the file that dwz moved common debug information to
// (.gnu_debugaltlink: its name, then its build-id); nil where there is none.
func (d *debugFile) alternative(from source) *debugFile {
	s := d.elf.Section(".gnu_debugaltlink")
	if s == nil {
		return nil
	}
	b, err := sectionData(d.data, s)
	if err != nil {
		return nil
	}
	name, id, ok := bytes.Cut(b, []byte{0})
	if !ok || len(id) < 2 || len(id) > 64 || len(name) > 4096 {
		return nil
	}
	want := hex.EncodeToString(id)
	path := string(name)
	if !filepath.IsAbs(path) {
		path = filepath.Join(filepath.Dir(d.path), path)
	}
	alt, err := openDebugFile(from, path, func(d *debugFile) bool { return buildID(d.elf, d.data) == want })
	if err != nil {
		if alt, err = openByID(from, want); err != nil {
			return nil
		}
	}
	return alt
}
