package lab

import (
	"testing"

	"golang.org/x/sys/unix"
)

func TestSeed(t *testing.T) {
	r := begin(t, Seed)
	mustHold(t, r.PIDs["root"], r.Seen)
	mustHold(t, r.PIDs["waiter"][:1], headerOf(r, "FaMiLy"))
	mustSleepIn(t, r.PIDs["waiter"], unix.SYS_FLOCK, r.Seen)
	mustSleepIn(t, r.PIDs["lmtpd"], unix.SYS_FLOCK, headerOf(r, "FaMiLy"))
	if imapds, lmtpds := len(r.PIDs["waiter"]), len(r.PIDs["lmtpd"]); imapds < 3 || lmtpds < 8 || len(r.PIDs["idle"]) < 2 {
		t.Errorf("%v: want 3 imapds, 8 lmtpds and 2 idle workers, or more", r.PIDs)
	}
	title := field(t, r.PIDs["root"][0], "cmdline", "imapd")
	if want := "localhost [127.0.0.1] jwade user.jwade.FaMiLy"; title[:len(want)] != want {
		t.Errorf("title %q, want %q", title, want)
	}
}
