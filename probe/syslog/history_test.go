package syslog

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"cyrlock/evidence"
)

// squeezed compresses as the ending of the name says.
func squeezed(t *testing.T, name, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	var err error
	switch filepath.Ext(name) {
	case ".gz":
		w = gzip.NewWriter(&b)
	case ".xz":
		w, err = xz.NewWriter(&b)
	case ".zst":
		w, err = zstd.NewWriter(&b)
	default:
		return []byte(text)
	}
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func put(t *testing.T, name string, data []byte, changed time.Time) {
	t.Helper()
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chtimes(name, changed, changed); err != nil {
		t.Fatal(err)
	}
}

// day is one line logged on a day of the days around New Year.
func day(d int) (time.Time, string) {
	at := time.Date(2026, 12, 25+d, 8, 0, 0, 0, time.Local)
	return at, fmt.Sprintf("%s vm cyrus/imap[%d]: day %d\n", at.Format(time.Stamp), 100+d, d)
}

// read is a history's lines, as they say themselves.
func read(t *testing.T, path string, since time.Time, maybe func([]byte) bool) (all []string, p Past, err error) {
	t.Helper()
	var last time.Time
	p, err = History(t.Context(), path, since, Sink{Maybe: maybe, Line: func(l evidence.LogLine) {
		if !l.Time.IsZero() && l.Time.Before(last) {
			t.Errorf("%v after %v: not in order of time", l.Time, last)
		}
		last = l.Time
		all = append(all, strings.TrimPrefix(l.Text, "day "))
	}})
	return all, p, err
}

func TestHistory(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	for d, suffix := range map[int]string{0: "-20261225.xz", 2: ".4.gz", 4: ".3.zst", 6: ".2.gz", 8: ".1", 10: ""} {
		_, one := day(d)
		at, two := day(d + 1)
		put(t, path+suffix, squeezed(t, suffix, one+two), at)
	}
	// Not of this log, and one that is being compressed right now.
	at, line := day(3)
	for _, name := range []string{"mail.log.old", "mail.logger.1", "mail.log.1.gz", "mail.err"} {
		put(t, filepath.Join(filepath.Dir(path), name), []byte(line), at)
	}
	all, p, err := read(t, path, time.Time{}, nil)
	if want := strings.Fields("0 1 2 3 4 5 6 7 8 9 10 11"); err != nil || !slices.Equal(all, want) {
		t.Errorf("%q, %v", all, err)
	}
	if first, _ := day(0); !p.First.Equal(first) || p.Lines != 12 || len(p.Files) != 6 {
		t.Errorf("%+v", p)
	}
	since, _ := day(7)
	if all, _, err = read(t, path, since, nil); err != nil || !slices.Equal(all, []string{"7", "8", "9", "10", "11"}) {
		t.Errorf("since day 7: %q, %v", all, err)
	}
	even := func(line []byte) bool { return (line[len(line)-1]-'0')%2 == 0 }
	if all, p, err = read(t, path, since, even); err != nil || !slices.Equal(all, []string{"8", "10"}) {
		t.Errorf("those that matter: %q, %v", all, err)
	}
}

// What can be read of a broken file is read, and the others are, too.
func TestHistoryBroken(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	before, _ := day(1)
	var many strings.Builder
	for i := range 20000 {
		_, line := day(0)
		fmt.Fprintf(&many, "%s %d\n", strings.TrimSpace(line), i*i)
	}
	for _, suffix := range []string{".2.gz", ".3.xz", ".4.zst"} {
		data := squeezed(t, suffix, many.String())
		put(t, path+suffix, data[:len(data)*2/3], before)
	}
	put(t, path+".5.gz", []byte{0x1f, 0x8b, 8, 0}, before)
	put(t, path+".6.xz", []byte("\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4\x46\x02\x00\x21\x01\x28\x00\x00\x00\x37\x27\x97\xd6"), before)
	at, line := day(5)
	put(t, path, []byte(line+"and a last one without an end"), at)
	all, p, err := read(t, path, time.Time{}, nil)
	if len(all) < 2000 || !slices.Contains(all, "5") || !slices.Contains(all, "and a last one without an end") {
		t.Errorf("only %d lines", len(all))
	}
	if len(p.Files) != 6 {
		t.Errorf("files %q", p.Files)
	}
	for _, suffix := range []string{".2.gz", ".3.xz", ".4.zst", ".5.gz", ".6.xz"} {
		if err == nil || !strings.Contains(err.Error(), path+suffix) {
			t.Errorf("no word of %s: %v", suffix, err)
		}
	}
	if _, _, err := read(t, path+".7", time.Time{}, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a log that is not there: %v", err)
	}
}

// Between the history and what follows no line is lost, and none comes twice: neither
// one that had no end nor those of a file that was rotated in between.
func TestHistoryThenFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	write(t, path, "one\n", "tw")
	var all []string
	p, err := History(t.Context(), path, time.Time{}, Sink{Line: func(l evidence.LogLine) { all = append(all, l.Text) }})
	if err != nil || !slices.Equal(all, []string{"one"}) {
		t.Errorf("%q, %v", all, err)
	}
	write(t, path, "o\n", "three\n")
	if err := os.Rename(path, path+".1"); err != nil {
		t.Fatal(err)
	}
	write(t, path, "four\n")
	following(t, path, From{After: &p.End}).has("two", "three", "four")
}

// The kernel's largest archives are of no concern to the memory.
func TestHistoryOfManyTools(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mail.log")
	for i, tool := range []string{"gzip", "xz", "bzip2"} {
		if _, err := exec.LookPath(tool); err != nil {
			continue
		}
		name := fmt.Sprintf("%s.%d", path, 5-i)
		at, line := day(i)
		put(t, name, []byte(line), at)
		if out, err := exec.Command(tool, "-9", name).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", tool, err, out)
		}
	}
	put(t, path, nil, time.Now())
	all, _, err := read(t, path, time.Time{}, nil)
	if err != nil || len(all) < 2 || !slices.IsSorted(all) {
		t.Errorf("%q, %v", all, err)
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add([]byte("Nov 23 15:09:49 vm imapd[1]: x\n"))
	for _, hex := range []string{"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00", "\x28\xb5\x2f\xfd\x04\x00\x01\x00\x00\x99\xe9\xd8\x51", "BZh91AY&SY"} {
		f.Add([]byte(hex))
	}
	path := filepath.Join(f.TempDir(), "mail.log")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		var kept int64
		p, _ := History(t.Context(), path, time.Time{}, Sink{Line: func(l evidence.LogLine) { kept += int64(len(l.Text)) }})
		if kept > p.Bytes {
			t.Fatalf("%d bytes of lines out of %d", kept, p.Bytes)
		}
	})
}
