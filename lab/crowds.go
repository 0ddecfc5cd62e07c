package lab

import (
	"slices"

	"golang.org/x/sys/unix"
)

// playSharedCrowd: POP sessions share the inbox's header for as long as they
// last. One copy wants it alone, and deliveries want the same.
func playSharedCrowd(s *stage) error {
	if err := s.server([]service{{"pop3", 4}, {"imap", 2}, {"lmtp", 4}}); err != nil {
		return err
	}
	header := s.header("")
	for range 3 {
		c, err := s.connect("pop3", "USER jwade", "PASS secret")
		if err != nil {
			return err
		}
		s.note("root", c.worker)
		if err := s.hasLock(c.worker, header); err != nil {
			return err
		}
		if err := s.sleepsIn(c.worker, unix.SYS_READ, ""); err != nil {
			return err
		}
	}
	c, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "&47 UID COPY 12 INBOX")
	if err != nil {
		return err
	}
	s.note("waiter", c.worker)
	if err := s.waitsFor(c.worker, header); err != nil {
		return err
	}
	return s.deliveriesTo("jwade", header, 3)
}

// playWorkingHolder: a search takes minutes under the lock.
func playWorkingHolder(s *stage) error {
	if err := s.server([]service{{"imap", 4}}); err != nil {
		return err
	}
	root, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "3 SEARCH BODY 300000", "!again")
	if err != nil {
		return err
	}
	s.note("root", root.worker)
	if err := s.hasLock(root.worker, s.Seen); err != nil {
		return err
	}
	return s.copyWaiters("11352", "11353")
}

// playSlow: four sessions search in turn, each for a moment, and all get their
// turn.
func playSlow(s *stage) error {
	if err := s.server([]service{{"imap", 5}}); err != nil {
		return err
	}
	for range 4 {
		c, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "3 SEARCH BODY 60", "!again")
		if err != nil {
			return err
		}
		s.note("busy", c.worker)
	}
	var held []int
	return s.until("the lock goes from hand to hand", func() bool {
		waits := false
		for _, pid := range s.PIDs["busy"] {
			waits = waits || sleepsIn(pid, unix.SYS_FLOCK, s.Seen)
			if !slices.Contains(held, pid) && holds(pid, s.Seen) {
				held = append(held, pid)
			}
		}
		return waits && len(held) > 1
	})
}

// playHealthy: sessions and idle workers, and nothing is wrong.
func playHealthy(s *stage) error {
	if err := s.server([]service{{"imap", 5}, {"lmtp", 3}}); err != nil {
		return err
	}
	for range 2 {
		c, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "3 NOOP", "!stall")
		if err != nil {
			return err
		}
		s.note("busy", c.worker)
		// Its client has read all answers and now does nothing.
		if err := s.sleepsIn(c.client, unix.SYS_RT_SIGTIMEDWAIT, ""); err != nil {
			return err
		}
		if err := s.sleepsIn(c.worker, unix.SYS_READ, ""); err != nil {
			return err
		}
	}
	return nil
}
