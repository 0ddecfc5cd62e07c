package lab

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sys/unix"
)

// ErrNeedsRoot says that an incident needs rights that this user has not.
var ErrNeedsRoot = errors.New("this incident makes a PID namespace: run it as root")

// playStalledClient is the seed's cause alone.
func playStalledClient(s *stage) error {
	if err := s.server([]service{{"imap", 4}}); err != nil {
		return err
	}
	if _, err := s.stalledHolder(); err != nil {
		return err
	}
	return s.copyWaiters("11352", "11353")
}

// playIdleHolder: a damaged line makes imapd give up the command but not the
// lock, and then it waits for the next command.
func playIdleHolder(s *stage) error {
	if err := s.server([]service{{"imap", 4}}); err != nil {
		return err
	}
	if _, err := s.leakedHolder(); err != nil {
		return err
	}
	return s.copyWaiters("11352", "11353")
}

// playForgottenLock: as above, and then that client leaves and imapd, with the
// lock in its luggage, waits for another.
func playForgottenLock(s *stage) error {
	if err := s.server([]service{{"imap", 5}}); err != nil {
		return err
	}
	root, err := s.leakedHolder("!stall", "!leave")
	if err != nil {
		return err
	}
	if err := s.copyWaiters("11352", "11353"); err != nil {
		return err
	}
	if err := s.signal(root.client, syscall.SIGUSR1); err != nil {
		return err
	}
	return s.until("the root waits for another client", func() bool {
		return !onSocket(root.worker) && holds(root.worker, s.Seen) &&
			(sleepsIn(root.worker, unix.SYS_ACCEPT, "") || sleepsIn(root.worker, unix.SYS_FCNTL, ""))
	})
}

// leakedHolder leaves an imapd with jwade's seen file locked, waiting for its
// client's next command.
func (s *stage) leakedHolder(then ...string) (connection, error) {
	c, err := s.connect("imap", append([]string{login, "2 SELECT INBOX.Old", "3 NOOP"}, then...)...)
	if err != nil {
		return c, err
	}
	s.note("root", c.worker)
	if err := s.hasLock(c.worker, s.Seen); err != nil {
		return c, err
	}
	return c, s.sleepsIn(c.worker, unix.SYS_READ, "")
}

// playStoppedHolder: somebody stopped the holder in the middle of its work. The
// client reads, so only that keeps it.
func playStoppedHolder(s *stage) error {
	return s.haltedHolder('T', func(pid int) error { return s.signal(pid, syscall.SIGSTOP) })
}

// playTracedHolder: a debugger was left attached to it.
func playTracedHolder(s *stage) error {
	return s.haltedHolder('t', func(pid int) error {
		_, err := s.spawn("helper", "debugger", itoa(pid))
		return err
	})
}

func (s *stage) haltedHolder(state byte, halt func(pid int) error) error {
	if err := s.server([]service{{"imap", 4}}); err != nil {
		return err
	}
	root, err := s.stalledHolder()
	if err != nil {
		return err
	}
	if err := s.copyWaiters("11352", "11353"); err != nil {
		return err
	}
	if err := halt(root.worker); err != nil {
		return err
	}
	if err := s.inState(root.worker, state); err != nil {
		return err
	}
	if err := s.signal(root.client, syscall.SIGUSR1); err != nil {
		return err
	}
	return s.sleepsIn(root.client, unix.SYS_READ, "")
}

// playSignalReentry: an alarm comes while imapd is inside malloc, and its
// handler calls malloc. How soon is chance; some milliseconds do.
func playSignalReentry(s *stage) error {
	if err := s.server([]service{{"imap", 4}}); err != nil {
		return err
	}
	root, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "&3 IDLE")
	if err != nil {
		return err
	}
	s.note("root", root.worker)
	if err := s.hasLock(root.worker, s.Seen); err != nil {
		return err
	}
	if err := s.sleepsIn(root.worker, unix.SYS_FUTEX, ""); err != nil {
		return err
	}
	return s.copyWaiters("11352", "11353")
}

// playOutsideHolder: a backup program holds the file and waits for its tape.
func playOutsideHolder(s *stage) error {
	if err := s.server([]service{{"imap", 3}}); err != nil {
		return err
	}
	if err := s.backup(); err != nil {
		return err
	}
	return s.copyWaiters("11352", "11353")
}

func (s *stage) backup() error {
	tape, err := s.namedPipe("tape")
	if err != nil {
		return err
	}
	pid, err := s.spawn("root", "backup", s.Seen, tape)
	if err != nil {
		return err
	}
	if err := s.hasLock(pid, s.Seen); err != nil {
		return err
	}
	return s.inState(pid, 'S') // in open; which system call that is, is up to the C library
}

// playForeignHolder: the mail server lives in a PID namespace, the backup that
// holds its file outside.
func playForeignHolder(s *stage) error {
	if os.Geteuid() != 0 {
		return ErrNeedsRoot
	}
	container := []string{filepath.Join(s.bin, "container")}
	if err := s.serverUnder(container, []service{{"imap", 3}, {"lmtp", 4}}); err != nil {
		return err
	}
	s.Inside = s.PIDs["master"][0]
	if err := s.backup(); err != nil {
		return err
	}
	if err := s.copyWaiters("11352", "11353"); err != nil {
		return err
	}
	return s.deliveries(2)
}

// playStaleInode: while they hold and wait, the file is replaced by a copy.
func playStaleInode(s *stage) error {
	if err := s.server([]service{{"imap", 4}}); err != nil {
		return err
	}
	if _, err := s.leakedHolder(); err != nil {
		return err
	}
	if err := s.copyWaiters("11352", "11353"); err != nil {
		return err
	}
	text, err := os.ReadFile(s.Seen)
	if err != nil {
		return err
	}
	restored := s.Seen + ".restored"
	if err := os.WriteFile(restored, text, 0o600); err != nil {
		return err
	}
	return os.Rename(restored, s.Seen)
}

// namedPipe makes one that nobody opens.
func (s *stage) namedPipe(name string) (string, error) {
	path := filepath.Join(s.Dir, name)
	if err := unix.Mkfifo(path, 0o600); err != nil {
		return "", &os.PathError{Op: "mkfifo", Path: path, Err: err}
	}
	return path, nil
}
