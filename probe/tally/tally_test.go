package tally

import (
	"errors"
	"strconv"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"cyrlock/evidence"
)

func TestSheet(t *testing.T) {
	var s Sheet
	s.Count(Read, []byte("/proc/locks"), 1)
	links := s.Count(Link, []byte("/proc/PID/fd/*"), 0)
	s.Count(List, []byte("/proc/PID/fd"), 0) // looked up, and never read
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range 1000 {
				links.Add(3, 1)
				if err := s.Count(Read, []byte("/proc/locks"), 1).Check(errors.New("no")); err == nil {
					t.Error("the error is gone")
				}
			}
		})
	}
	all.Wait()
	want := []evidence.Reading{
		{How: Read, What: "/proc/locks", Count: 4001, Failed: 4000},
		{How: Link, What: "/proc/PID/fd/*", Count: 12000, Failed: 4000},
	}
	if d := cmp.Diff(want, s.Readings()); d != "" {
		t.Errorf("-want +got:\n%s", d)
	}
}

func TestGeneric(t *testing.T) {
	for path, want := range map[string]string{
		"/proc/":                        "/proc",
		"/proc/locks":                   "/proc/locks",
		"/proc/self/mountinfo":          "/proc/self/mountinfo",
		"/proc/24870/stat":              "/proc/PID/stat",
		"/proc/1/task/24/syscall":       "/proc/PID/task/TID/syscall",
		"/proc/1/task":                  "/proc/PID/task",
		"/proc/1/fd/7":                  "/proc/PID/fd/*",
		"/proc/1/fdinfo/7":              "/proc/PID/fdinfo/*",
		"/proc/self/fd/7":               "/proc/self/fd/*",
		"/proc/1/map_files/7f0-7f1":     "/proc/PID/map_files/*",
		"/proc/1/map_files/aaaa0-aaaa1": "/proc/PID/map_files/*",
		"/proc/1/root/proc/1/fd/1":      "/proc/PID/root/proc/1/fd/1",
		"/proc/1/net/tcp":               "/proc/PID/net/tcp",
		"/proc/sys/kernel/5":            "/proc/sys/kernel/5",
		"/proc//1//fd/":                 "/proc//1//fd",
		"/var/imap/1/imapd.conf":        "/var/imap/1/imapd.conf",
		"kcmp(2)":                       "kcmp(2)",
	} {
		if got := string(generic(nil, []byte(path))); got != want {
			t.Errorf("%s counts as %s, want %s", path, got, want)
		}
	}
}

func FuzzGeneric(f *testing.F) {
	f.Add([]byte("/proc/1/task/2/fd//7"))
	f.Fuzz(func(t *testing.T, path []byte) { generic(nil, path) })
}

// Names come from outside: their number is bounded, and what is beyond is counted
// all the same.
func TestBounded(t *testing.T) {
	var s Sheet
	for i := range 3 * mostLines {
		s.Count(Read, []byte(strconv.Itoa(i)), 1)
		s.Count(Read, []byte("0"), 1)
	}
	all := s.Readings()
	if len(all) != mostLines+1 || all[0].Count != 3*mostLines+1 || all[mostLines].What != others || all[mostLines].Count != 2*mostLines {
		t.Errorf("%d lines, the first %+v, the last %+v", len(all), all[0], all[len(all)-1])
	}
}

// Nobody need have a sheet.
func TestNoSheet(t *testing.T) {
	var s *Sheet
	l := s.Count(Read, nil, 1)
	l.Add(1, 1)
	if err := errors.New("no"); l.Check(err) != err || s.Readings() != nil {
		t.Error("a nil sheet does something")
	}
}

func BenchmarkCount(b *testing.B) {
	var s Sheet
	what := []byte("/proc/24870/task/24871/syscall")
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			s.Count(Read, what, 1)
		}
	})
}
