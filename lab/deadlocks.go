package lab

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// playSelfDeadlock: the leak of [playIdleHolder], and then the same imapd opens
// the file a second time, for a copy. To flock that is a stranger.
func playSelfDeadlock(s *stage) error {
	if err := s.server([]service{{"imap", 4}, {"lmtp", 4}}); err != nil {
		return err
	}
	root, err := s.connect("imap", login, "2 SELECT INBOX.Old", "3 NOOP", "&47 UID COPY 12 INBOX.FaMiLy")
	if err != nil {
		return err
	}
	s.note("root", root.worker)
	if err := s.hasLock(root.worker, s.Seen); err != nil {
		return err
	}
	if err := s.waitsFor(root.worker, s.Seen); err != nil {
		return err
	}
	if err := s.copyWaiters("11353", "11355"); err != nil {
		return err
	}
	return s.deliveries(2)
}

// playCycleOfTwo: a store takes the seen file and then the header, a copy the
// header and then the seen file.
func playCycleOfTwo(s *stage) error {
	if err := s.server([]service{{"imap", 5}, {"lmtp", 4}}); err != nil {
		return err
	}
	store, err := s.slowStore()
	if err != nil {
		return err
	}
	copier, err := s.copyWaiter("11352")
	if err != nil {
		return err
	}
	if err := s.closeCycle(store, copier.worker); err != nil {
		return err
	}
	if err := s.copyWaiters("11353"); err != nil {
		return err
	}
	return s.deliveries(2)
}

// playCycleOfThree: the store as above; a copy to INBOX.Work has that header and
// waits for the seen file; a rename has the first header and waits for the other.
func playCycleOfThree(s *stage) error {
	if err := s.server([]service{{"imap", 6}}); err != nil {
		return err
	}
	store, err := s.slowStore()
	if err != nil {
		return err
	}
	copier, err := s.connect("imap", login, "2 SELECT INBOX", "&47 UID COPY 11352 INBOX.Work")
	if err != nil {
		return err
	}
	if err := s.waitsFor(copier.worker, s.Seen); err != nil {
		return err
	}
	renamer, err := s.connect("imap", login, "&2 RENAME INBOX.FaMiLy INBOX.Work")
	if err != nil {
		return err
	}
	if err := s.waitsFor(renamer.worker, s.header("Work")); err != nil {
		return err
	}
	if err := s.closeCycle(store, renamer.worker, copier.worker); err != nil {
		return err
	}
	return s.copyWaiters("11353")
}

// slowStore has jwade's seen file and will want the header of INBOX.FaMiLy as
// soon as its client reads on.
func (s *stage) slowStore() (connection, error) {
	c, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "&3 STORE 1:* +FLAGS (Family)", "!stall")
	if err != nil {
		return c, err
	}
	if err := s.hasLock(c.worker, s.Seen); err != nil {
		return c, err
	}
	return c, s.sleepsIn(c.worker, unix.SYS_WRITE, "")
}

// closeCycle lets the store's client read on, and notes who is in the cycle now.
func (s *stage) closeCycle(store connection, others ...int) error {
	if err := s.signal(store.client, syscall.SIGUSR1); err != nil {
		return err
	}
	s.PIDs["root"] = append([]int{store.worker}, others...)
	delete(s.PIDs, "waiter") // the copy was noted as one; all that wait now come later
	return s.waitsFor(store.worker, s.header("FaMiLy"))
}
