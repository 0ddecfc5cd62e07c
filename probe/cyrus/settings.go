package cyrus

import "context"

// A Setting is an option of an imapd.conf, and where it stands.
type Setting struct {
	Value string
	File  string
	Line  int // from 1
}

// Settings reads an imapd.conf with all that it includes: the options by name, in lower
// case, the first of a name. Lines that make no sense are left out. The error is about
// files that could not be read.
func Settings(ctx context.Context, file string) (map[string]Setting, error) {
	all := map[string]Setting{}
	get := func(name string) ([]byte, error) {
		c, err := reader{}.read(ctx, "", name, confBytes)
		return c.data, err
	}
	return all, readAll(file, get, func(file string, data []byte) ([]string, error) {
		includes, _ := parseLines(data, func(name, value string, line int) {
			if _, again := all[name]; !again {
				all[name] = Setting{value, file, line}
			}
		})
		return includes, nil
	})
}
