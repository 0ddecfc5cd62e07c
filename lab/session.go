package lab

import (
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// endSession kills what a keeper that was killed itself has left in its session.
// The session's number must not be free for others: see [keeper.endNow].
func endSession(session int) error {
	deadline := time.Now().Add(endLimit)
	for {
		left := sessionOf(session)
		if len(left) == 0 {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("processes %v of the incident do not end", left)
		}
		var errs error
		for _, pid := range left {
			errs = errors.Join(errs, killMember(pid, session))
		}
		if errs != nil {
			return errs
		}
		time.Sleep(pollEvery)
	}
}

// sessionOf lists the living processes of a session but for its leader.
func sessionOf(session int) []int {
	var members []int
	for _, pid := range processes() {
		st, err := readStat(pid)
		if err == nil && st.session == session && pid != session && st.state != 'Z' {
			members = append(members, pid)
		}
	}
	return members
}

// killMember kills pid if it still belongs to the session once it is pinned by a
// pidfd: then the signal cannot reach another process.
func killMember(pid, session int) error {
	kill := func() error { return unix.Kill(pid, unix.SIGKILL) } // before Linux 5.3
	fd, err := unix.PidfdOpen(pid, 0)
	if err == nil {
		defer unix.Close(fd)
		kill = func() error { return unix.PidfdSendSignal(fd, unix.SIGKILL, nil, 0) }
	}
	if st, err := readStat(pid); err != nil || st.session != session {
		return nil
	}
	if err := kill(); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("process %d of the incident: %w", pid, err)
	}
	return nil
}
