package shim

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
)

// A Place is where the library and what loads it lie on a machine.
type Place struct {
	Dir       string // of the library
	Systemd   string // where an administrator's units are; empty: systemd does not run here
	Systemctl string // the program
}

// Usual is the place on this machine.
func Usual() Place {
	p := Place{Dir: "/usr/local/lib/cyrlock"}
	if _, err := os.Stat("/run/systemd/system"); err != nil { // sd_booted(3)
		return p
	}
	for _, file := range []string{"/usr/bin/systemctl", "/bin/systemctl"} {
		if _, err := os.Stat(file); err == nil && p.Systemctl == "" {
			p.Systemd, p.Systemctl = "/etc/systemd/system", file
		}
	}
	return p
}

// forbidden is loaded into every program of the machine, from the next one on.
const forbidden = "/etc/ld.so.preload"

const (
	scriptName = "shim.sh"
	dropInName = "cyrlock-shim.conf"
	mark       = "# Written by cyrlock:" // how files of ours begin
)

var unitName = regexp.MustCompile(`^[A-Za-z0-9:_.@\\-]+\.service$`)

// Installed is what lies in a place.
type Installed struct {
	Loaders   []Loader
	Libraries []string // paths of all files that are called like one, used or not
}

// A Loader is a file that has the library loaded.
type Loader struct {
	Path    string
	Text    []byte
	Library string // which one
}

// Look reads what is installed. Files that cannot be read are in the error.
func (p Place) Look() (Installed, error) {
	var in Installed
	var errs error
	files := []string{filepath.Join(p.Dir, scriptName)}
	if p.Systemd != "" {
		dropIns, _ := filepath.Glob(filepath.Join(escape(p.Systemd), "*.d", dropInName)) // the pattern is ours
		files = append(files, dropIns...)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			errs = errors.Join(errs, err)
		case !strings.HasPrefix(string(text), mark):
			errs = errors.Join(errs, fmt.Errorf("%s: not written by cyrlock, so it is left alone: look what it is", file))
		default:
			in.Loaders = append(in.Loaders, Loader{file, text, libraryIn(string(text))})
		}
	}
	entries, err := os.ReadDir(p.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		errs = errors.Join(errs, err)
	}
	for _, e := range entries {
		if libraryName.MatchString(e.Name()) {
			in.Libraries = append(in.Libraries, filepath.Join(p.Dir, e.Name()))
		}
	}
	return in, errs
}

func escape(dir string) string {
	return strings.NewReplacer(`\`, `\\`, "*", `\*`, "?", `\?`, "[", `\[`).Replace(dir)
}

var inText = regexp.MustCompile(`/[^:"'\s]*/shim-[0-9a-f]{12}\.so`)

func libraryIn(text string) string { return inText.FindString(text) }

// trusted refuses a folder in which somebody else could put a library of his own:
// the master runs as root. The folder itself need not be there yet.
func trusted(dir string) error {
	if !filepath.IsAbs(dir) || filepath.Clean(dir) != dir || strings.ContainsAny(dir, ": \"'\\$%\n") {
		return fmt.Errorf("%q: give a plain absolute path without spaces, colons or quotes", dir)
	}
	below := false // something of it lies below this folder and is there already
	for d := dir; ; d = filepath.Dir(d) {
		info, err := os.Lstat(d)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return err
		case info.Mode()&fs.ModeSymlink != 0:
			return fmt.Errorf("%s is a symbolic link: name the folder itself", d)
		case !info.IsDir():
			return fmt.Errorf("%s is no folder", d)
		default:
			if err := ours(d, info, below); err != nil {
				return err
			}
			below = true
		}
		if d == filepath.Dir(d) {
			return nil
		}
	}
}

// ours: the user that Cyrus runs as must find the library there, and only root may
// write; in a sticky folder such as /tmp nobody can exchange what others have there.
func ours(dir string, info fs.FileInfo, below bool) error {
	st, ok := info.Sys().(*syscall.Stat_t)
	if ok && !slices.Contains([]uint32{0, uint32(os.Geteuid())}, st.Uid) {
		return fmt.Errorf("%s belongs to user %d: a library that the master loads as root must be where only root can write", dir, st.Uid)
	}
	if info.Mode().Perm()&0o001 == 0 {
		return fmt.Errorf("%s is closed to other users (mode %04o): the one that Cyrus runs as must be able to read the library", dir, info.Mode().Perm())
	}
	if info.Mode().Perm()&0o022 != 0 && !(below && info.Mode()&fs.ModeSticky != 0) {
		return fmt.Errorf("%s can be written by others (mode %04o): a library that the master loads as root must be where only root can write", dir, info.Mode().Perm())
	}
	return nil
}
