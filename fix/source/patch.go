package source

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"strings"

	"cyrlock/fix/timedlock"
)

// Options say which timed lock is put into the source.
type Options struct {
	timedlock.Schedule
	AlsoShared bool // locks that are not reopened, too: see the warning
}

//go:embed helper
var helper embed.FS

const (
	beginMark = "/* cyrlock timed lock, version "
	version   = "1"
	endMark   = "/* cyrlock timed lock: end */"
)

// Patch puts the timed lock into the text of a lock file, in place of the one that
// may be there. The same text with the same options comes out the same.
func Patch(src []byte, o Options) ([]byte, error) {
	if err := o.Valid(); err != nil {
		return nil, err
	}
	out, _, err := put(src, o)
	return out, err
}

// put also says what it understood. It makes sure that it can be taken out again.
func put(src []byte, o Options) ([]byte, reading, error) {
	bare, err := Unpatch(src)
	if err != nil {
		return nil, reading{}, err
	}
	out, r, err := patch(bare, o)
	if err != nil {
		return nil, r, err
	}
	if back, err := Unpatch(out); err != nil || !bytes.Equal(back, bare) {
		return nil, r, fmt.Errorf("what would be put in could not be taken out again: %v", err)
	}
	return out, r, nil
}

// patch does it in a file without a timed lock.
func patch(src []byte, o Options) ([]byte, reading, error) {
	eol, err := lineEnds(src)
	if err != nil {
		return nil, reading{}, err
	}
	r, err := understand(src, o.AlsoShared)
	if err != nil {
		return nil, r, err
	}
	text := "\n" + helperText(o, r, src)
	if eol == "\r\n" {
		text = strings.ReplaceAll(text, "\n", eol)
	}
	var out bytes.Buffer
	out.Write(src[:r.at])
	out.WriteString(text)
	last := r.at
	for _, s := range r.sites {
		out.Write(src[last:s.start])
		out.WriteString(s.with)
		last = s.end
	}
	out.Write(src[last:])
	return out.Bytes(), r, nil
}

// helperText is what is put before the function: the timed lock, and the calls as
// they were.
func helperText(o Options, r reading, src []byte) string {
	hybrid := "0 /* quadratic */"
	if o.Hybrid {
		hybrid = "1"
	}
	var b strings.Builder
	b.WriteString(part("begin.h"))
	for _, s := range r.sites {
		fmt.Fprintf(&b, "/* %s: %s */\n", s.function, src[s.start:s.end])
	}
	b.WriteString(part("includes.h"))
	fmt.Fprintf(&b, "#define TIMEDLOCK_MAXTIME %d\n#define TIMEDLOCK_HYBRID %s\n", o.Maxtime, hybrid)
	b.WriteString("#ifndef TIMEDLOCK_SECOND\n#define TIMEDLOCK_SECOND 1000\n#endif\n\n")
	b.WriteString(timedlock.Core)
	b.WriteString(part("system.h"))
	b.WriteString(part(r.kind + ".h"))
	return b.String()
}

func part(name string) string {
	b, err := helper.ReadFile("helper/" + name)
	if err != nil {
		panic(err) // not in the binary: the build is broken
	}
	return string(b)
}

// lineEnds says how the lines of a text end.
func lineEnds(src []byte) (string, error) {
	lines, carriage := bytes.Count(src, []byte("\n")), bytes.Count(src, []byte("\r\n"))
	switch {
	case bytes.Count(src, []byte("\r")) != carriage:
		return "", errors.New("carriage returns stand within its lines: it is not as it was released")
	case carriage == 0:
		return "\n", nil
	case carriage == lines:
		return "\r\n", nil
	}
	return "", fmt.Errorf("%d of its %d lines end in CR LF, the others in LF: make them one kind first", carriage, lines)
}
