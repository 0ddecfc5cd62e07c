package source

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
)

// A Version is that of a release of Cyrus IMAP: 2.3.13. Zero is unknown.
type Version [3]int

func (v Version) String() string {
	if v == (Version{}) {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2])
}

func (v Version) before(w Version) bool {
	for i := range v {
		if v[i] != w[i] {
			return v[i] < w[i]
		}
	}
	return false
}

// within reports whether v is from..to, both included.
func (v Version) within(from, to Version) bool { return !v.before(from) && !to.before(v) }

// span is "2.1.0–2.2.13", "2.0" for all of that series, or "2.4 and later"; 99 is for
// what comes last.
func span(from, to Version) string {
	first, last := fmt.Sprintf("%d.%d", from[0], from[1]), fmt.Sprintf("%d.%d", to[0], to[1])
	switch {
	case to[2] != 99 || from[2] != 0:
		return fmt.Sprintf("%s–%s", from, to)
	case to[1] == 99:
		return first + " and later"
	case first == last:
		return first
	}
	return first + "–" + last
}

// versions are the releases that have this shape.
func (s Shape) versions() (from, to Version) {
	switch s {
	case Classic:
		return Version{2, 0, 0}, Version{2, 4, 99}
	case ANSI:
		return Version{2, 5, 0}, Version{2, 5, 8}
	case Ex:
		return Version{2, 5, 9}, Version{2, 5, 99}
	}
	return Version{3, 0, 0}, Version{3, 99, 99}
}

// Where a tree says which release it is, in the order in which it is believed.
var versionPlaces = []struct {
	name    string
	pattern *regexp.Regexp
}{
	{"VERSION", regexp.MustCompile(`^v?(\d+)\.(\d+)(?:\.(\d+))?`)},                                         // 3.x
	{"imap/version.h", regexp.MustCompile(`(?m)^#define\s+_?CYRUS_VERSION\s+"v?(\d+)\.(\d+)(?:\.(\d+))?`)}, // up to 2.4
	{"configure", regexp.MustCompile(`(?m)^PACKAGE_VERSION='?(\d+)\.(\d+)(?:\.(\d+))?`)},                   // 2.5 and later
	{"debian/changelog", regexp.MustCompile(`^cyrus-imapd[\w.-]* \((?:\d+:)?(\d+)\.(\d+)(?:\.(\d+))?`)},    // any
}

func readVersion(root *os.Root) Version {
	for _, place := range versionPlaces {
		text := head(root, place.name)
		if m := place.pattern.FindSubmatch(text); m != nil {
			var v Version
			for i := range v {
				v[i], _ = strconv.Atoi(string(m[i+1]))
			}
			return v
		}
	}
	return Version{}
}

// How config.status has the answer, up to 2.4 and from 2.5 on.
var (
	oldBuild = regexp.MustCompile(`@WITH_LOCK@\W{1,4}(flock|fcntl)\b`)
	newBuild = regexp.MustCompile(`\["LOCK_FCNTL_TRUE"\]="(#?)"`)
)

func readBuild(root *os.Root) string {
	text := head(root, "config.status")
	if m := oldBuild.FindSubmatch(text); m != nil {
		return string(m[1])
	}
	switch m := newBuild.FindSubmatch(text); {
	case m == nil:
		return ""
	case len(m[1]) > 0:
		return "flock"
	}
	return "fcntl"
}

// head is the beginning of a file, or nothing: it only adds to what is said.
func head(root *os.Root, name string) []byte {
	info, err := root.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	f, err := root.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	text := make([]byte, 1<<20)
	n, _ := f.ReadAt(text, 0)
	return text[:n]
}
