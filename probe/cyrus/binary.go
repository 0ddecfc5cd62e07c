package cyrus

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"regexp"
)

const (
	textBytes   = 8 << 20 // .rodata of a static 2.x imapd has well under one MB
	symbolBytes = 64
)

// A build is what a server's binaries tell about how they were built.
type build struct {
	version string // "3.6.1"; empty: not told
	lock    string // "fcntl" or "flock"; empty: not told
}

// complete fills in what b does not know.
func (b *build) complete(other build) {
	if b.version == "" {
		b.version = other.version
	}
	if b.lock == "" {
		b.lock = other.lock
	}
}

// readBuild reads version and kind of lock from an ELF file: one of Cyrus's
// libraries, or a program that carries them inside.
//
// Since 2.5 the libraries export CYRUS_VERSION and lock_method_desc. Before, the
// version is a text of its own ("v2.3.16"), and the kind of lock is told by what
// the file imports: flock comes only with a flock build, while fcntl is there in
// both, for close-on-exec and O_NONBLOCK, so it tells only when flock is missing.
// A fully static program imports nothing: then the kind is unknown.
func readBuild(r io.ReaderAt) (b build, err error) {
	// debug/elf promises errors for broken files, but not that it was ever
	// hardened against hostile ones.
	defer func() {
		if broken := recover(); broken != nil {
			b, err = build{}, fmt.Errorf("broken ELF file: %v", broken)
		}
	}()
	f, err := elf.NewFile(r)
	if err != nil {
		return build{}, err
	}
	symbols, err := f.DynamicSymbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		return build{}, err
	}
	imports := map[string]bool{}
	locks := false // this file has Cyrus's lock code
	for _, s := range symbols {
		switch {
		case s.Section == elf.SHN_UNDEF:
			imports[s.Name] = true
		case s.Name == "lock_method_desc":
			if text := symbolText(f, s); text == "fcntl" || text == "flock" {
				b.lock = text
			}
		case s.Name == "CYRUS_VERSION":
			b.version = versionOf(symbolText(f, s))
		case s.Name == "lock_reopen", s.Name == "lock_reopen_ex":
			locks = true
		}
	}
	// A program that gets its lock code from a library says nothing by its imports.
	borrows := imports["lock_reopen"] || imports["lock_reopen_ex"] || imports["lock_setlock"] || imports["lock_method_desc"]
	if libraries, _ := f.ImportedLibraries(); !locks && usesCyrusLibrary(libraries) {
		borrows = true
	}
	if b.lock == "" && (locks || !borrows) {
		switch {
		case imports["flock"]:
			b.lock = "flock"
		case imports["fcntl"], imports["fcntl64"]:
			b.lock = "fcntl"
		}
	}
	if b.version == "" {
		b.version = versionText(f)
	}
	return b, nil
}

// usesCyrusLibrary tells whether a program is one that leaves the locks to libcyrus.
func usesCyrusLibrary(names []string) bool {
	for _, n := range names {
		if len(n) > 8 && n[:8] == "libcyrus" {
			return true
		}
	}
	return false
}

// symbolText is the text that a symbol of data holds.
func symbolText(f *elf.File, s elf.Symbol) string {
	for _, section := range f.Sections {
		if section.Type != elf.SHT_PROGBITS || s.Value < section.Addr || s.Value-section.Addr >= section.Size {
			continue
		}
		text := make([]byte, min(s.Size, symbolBytes))
		n, _ := section.ReadAt(text, int64(s.Value-section.Addr))
		text, _, _ = bytes.Cut(text[:n], []byte{0})
		return string(text)
	}
	return ""
}

var (
	versionStart = regexp.MustCompile(`^v?(\d{1,2}\.\d{1,3}(?:\.\d{1,3})?(?:-(?:alpha|beta|rc)\d*)?)`)
	versionAlone = regexp.MustCompile(`^v(2\.\d{1,2}\.\d{1,3})[-\w.+~]*$`) // a version and nothing else
)

// versionOf is the number in "3.6.1-Debian-3.6.1-4+deb12u5" or "v2.3.16-fast".
func versionOf(s string) string {
	if m := versionStart.FindStringSubmatch(s); m != nil {
		return m[1]
	}
	return ""
}

// versionText finds the version that 2.x keeps among its texts. Two different ones
// are as good as none.
func versionText(f *elf.File) string {
	section := f.Section(".rodata")
	if section == nil || section.Type != elf.SHT_PROGBITS {
		return ""
	}
	text := make([]byte, min(section.Size, textBytes))
	n, _ := section.ReadAt(text, 0)
	found := ""
	for alone := range bytes.SplitSeq(text[:n], []byte{0}) {
		if !bytes.HasPrefix(alone, []byte("v2.")) || len(alone) > symbolBytes {
			continue
		}
		m := versionAlone.FindSubmatch(alone)
		switch {
		case m == nil:
		case found == "":
			found = string(m[1])
		case found != string(m[1]):
			return ""
		}
	}
	return found
}
