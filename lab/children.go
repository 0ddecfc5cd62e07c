package lab

import (
	"errors"
	"path/filepath"
	"syscall"
)

// playOrphanLock: imapd starts a program for new mail while it holds the lock,
// and dies. The program inherited the descriptor and never ends.
func playOrphanLock(s *stage) error {
	socket, err := s.namedPipe("newmail")
	if err != nil {
		return err
	}
	err = s.server([]service{{"imap", 4}},
		"newmail_helper: "+filepath.Join(s.bin, "notify"), "newmail_socket: "+socket)
	if err != nil {
		return err
	}
	holder, err := s.stalledHolder()
	if err != nil {
		return err
	}
	orphan, err := s.onlyChild(holder.worker)
	if err != nil {
		return err
	}
	if err := s.inState(orphan, 'S'); err != nil {
		return err
	}
	if err := s.copyWaiters("11352", "11353"); err != nil {
		return err
	}
	if err := s.signal(holder.worker, syscall.SIGKILL); err != nil {
		return err
	}
	err = s.until("the holder is dead and master has replaced it", func() bool {
		_, err := readStat(holder.worker)
		s.workers = childrenOf(s.PIDs["master"][0])
		return err != nil && len(s.workers) == 4
	})
	s.PIDs["root"] = []int{orphan}
	s.PIDs["client"] = s.PIDs["client"][1:]
	return errors.Join(err, s.signal(holder.client, syscall.SIGUSR1), s.hasLock(orphan, s.Seen), s.eachReady())
}

// playUninterruptible: imapd sleeps in vfork until the child has opened its log,
// a named pipe without a reader.
func playUninterruptible(s *stage) error {
	log, err := s.namedPipe("newmail.log")
	if err != nil {
		return err
	}
	err = s.server([]service{{"imap", 4}},
		"newmail_helper: "+filepath.Join(s.bin, "notify"), "newmail_log: "+log)
	if err != nil {
		return err
	}
	root, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "&3 NOOP")
	if err != nil {
		return err
	}
	s.note("root", root.worker)
	if err := s.hasLock(root.worker, s.Seen); err != nil {
		return err
	}
	if err := s.inState(root.worker, 'D'); err != nil {
		return err
	}
	child, err := s.onlyChild(root.worker)
	if err != nil {
		return err
	}
	s.note("helper", child)
	return s.copyWaiters("11352", "11353")
}

func (s *stage) onlyChild(pid int) (int, error) {
	var children []int
	err := s.until("process "+itoa(pid)+" has a child", func() bool {
		children = childrenOf(pid)
		return len(children) == 1
	})
	if err != nil {
		return 0, err
	}
	return children[0], nil
}
