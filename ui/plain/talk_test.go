package plain

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

var update = flag.Bool("update", false, "write the golden transcripts anew")

// noon is when every test takes place.
func noon() time.Time { return time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC) }

// transcript is a talk in which all answers are given beforehand.
func transcript(t testing.TB, m Machine, o Options, answers ...string) string {
	t.Helper()
	var out bytes.Buffer
	o.In, o.Out, o.Echo = strings.NewReader(strings.Join(answers, "\n")+"\n"), &out, true
	if err := talk(t.Context(), m, o, noon); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// golden compares with testdata/NAME.txt.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".txt")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("%v: go test ./ui/plain -update writes it", err)
	}
	a, b := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range max(len(a), len(b)) {
		if i >= len(a) || i >= len(b) || a[i] != b[i] {
			t.Errorf("%s differs from line %d on; read it, then go test ./ui/plain -update\n got: %q\nwant: %q",
				file, i+1, a[min(i, len(a)):min(i+3, len(a))], b[min(i, len(b)):min(i+3, len(b))])
			return
		}
	}
}

// later is a transcript without what every talk begins with.
func later(text string) string { return text[max(0, strings.Index(text, "Your choice:")):] }

// unicodeLocale is that of a listener whose terminal knows more than ASCII.
func unicodeLocale(t testing.TB) { setenv(t, "C.UTF-8") }

func setenv(t testing.TB, locale string) {
	t.Helper()
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		t.Setenv(name, locale)
	}
}

// healthy is a server on which nobody waits.
func healthy() evidence.Snapshot {
	s := sample.Incident()
	s.Files, s.Processes = s.Files[:1], s.Processes[len(s.Processes)-3:]
	return s
}

// cycle is two processes that wait for each other.
func cycle() evidence.Snapshot {
	s := sample.Files([3]int{1, 10, 20}, [3]int{2, 20, 10})
	for i, pid := range []int{10, 20} {
		p := sample.SeenWaiter(pid, "INBOX", 60)
		p.Threads[0].On = &evidence.Descriptor{FD: 4, Kind: "file", Path: s.Files[1-i].Path}
		s.Processes = append(s.Processes, p)
	}
	return s
}

// gaps is a look of somebody who may see little.
func gaps() evidence.Snapshot {
	s := sample.Incident()
	s.Host.UID = 1000
	for i := range s.Processes {
		p := &s.Processes[i]
		p.Threads = []evidence.Thread{{TID: p.PID, State: "S"}}
		s.Gaps = append(s.Gaps, evidence.Gap{PID: p.PID, What: "stack", Why: "permission denied: run as root"})
	}
	return s
}

// twoChains are two hangs that have nothing to do with each other.
func twoChains() evidence.Snapshot {
	s := sample.Incident()
	holder, waiter := sample.SeenWaiter(31000, "INBOX", 40), sample.SeenWaiter(31001, "INBOX", 40)
	holder.User, waiter.User = "lsmith", "lsmith"
	holder.Threads[0].Syscall, holder.Threads[0].Frames = "select", nil
	s.Processes = append(s.Processes, holder, waiter)
	f := s.Files[2]
	f.Path, f.Ino, f.Open = "/var/imap/user/l/lsmith.seen", 99, nil
	f.Holders = []evidence.Holder{{PID: 31000, FD: 7, Mode: evidence.Write, Lock: evidence.Flock, How: "fdinfo"}}
	f.Waiters = []evidence.Waiter{sample.Waits(31001, 7, 40, 1)}
	s.Files = append(s.Files, f)
	return s
}

// TestTranscripts: whole talks, to be read aloud.
func TestTranscripts(t *testing.T) {
	unicodeLocale(t)
	for name, c := range map[string]struct {
		machine evidence.Snapshot
		options Options
		answers []string
		short   bool // not about the first page
	}{
		"incident": {sample.Incident(), Options{}, []string{"1", "1", "2", "3", "", "2", "1", "2", "", "", "", "4", "1", "", "5", "", "c", "g", "h", "q"}, false},
		"healthy":  {healthy(), Options{}, []string{"1", "", "2", "4", "2", "", "5", "g", "quit"}, false},
		"cycle":    {cycle(), Options{}, []string{"find", "2", "", "stacks", "1", "10", "verdict", "fix", "1", "exit"}, false},
		"gaps":     {gaps(), Options{}, []string{"g", "a", "2", "1", "", "q"}, false},
		"chains":   {twoChains(), Options{}, []string{"n", "n", "4", "2", "", "n", "q"}, false},
		"crowd":    {sample.Crowd(5000, 5000), Options{}, []string{"1", "1", "", "n", "2", "", "17", "verdict", "q"}, false},
		"recorded": {sample.Incident(), Options{Label: "recorded"}, []string{"l", "find", "jwade", "1", "w", "q"}, true},
		"ascii":    {sample.Incident(), Options{ASCII: true, Width: 60, ReadOnly: true, Label: "lab"}, []string{"stacks", "2", "x", "q"}, false},
		"mistakes": {sample.Incident(), Options{}, []string{"7", "-1", "foo", "VERDICT", "Ver", " Q. "}, true},
	} {
		t.Run(name, func(t *testing.T) {
			text := transcript(t, sample.Recorded(c.machine), c.options, c.answers...)
			if c.short {
				text = later(text)
			}
			golden(t, name, text)
		})
	}
}
