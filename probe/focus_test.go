package probe

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cyrlock/evidence"
)

// The seen file of a user is where a process has it open, which is not where
// imapd.conf says: the seed's own example contradicts the hashing.
func TestUser(t *testing.T) {
	dir := t.TempDir()
	conf := filepath.Join(dir, "imapd.conf")
	if err := os.WriteFile(conf, []byte("configdirectory: "+dir+"/imap\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	odd := filepath.Join(dir, "imap/user/p/jwade.seen")
	if err := os.MkdirAll(filepath.Dir(odd), 0o777); err != nil {
		t.Fatal(err)
	}
	holder, other := newActor(t), newActor(t)
	holder.do("open a %s", odd)
	holder.do("flock a ex")
	other.do("open a %s", filepath.Join(dir, "imap/user/p/else.seen"))
	m := New(Options{Conf: conf})
	for _, openers := range []bool{false, true} { // its lock alone must be enough to find it
		s, err := m.Look(t.Context(), evidence.Query{User: "jwade", Openers: openers})
		if err != nil {
			t.Fatal(err)
		}
		files := in(s, dir)
		if len(files) != 1 || files[0].Path != odd || len(files[0].Holders) != 1 || files[0].Holders[0].PID != holder.pid {
			t.Errorf("openers %v: files %+v", openers, files)
		}
		var implied, observed bool
		for _, p := range s.Focus.Paths {
			implied = implied || p.Path == filepath.Join(dir, "imap/user/j/jwade.seen") && strings.HasPrefix(p.How, "from imapd.conf")
			observed = observed || p.Path == odd && strings.HasPrefix(p.How, "observed")
		}
		if !implied || !observed || s.Focus.User != "jwade" {
			t.Errorf("focus %+v", s.Focus)
		}
	}
	s, err := m.Look(t.Context(), evidence.Query{User: "nobody.of.that.name", Openers: true})
	if err != nil || len(in(s, dir)) != 0 || s.Focus == nil {
		t.Errorf("%v, files %+v, focus %+v", err, in(s, dir), s.Focus)
	}
}

// A file that was open by the very name that was asked for is not taken for another one
// with a like name when nobody has it open any more.
func TestFileOfThatName(t *testing.T) {
	dir := t.TempDir()
	var names []string
	for _, server := range []string{"one", "two"} {
		name := filepath.Join(dir, server, "user/p/jwade.seen")
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		names = append(names, name)
	}
	holder, other := newActor(t), newActor(t)
	holder.do("open a %s", names[0])
	other.do("open a %s", names[1])
	q, m := evidence.Query{File: names[0], Openers: true}, New(Options{})
	paths := func(m *Machine) (all string) {
		t.Helper()
		s, err := m.Look(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range in(s, dir) {
			all += f.Path
		}
		return all
	}
	if got := paths(m); got != names[0] {
		t.Errorf("open by its name: %q", got)
	}
	holder.do("close a")
	if got := paths(m); got != "" {
		t.Errorf("once it was closed: %q", got)
	}
	if got := paths(New(Options{})); got != names[1] { // the name may lead through a link
		t.Errorf("never open by its name: %q", got)
	}
}
