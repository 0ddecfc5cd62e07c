package syslog

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// rotated names the older files of a log, in no order, by logrotate's habits:
//
//	mail.log.1  mail.log.2.gz  mail.log-20261122.xz  mail.log-2026-11-22-1763769600
//	mail-20261122.log.zst ("extension .log")
//
// Of one that is there plain and compressed only the plain one counts: it is being
// compressed.
func rotated(path string) ([]string, error) {
	dir, base := filepath.Split(path)
	if dir == "" {
		dir = "."
	}
	entries, err := os.ReadDir(dir)
	ext := filepath.Ext(base)
	stem := strings.TrimSuffix(base, ext)
	name := regexp.MustCompile(`^(?:` + regexp.QuoteMeta(base) + mark + `|` + regexp.QuoteMeta(stem) + mark + regexp.QuoteMeta(ext) + `)$`)
	plain, all := map[string]bool{}, []string{}
	for _, e := range entries {
		if n := e.Name(); name.MatchString(n) {
			plain[n] = true
			all = append(all, filepath.Join(dir, n))
		}
	}
	for _, e := range entries {
		n := e.Name()
		packed := strings.TrimSuffix(n, filepath.Ext(n))
		switch filepath.Ext(n) {
		case ".gz", ".xz", ".zst", ".bz2":
			if name.MatchString(packed) && !plain[packed] {
				all = append(all, filepath.Join(dir, n))
			}
		}
	}
	return all, err
}

// mark is a number or a date.
const mark = `[.-][0-9][0-9_.:T-]{0,30}`
