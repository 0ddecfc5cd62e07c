package conf

import (
	"context"
	"errors"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"cyrlock/probe/limit"
)

// A Journal is what journald was told, names as in journald.conf(5), in lower case.
// What is not in it is as journald has it by itself.
type Journal struct {
	Files   []string
	Options map[string]Option
}

// Journald reads journald.conf and its drop-ins below root ("/" on this machine). The
// error is about parts; files that are not there are no error.
func Journald(ctx context.Context, root string) (Journal, error) {
	j := Journal{Options: map[string]Option{}}
	var errs []error
	for _, name := range journaldFiles(ctx, root) {
		data, err := read(ctx, name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			errs = append(errs, err)
		}
		if err == nil {
			j.Files = append(j.Files, name)
		}
		j.parse(name, string(data))
	}
	return j, errors.Join(errs...)
}

// Default is the value of an option, or otherwise where none is set.
func (j Journal) Default(name, otherwise string) Option {
	if o, ok := j.Options[strings.ToLower(name)]; ok && o.Value != "" {
		return o
	}
	return Option{Value: otherwise}
}

// journaldFiles are those that count, in order: the first journald.conf, then the
// drop-ins by name, of which each name counts once, that in /etc before others.
func journaldFiles(ctx context.Context, root string) (files []string) {
	dirs := []string{"etc/systemd", "run/systemd", "usr/local/lib/systemd", "usr/lib/systemd", "lib/systemd"}
	dropins := map[string]string{}
	for _, dir := range dirs {
		dir = filepath.Join(root, dir)
		names, err := limit.Do(ctx, readLimit, func() ([]string, error) { return filepath.Glob(dir + "/journald.conf*") })
		if err != nil {
			continue
		}
		for _, name := range names {
			if strings.HasSuffix(name, "/journald.conf") && len(files) == 0 {
				files = append(files, name)
			}
		}
		names, _ = limit.Do(ctx, readLimit, func() ([]string, error) { return filepath.Glob(dir + "/journald.conf.d/*.conf") })
		for _, name := range names[:min(len(names), mostFiles)] {
			if _, there := dropins[filepath.Base(name)]; !there {
				dropins[filepath.Base(name)] = name
			}
		}
	}
	var order []string
	for name := range dropins {
		order = append(order, name)
	}
	slices.Sort(order)
	for _, name := range order {
		if to, _ := limit.Do(ctx, readLimit, func() (string, error) { return filepath.EvalSymlinks(dropins[name]) }); to != "/dev/null" {
			files = append(files, dropins[name])
		}
	}
	return files
}

// parse reads one file; what comes later wins.
func (j Journal) parse(name, text string) {
	section := ""
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSpace(line)
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if line[0] == '[' {
			section = line
			continue
		}
		if key, value, ok := strings.Cut(line, "="); ok && section == "[Journal]" {
			j.Options[strings.ToLower(strings.TrimSpace(key))] = Option{strings.TrimSpace(value), Place{name, number}}
		}
	}
}

// Level is the number of a level as systemd writes it: "debug", "7".
func Level(text string) (int, bool) { return severity(text) }
