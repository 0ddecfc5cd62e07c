package cyrus

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"
)

const (
	confBytes    = 1 << 20 // real files have some ten thousand bytes
	confIncludes = 64
)

// options are the settings of an imapd.conf, by name in lower case.
type options map[string]string

// path is a directory option, with "{configdirectory}" filled in as
// imapd.conf(5) allows at the start of a value. Only absolute paths count.
func (o options) path(name, otherwise string) string {
	const here = "{configdirectory}"
	v := o[name]
	if v == "" {
		return otherwise
	}
	if len(v) >= len(here) && strings.EqualFold(v[:len(here)], here) && name != "configdirectory" {
		v = o["configdirectory"] + v[len(here):]
	}
	if v = path.Clean(v); v == "/" || v[0] != '/' {
		return otherwise // Cyrus does not start with such a directory
	}
	return v
}

// on is a switch.
func (o options) on(name string, otherwise bool) bool { return On(o[name], otherwise) }

// On reads a switch the way Cyrus does: by its first letters.
func On(v string, otherwise bool) bool {
	switch {
	case v == "":
		return otherwise
	case v[0] == '1', v[0] == 'y', v[0] == 't', strings.HasPrefix(v, "on"):
		return true
	case v[0] == '0', v[0] == 'n', v[0] == 'f', strings.HasPrefix(v, "of"):
		return false
	}
	return otherwise
}

// parseConf reads one imapd.conf into o and returns the files it includes, in
// order. An option that is there already stays as it is. Lines that make no sense
// are left out and named in the error; the rest counts.
func parseConf(o options, data []byte) (includes []string, err error) {
	return parseLines(data, o.add)
}

func (o options) add(name, value string, _ int) {
	if _, again := o[name]; !again {
		o[name] = value
	}
}

// parseLines gives each option of one imapd.conf, with the line that it begins on.
func parseLines(data []byte, add func(name, value string, line int)) (includes []string, err error) {
	var errs []error
	bad := 0
	for number, rest := 1, data; len(rest) > 0; number++ {
		var line []byte
		began := number
		for {
			var more []byte
			more, rest, _ = bytes.Cut(rest, []byte("\n"))
			more, continued := bytes.CutSuffix(more, []byte(`\`)) // since 2.3
			line = append(line, more...)
			if !continued || len(rest) == 0 {
				break
			}
			number++
		}
		line = bytes.TrimSpace(line)
		if len(line) == 0 || line[0] == '#' {
			continue
		}
		key, value, found := bytes.Cut(line, []byte(":"))
		name, setting := strings.ToLower(string(key)), string(bytes.TrimSpace(value))
		switch {
		case !found || !optionName(name) || setting == "":
			if bad++; bad <= 3 {
				errs = append(errs, fmt.Errorf("line %d: want \"option: value\"", number))
			}
		case name == "@include":
			includes = append(includes, setting)
		case name[0] == '@':
			errs = append(errs, fmt.Errorf("line %d: unknown directive %.40q", number, name))
		default:
			add(name, setting, began)
		}
	}
	if bad > 3 {
		errs = append(errs, fmt.Errorf("and %d more lines like that", bad-3))
	}
	return includes, errors.Join(errs...)
}

// optionName tells whether Cyrus would take this as the name of an option.
func optionName(s string) bool {
	s = strings.TrimPrefix(s, "@")
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' && c != '_' {
			return false
		}
	}
	return s != ""
}

// readConf reads an imapd.conf and all that it includes. The error is about parts;
// what could be read counts.
func readConf(file string, get func(string) ([]byte, error)) (options, error) {
	o := options{}
	return o, readAll(file, get, func(_ string, data []byte) ([]string, error) { return parseConf(o, data) })
}

// readAll reads an imapd.conf and all that it includes, each file once.
func readAll(file string, get func(string) ([]byte, error), parse func(file string, data []byte) (includes []string, err error)) error {
	var errs []error
	seen := map[string]bool{}
	todo := []string{file}
	for len(todo) > 0 {
		file, todo = todo[0], todo[1:]
		if seen[file] {
			continue
		}
		if len(seen) == confIncludes {
			errs = append(errs, fmt.Errorf("%s: more than %d files included: the rest was not read", file, confIncludes))
			break
		}
		seen[file] = true
		data, err := get(file)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		if len(data) >= confBytes {
			errs = append(errs, fmt.Errorf("%s: only its first %d bytes were read", file, confBytes))
		}
		includes, err := parse(file, data)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", file, err))
		}
		todo = append(includes, todo...)
	}
	return errors.Join(errs...)
}
