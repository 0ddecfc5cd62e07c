package probe

import (
	"bufio"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"cyrlock/evidence"
)

// crowd starts a synthetic mail server: 2,000 processes with 100 descriptors
// each, 300 of which wait for one lock.
func crowd(tb testing.TB, dir string, numbers ...int) {
	tb.Helper()
	program := compile(tb, dir, "crowd")
	args := []string{dir}
	for _, n := range numbers {
		args = append(args, strconv.Itoa(n))
	}
	cmd := exec.Command(program, args...)
	in, err := cmd.StdinPipe()
	if err != nil {
		tb.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		in.Close()
		cmd.Wait()
	})
	if line, err := bufio.NewReader(out).ReadString('\n'); line != "ready\n" {
		tb.Fatalf("crowd said %q: %v", line, err)
	}
}

func BenchmarkLook(b *testing.B) {
	dir := b.TempDir()
	crowd(b, dir, 2000, 100, 300, 20)
	m := New(Options{})
	b.Run("everything", func(b *testing.B) {
		for b.Loop() {
			s, err := m.Look(b.Context(), evidence.Query{})
			if err != nil {
				b.Fatal(err)
			}
			f := fileNamed(s, filepath.Join(dir, "jwade.seen"))
			if f == nil || len(f.Waiters) != 300 || len(f.Holders) != 1 {
				b.Fatalf("%+v", f)
			}
		}
	})
	b.Run("openers", func(b *testing.B) {
		file := filepath.Join(dir, "jwade.seen")
		for b.Loop() {
			s, err := m.Look(b.Context(), evidence.Query{File: file, Openers: true})
			if err != nil {
				b.Fatal(err)
			}
			if f := fileNamed(s, file); f == nil || len(f.Waiters) != 300 || len(f.Open) != 20 {
				b.Fatalf("%+v", f)
			}
		}
	})
}

func fileNamed(s evidence.Snapshot, path string) *evidence.File {
	for i := range s.Files {
		if s.Files[i].Path == path {
			return &s.Files[i]
		}
	}
	return nil
}
