package capture

import (
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sys/unix"

	"cyrlock/evidence"
)

func sample() evidence.Snapshot {
	return evidence.Snapshot{
		Schema: evidence.Schema, Tool: evidence.Tool, Taken: time.Date(2026, 11, 23, 9, 14, 2, 123456789, time.FixedZone("", 3600)),
		Host:  evidence.Host{Name: "mail1", Kernel: "6.1.0", UID: -1},
		Locks: 3, TookMS: 41.25,
		Files: []evidence.File{{Path: "/var/imap/user/p/<jwade> & ünïcode\x1b[31m.seen", Ino: 1<<64 - 1, Holders: []evidence.Holder{{PID: 24870, FD: -1}}, Waiters: []evidence.Waiter{{PID: 7, TID: 7, SinceS: 134.2, BlockedBy: []int{24870}}}}},
		Processes: []evidence.Process{{PID: 24870, Start: 1 << 60, UID: -1,
			Code: &evidence.Code{Replaced: []string{"/usr/lib/libcyrus_min.so.0"}, Timed: &evidence.Timed{Library: "/usr/local/lib/cyrlock/shim-0123456789ab.so", BoundS: 285, Paths: []string{"*.seen", "*/s\x1b[31meen.db"}}},
			Threads: []evidence.Thread{{TID: 24870, Args: []uint64{1<<64 - 1}, Frames: []evidence.Frame{
				{PC: 0xffffffffff600000, Func: "lock_reopen", Args: []evidence.Arg{{Name: "fd", Value: "22"}}}}}}}},
		Gaps: []evidence.Gap{},
	}
}

func TestWriteAndRead(t *testing.T) {
	dir := t.TempDir()
	want := sample()
	for _, name := range []string{"cyrlock-mail1-2026-11-23T091402.json", "cyrlock-mail1-2026-11-23T091402-2.json", "cyrlock-mail1-2026-11-23T091402-3.json"} {
		path, err := Write(dir, want)
		if err != nil || path != filepath.Join(dir, name) {
			t.Fatalf("%s, %v; want %s", path, err, name)
		}
		info, err := os.Stat(path)
		if err != nil || info.Mode() != 0o600 {
			t.Errorf("%v, %v", info.Mode(), err)
		}
		got, err := Read(path)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Errorf("-want +got:\n%s", d)
		}
	}
	if left, _ := filepath.Glob(filepath.Join(dir, ".*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Many that save at once: each gets a file of its own, and every one is whole.
func TestWriteTogether(t *testing.T) {
	dir := t.TempDir()
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 5 {
				path, err := Write(dir, sample())
				if err == nil {
					_, err = Read(path)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if files, _ := os.ReadDir(dir); len(files) != 40 {
		t.Errorf("%d files, want 40", len(files))
	}
}

func TestWriteFails(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if path, err := Write(missing, sample()); err == nil || path != "" || !strings.Contains(err.Error(), missing) {
		t.Errorf("%q, %v", path, err)
	}
	dir := t.TempDir()
	broken := sample()
	broken.TookMS = -1 / zero
	if path, err := Write(dir, broken); err == nil || path != "" || !strings.Contains(err.Error(), dir) {
		t.Errorf("%q, %v", path, err)
	}
	if files, _ := os.ReadDir(dir); len(files) != 0 {
		t.Errorf("left behind: %v", files)
	}
}

var zero float64

// A filesystem without renameat2's NOREPLACE: the second way must keep its promise too.
func TestPlaceTaken(t *testing.T) {
	dir := t.TempDir()
	taken, temp := filepath.Join(dir, "taken"), filepath.Join(dir, "temp")
	for _, name := range []string{taken, temp} {
		if err := os.WriteFile(name, []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, err := range []error{place(temp, taken), os.Link(temp, taken)} {
		if b, _ := os.ReadFile(taken); !os.IsExist(err) || string(b) != taken {
			t.Errorf("%v; it holds %q", err, b)
		}
	}
}

func TestSafe(t *testing.T) {
	for host, want := range map[string]string{
		"mail1.example.com": "mail1.example.com", "": "host", "../../etc/passwd": "etc-passwd", ".hidden": "hidden", "-rf": "rf",
		"a b\x00c\n": "a-b-c", "büro": "b-ro", strings.Repeat("x", 200): strings.Repeat("x", 64), "...": "host", "本": "host",
	} {
		if got := safe(host); got != want {
			t.Errorf("%q becomes %q, want %q", host, got, want)
		}
	}
}

// text is a capture with one value replaced.
func text(t testing.TB, old, new string) string {
	t.Helper()
	b, err := json.Marshal(sample())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(b), old) {
		t.Fatalf("no %s in %s", old, b)
	}
	return strings.Replace(string(b), old, new, 1)
}

// Whatever it is that cannot be opened, the error says what it is.
func TestRefused(t *testing.T) {
	whole := text(t, "", "")
	for content, want := range map[string]string{
		"":                            "it is empty",
		" \n\t":                       "it is empty",
		"1: FLOCK  ADVISORY  WRITE":   "not JSON: only a capture or the output of cyrlock check --json",
		"CRITICAL: 12 processes wait": "not JSON",
		"\x1f\x8b\x08":                "compressed: unpack it first (gunzip)",
		"\x28\xb5\x2f\xfd":            "compressed: unpack it first (zstd",
		"\xfd7zXZ\x00":                "compressed: unpack it first (unxz)",
		`[{"pid":7}]`:                 "cyrlock stack --json",
		"{}":                          "no schema",
		`{"schema":1}`:                "it does not say when",
		`{"schema":2,"tool":"cyrlock 9\u001b[31m"}`: `schema 2 of cyrlock 9\x1b[31m: this is cyrlock`,
		`{"schema":0}`:                                       "schema 0: there is only schema 1",
		`{"schema":"1"}`:                                     "schema cannot be a string",
		whole[:len(whole)/2]:                                 "it ends in the middle, after",
		whole[:len(whole)-1]:                                 "it ends in the middle",
		whole + whole:                                        "not JSON at byte",
		whole[:200] + strings.Repeat("\x00", 99):             "not JSON at byte",
		text(t, `"pid":24870`, `"pid":"x"`):                  "pid cannot be a string",
		text(t, `"pid":24870`, `"pid":-7`):                   "pid is -7: the file is damaged",
		text(t, `"pid":24870`, `"pid":4194305`):              "pid is 4194305: the file is damaged",
		text(t, `"blocked_by":[24870]`, `"blocked_by":[-2]`): "files.waiters.blocked_by is -2",
		text(t, `"since_s":134.2`, `"since_s":-1`):           "files.waiters.since_s is -1",
		text(t, `"since_s":134.2`, `"since_s":1e300`):        "files.waiters.since_s is 1e+300",
		text(t, `"fd":-1`, `"fd":-2`):                        "files.holders.fd is -2",
		text(t, `"locks":3`, `"locks":9000000000000000000`):  "locks is 9000000000000000000",
		text(t, `"locks":3`, `"locks":3.5`):                  "locks cannot be a number 3.5",
		text(t, `"locks":3`, `"locks":99999999999999999999`): "locks cannot be a number",
		text(t, "2026-11-23T09", "2026-13-23T09"):            "is no time",
		text(t, "0xffffffffff600000", "600000"):              `address "600000"`,
		`{"schema":` + strings.Repeat("[", 1000):             "lists within lists",
	} {
		path := filepath.Join(t.TempDir(), "f")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := Read(path)
		if err == nil || !strings.HasPrefix(err.Error(), path+": ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60q: %v; want %q", content, err, want)
		}
		if s.Schema != 0 {
			t.Errorf("%.60q: something came with the error: %+v", content, s)
		}
	}
}

// What is no regular file is not opened: this test would not end.
func TestNotAFile(t *testing.T) {
	dir := t.TempDir()
	pipe := filepath.Join(dir, "pipe")
	if err := unix.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	large := filepath.Join(dir, "large")
	if err := os.WriteFile(large, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(large, mostBytes+1); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{
		dir: "that is a folder", pipe: "not a regular file", "/dev/zero": "not a regular file", "/dev/tty": "not a regular file",
		large: "larger than 512 MB", filepath.Join(dir, "missing"): "no such file",
	} {
		if _, err := Read(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v; want %q", path, err, want)
		}
	}
}

// A small file must not ask for gigabytes.
func TestNoBomb(t *testing.T) {
	for _, bomb := range []string{
		`{"schema":1,"taken":"2026-11-23T09:14:02Z","processes":[` + strings.Repeat("{},", mostObjects) + `{}]}`,
		`{"schema":1,"taken":"2026-11-23T09:14:02Z","processes":[{"pid":1,"threads":[{"args":[` + strings.Repeat("0,", mostValues) + `0]}]}]}`,
	} {
		data := []byte(bomb)
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := parse(data)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "no capture has") {
			t.Error(err)
		}
		if took := after.TotalAlloc - before.TotalAlloc; took > 1<<20 {
			t.Errorf("%d bytes of memory for a file that is refused", took)
		}
	}
}

// The output of check --json is a capture with a report around it.
func TestReport(t *testing.T) {
	report := text(t, `"schema":1`, `"verdict":"hung","roots":[{"pid":-99,"class":{}}],"later":[[[]]],"schema":1`)
	s, err := parse([]byte(report))
	if d := cmp.Diff(sample(), s); err != nil || d != "" {
		t.Errorf("%v (-want +got):\n%s", err, d)
	}
}

func FuzzParse(f *testing.F) {
	whole := text(f, "", "")
	for _, seed := range []string{whole, whole[:99], "{}", "[", `{"schema":1,"taken":"2026-11-23T09:14:02Z"}`, `{"schema":1,"taken":"2026-11-23T09:14:02Z","processes":[null],"files":[{"waiters":[{"blocked_by":[1]}]}],"focus":{}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := parse(data)
		if err != nil {
			return
		}
		again, err := json.Marshal(s)
		if err != nil {
			t.Fatalf("read, but not to be written: %v", err)
		}
		if next, err := parse(again); err != nil || cmp.Diff(s, next) != "" {
			t.Errorf("%v (-first +again):\n%s", err, cmp.Diff(s, next))
		}
	})
}
