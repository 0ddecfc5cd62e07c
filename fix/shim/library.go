package shim

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"runtime"

	"cyrlock/fix/timedlock"
)

//go:embed source
var source embed.FS

// built has a README, and what make put beside it.
//
//go:embed built
var built embed.FS

// A Library is the shim as a file.
type Library struct {
	Body   []byte
	Source string // names the C source that it was made from
}

// Source names the C source that this program carries. It changes with every
// change of it, and with nothing else.
func Source() string {
	h := sha256.New()
	files, err := sources()
	if err != nil {
		return ""
	}
	for _, name := range sourceNames() {
		fmt.Fprintf(h, "%s %d\n%s", name, len(files[name]), files[name])
	}
	return hex.EncodeToString(h.Sum(nil))[:12]
}

// sourceNames are all the files of the library, the first of which includes the rest.
func sourceNames() []string {
	return []string{"shim.c", "clock.h", "guard.h", "report.h", "settings.h", "system.h", "timedlock.h"}
}

func sources() (map[string][]byte, error) {
	files := map[string][]byte{"timedlock.h": []byte(timedlock.Core)}
	for _, name := range sourceNames() {
		if files[name] != nil {
			continue
		}
		text, err := fs.ReadFile(source, path.Join("source", name))
		if err != nil {
			return nil, err
		}
		files[name] = text
	}
	return files, nil
}

// ErrNotBuilt says that this program was built without the library.
var ErrNotBuilt = errors.New("this cyrlock was built without the library")

// Built is the library that make put into this program. One that was made from
// other source than the program has now counts as none.
func Built() (Library, error) {
	body, err := built.ReadFile("built/shim-" + runtime.GOARCH + ".so")
	if err != nil {
		return Library{}, ErrNotBuilt
	}
	l, err := Read(body)
	if err == nil && l.Source != Source() {
		err = fmt.Errorf("%w of its own version", ErrNotBuilt)
	}
	return l, err
}

// magic begins the block of data by which the library is known, in its file and in
// memory; after it comes the name of its source.
const magic = "CYRLOCK-SHIM\x00\x00\x00\x00"

var sourceName = regexp.MustCompile(`^[0-9a-z]{1,15}$`)

// Read tells which version of the library a file is.
func Read(body []byte) (Library, error) {
	if !bytes.HasPrefix(body, []byte("\x7fELF")) {
		return Library{}, errors.New("not a library")
	}
	i := bytes.Index(body, []byte(magic))
	if i < 0 || len(body) < i+32 {
		return Library{}, errors.New("not a library of cyrlock")
	}
	name, _, _ := bytes.Cut(body[i+16:i+32], []byte{0})
	if !sourceName.Match(name) {
		return Library{}, errors.New("a library of cyrlock that does not say which")
	}
	return Library{Body: body, Source: string(name)}, nil
}

// Name is the name of its file: with the bytes the name changes, so that a library
// that processes have loaded is never written over, and a damaged one is noticed.
func (l Library) Name() string {
	sum := sha256.Sum256(l.Body)
	return "shim-" + hex.EncodeToString(sum[:6]) + ".so"
}

var libraryName = regexp.MustCompile(`^shim-[0-9a-f]{12}\.so$`)
