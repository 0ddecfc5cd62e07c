package lab

import "golang.org/x/sys/unix"

const login = "1 LOGIN jwade secret"

// playSeed: a client closes its laptop while an imapd tells it, with the seen
// file locked, what was read elsewhere. Copies queue for that file; the first of
// them has a mailbox's header, and deliveries queue for that.
func playSeed(s *stage) error {
	if err := s.server([]service{{"imap", 6}, {"lmtp", 10}}); err != nil {
		return err
	}
	if _, err := s.stalledHolder(); err != nil {
		return err
	}
	if err := s.copyWaiters("11352", "11353", "11355"); err != nil {
		return err
	}
	if err := s.hasLock(s.PIDs["waiter"][0], s.header("FaMiLy")); err != nil {
		return err
	}
	return s.deliveries(8)
}

// stalledHolder leaves an imapd in write, jwade's seen file locked.
func (s *stage) stalledHolder() (connection, error) {
	c, err := s.connect("imap", login, "2 SELECT INBOX.FaMiLy", "&3 NOOP", "!stall")
	if err != nil {
		return c, err
	}
	s.note("root", c.worker)
	if err := s.hasLock(c.worker, s.Seen); err != nil {
		return c, err
	}
	return c, s.sleepsIn(c.worker, unix.SYS_WRITE, "")
}

// copyWaiter adds an imapd that copies a message to INBOX.FaMiLy and waits for
// jwade's seen file. An even uid has a keyword: its copy keeps the header locked.
func (s *stage) copyWaiter(uid string) (connection, error) {
	c, err := s.connect("imap", login, "2 SELECT INBOX", "&47 UID COPY "+uid+" INBOX.FaMiLy")
	if err != nil {
		return c, err
	}
	s.note("waiter", c.worker)
	return c, s.waitsFor(c.worker, s.Seen)
}

func (s *stage) copyWaiters(uids ...string) error {
	for _, uid := range uids {
		if _, err := s.copyWaiter(uid); err != nil {
			return err
		}
	}
	return nil
}

// deliveries adds n lmtpds that wait for the header of INBOX.FaMiLy.
func (s *stage) deliveries(n int) error {
	return s.deliveriesTo("jwade+FaMiLy", s.header("FaMiLy"), n)
}

func (s *stage) deliveriesTo(recipient, header string, n int) error {
	for range n {
		c, err := s.connect("lmtp", "LHLO mx.example.com", "MAIL FROM:<anna@example.com>",
			"RCPT TO:<"+recipient+"@example.com>", "DATA", "&Subject: photos", "&", "&Here they are.", "&.")
		if err != nil {
			return err
		}
		s.note("lmtpd", c.worker)
		if err := s.waitsFor(c.worker, header); err != nil {
			return err
		}
	}
	return nil
}
