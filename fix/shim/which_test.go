package shim

import (
	"slices"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// Which waits have a limit: by file, by program, by kind of lock. The others wait on
// when their time would be over, and get the lock when it is free.
func TestWhich(t *testing.T) {
	const all = "CYRLOCK_SHIM_PATHS=*"
	for _, c := range []struct {
		name    string
		file    []string
		kind    string
		held    int16
		more    []string
		limited bool
	}{
		{"a seen file", []string{"jwade.seen"}, "fcntl", unix.F_WRLCK, nil, true},
		{"a seen file of 3.6", []string{"user", "uuid", "a", "b", "abc", "seen.db"}, "fcntl", unix.F_WRLCK, nil, true},
		{"another file", []string{"cyrus.index"}, "fcntl", unix.F_WRLCK, nil, false},
		{"a name that only looks like it", []string{"jwade.seen.NEW"}, "flock", unix.F_WRLCK, nil, false},
		{"a pattern of its own", []string{"cyrus.index"}, "flock", unix.F_WRLCK, []string{"CYRLOCK_SHIM_PATHS=/x:*/cyrus.i?dex"}, true},
		{"an accept lock", []string{"socket", "imap-0.lock"}, "fcntl", unix.F_WRLCK, []string{all, "CYRLOCK_SHIM_ACCEPT=bounced-mail:unlocked-writes"}, false},
		{"mailboxes.db", []string{"mailboxes.db"}, "fcntl", unix.F_WRLCK, []string{all}, false},
		{"mailboxes.db, accepted", []string{"mailboxes.db"}, "fcntl", unix.F_WRLCK, []string{all, "CYRLOCK_SHIM_ACCEPT=bounced-mail"}, true},
		{"a user's lock", []string{"lock", "*U*jwade.lock"}, "fcntl", unix.F_WRLCK, []string{all, "CYRLOCK_SHIM_ACCEPT=bounced-mail"}, false},
		{"a user's lock, accepted", []string{"lock", "*U*jwade.lock"}, "fcntl", unix.F_WRLCK, []string{all, "CYRLOCK_SHIM_ACCEPT=unlocked-writes"}, true},
		{"the lock of everything", []string{"lock", "$GLOBAL.lock"}, "fcntl", unix.F_WRLCK, []string{all}, false},
		{"shared", []string{"jwade.seen"}, "fcntl-shared", unix.F_WRLCK, nil, true},
		{"shared, flock", []string{"jwade.seen"}, "flock-shared", unix.F_WRLCK, nil, true},
		{"shared, another file", []string{"cyrus.index"}, "fcntl-shared", unix.F_WRLCK, nil, false},
		{"exclusive behind a reader", []string{"jwade.seen"}, "fcntl", unix.F_RDLCK, nil, true},
		{"a part of the file", []string{"jwade.seen"}, "range", unix.F_WRLCK, nil, false},
		{"a lock of the open file", []string{"jwade.seen"}, "ofd", unix.F_WRLCK, nil, false},
		{"another program", []string{"jwade.seen"}, "fcntl", unix.F_WRLCK, []string{"CYRLOCK_SHIM_PROGRAMS=/usr/lib/cyrus/*"}, false},
		{"no program named", []string{"jwade.seen"}, "flock", unix.F_WRLCK, []string{"CYRLOCK_SHIM_PROGRAMS="}, false},
		{"no pattern", []string{"jwade.seen"}, "flock", unix.F_WRLCK, []string{"CYRLOCK_SHIM_PATHS="}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			h := hold(t, c.held, c.file...)
			p := perform(t, settings(t, c.more...), actor(t, "cc"), "one", c.kind, h.name)
			if c.limited {
				if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
					t.Errorf("%v after %v; want EAGAIN after %v", errno, took, bound)
				}
				return
			}
			// In the call that never ends by itself, and without a timer to end it.
			until(t, "it waits in the kernel", func() bool { return waits(t, p) })
			if b := p.block(); b.counts.Selected != 0 || b.counts.Sleeps != 0 {
				t.Errorf("a limit was set: %+v", b)
			}
			h.free()
			if errno, _ := p.result(); errno != 0 {
				t.Error(errno)
			}
		})
	}
}

// waits: in flock(2), or in fcntl(2) with a command that waits.
func waits(t *testing.T, p *play) bool {
	text, err := machine{}.Read(t.Context(), p.pid, "syscall")
	if err != nil {
		t.Fatal(err)
	}
	call := strings.Fields(string(text))
	if len(call) < 3 {
		return false
	}
	switch call[0] {
	case strconv.Itoa(unix.SYS_FLOCK):
		return call[2] == "0x2" || call[2] == "0x1"
	case strconv.Itoa(unix.SYS_FCNTL):
		return slices.Contains([]string{"0x7", "0x26"}, call[2])
	}
	return false
}

// The library copies what it is told: a process that writes its title over its
// environment does not change it.
func TestTitled(t *testing.T) {
	h := hold(t, unix.F_WRLCK, "jwade.seen")
	for _, kind := range []string{"flock", "fcntl"} {
		p := perform(t, settings(t), actor(t, "cc"), "titled", kind, h.name)
		if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
			t.Errorf("%s: %v after %v", kind, errno, took)
		}
		if b := p.block(); b.paths != "*.seen:*/seen.db" || b.maxtime != 9 || !b.hybrid || b.role != 1 {
			t.Errorf("%s: %+v", kind, b)
		}
	}
}

// A seen file that is replaced while somebody waits for it is still one.
func TestGone(t *testing.T) {
	h := hold(t, unix.F_WRLCK, "jwade.seen")
	p := perform(t, settings(t), actor(t, "cc"), "gone", "flock", h.name)
	if errno, took := p.result(); errno != unix.EAGAIN || took < bound-grain {
		t.Errorf("%v after %v", errno, took)
	}
}

// A list that does not fit counts as none, and nonsense as the default.
func TestBadSettings(t *testing.T) {
	long := "*.seen"
	for len(long) < 1100 {
		long += ":*.seen"
	}
	p := perform(t, settings(t, "CYRLOCK_SHIM_PATHS="+long, "CYRLOCK_SHIM_MAXTIME=9999999999999", "CYRLOCK_SHIM_SCHEDULE=never", "CYRLOCK_SHIM_ACCEPT=everything"), actor(t, "cc"), "nothing")
	p.line()
	if b := p.block(); b.paths != "" || b.maxtime != 99 || !b.hybrid || b.accept != 0 {
		t.Errorf("%+v", b)
	}
}
