package shim

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"cyrlock/fix"
)

func (y *yard) remove() fix.Plan {
	y.t.Helper()
	p, err := y.Remove(y.t.Context(), machine{})
	if err != nil {
		y.t.Fatal(err)
	}
	return p
}

// A library that processes have loaded stays until they have ended; then a second
// remove takes it.
func TestRemoveInUse(t *testing.T) {
	y := newYard(t, true)
	l, err := Compile(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	y.apply(y.install(l, debian(), "", standard()))
	file := filepath.Join(y.Dir, l.Name())
	p := perform(t, []string{"LD_PRELOAD=" + file}, actor(t, "cc"), "nothing")
	p.line()
	plan := y.remove()
	want := "remove /systemd/cyrus-imapd.service.d/cyrlock-shim.conf\nhave systemd read its files again; nothing is restarted"
	if got := y.texts(plan); got != want || len(plan.Warnings) != 1 || !strings.Contains(plan.Warnings[0], "stays as long as processes have it loaded: ") {
		t.Errorf("%s\n%q", got, plan.Warnings)
	}
	y.apply(plan)
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
	if plan := y.remove(); len(plan.Changes) > 0 || plan.What != "There is nothing to remove yet." {
		t.Errorf("%+v", plan)
	}
	p.in.Close()
	until(t, "the actor has ended", func() bool { return y.texts(y.remove()) == "remove /lib/cyrlock/"+l.Name() })
	y.apply(y.remove())
	if plan := y.remove(); len(plan.Changes)+len(plan.Warnings) > 0 || plan.What != "There is nothing to remove." {
		t.Errorf("%+v", plan)
	}
	if got := y.read(y.told); got != "daemon-reload\ndaemon-reload\n" {
		t.Errorf("systemctl was told %q", got)
	}
}

// If it cannot be known who has the library loaded, it is not removed.
func TestRemoveUnseen(t *testing.T) {
	y := newYard(t, false)
	y.apply(y.install(version(Source()), debian(), "", standard()))
	if _, err := y.Remove(t.Context(), silent{}); err == nil || !strings.Contains(err.Error(), "process 7") {
		t.Error(err)
	}
}

type silent struct{ machine }

func (silent) Pids(context.Context) ([]int, error) { return []int{7}, nil }
func (silent) Read(context.Context, int, string) ([]byte, error) {
	return nil, context.DeadlineExceeded
}
