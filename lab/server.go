package lab

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// A service of cyrus.conf with the number of its workers.
type service struct {
	name    string
	workers int
}

// A mailbox of jwade's. The name is what follows INBOX.
type mailbox struct {
	name     string
	uniqueid string
	exists   int
	lastUID  int
	seen     string // its line in jwade.seen; empty: none
}

// family has the key and is about to hand out the uid of the report's backtrace.
const familyID = "0e461b1e389ccb86"

func mailboxes() []mailbox {
	return []mailbox{
		{"", "3b7c21f0380a5d11", 11352, 11360, "1 988300800 11351 988300800 1:11351"},
		{"FaMiLy", familyID, 270, 270, "1 988300800 270 988300800 1:268"},
		{"Work", "5d01c6aa381f0b42", 83, 90, "1 988300800 90 988300800 1:80"},
		{"Old", "7f90aa3e37c11d07", 19, 19, "damaged"}, // see seen_readit
	}
}

// server writes the files of a mail server, starts it with these services and
// returns when its workers wait for clients. conf adds lines to imapd.conf.
func (s *stage) server(services []service, conf ...string) error {
	return s.serverUnder(nil, services, conf...)
}

// serverUnder does the same with another program that starts master.
func (s *stage) serverUnder(starter []string, services []service, conf ...string) error {
	if err := s.writeFiles(services, conf); err != nil {
		return err
	}
	pidfile := filepath.Join(s.Dir, "master.pid")
	master := []string{filepath.Join(s.bin, "master"),
		"-C", s.Conf, "-M", filepath.Join(s.Dir, "cyrus.conf"), "-p", pidfile}
	pid, err := s.keeper.spawn(append(starter, master...)...)
	if err != nil {
		return err
	}
	ended := false
	err = s.until("master is ready", func() bool {
		st, err := readStat(pid)
		ended = err != nil || st.state == 'Z'
		_, err = os.Stat(pidfile)
		return err == nil || ended
	})
	if err == nil && ended {
		err = errors.New("the mail server did not start")
	}
	if err != nil {
		return err
	}
	if len(starter) > 0 {
		s.note("helper", pid)
		children := childrenOf(pid)
		if len(children) != 1 {
			return errors.New("the mail server did not start")
		}
		pid = children[0]
	}
	s.note("master", pid)
	s.workers = childrenOf(pid)
	return s.eachReady()
}

// eachReady waits until every worker serves a client, waits for one, or waits
// for its turn to.
func (s *stage) eachReady() error {
	for _, pid := range s.workers {
		err := s.until(fmt.Sprintf("worker %d is ready", pid), func() bool {
			return onSocket(pid) || sleepsIn(pid, unix.SYS_ACCEPT, "") || sleepsIn(pid, unix.SYS_FCNTL, "")
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) writeFiles(services []service, conf []string) error {
	spool := filepath.Join(s.Dir, "spool")
	files := map[string]string{
		s.Conf: "# made by cyrlock lab for practice\n" +
			"configdirectory: " + s.Dir + "\n" +
			"partition-default: " + spool + "\n" +
			"defaultpartition: default\n" +
			strings.Join(append(conf, ""), "\n"),
		filepath.Join(s.Dir, "cyrus.conf"): cyrusConf(services),
	}
	var seen strings.Builder
	for _, m := range mailboxes() {
		dir := filepath.Join(spool, "user", "jwade", m.name)
		files[filepath.Join(dir, "cyrus.header")] = "uniqueid " + m.uniqueid + "\n"
		files[filepath.Join(dir, "cyrus.index")] = fmt.Sprintf("exists %-10d last_uid %-10d\n", m.exists, m.lastUID)
		fmt.Fprintf(&seen, "%s\t%s\n", m.uniqueid, m.seen)
	}
	files[s.Seen] = seen.String()
	for _, dir := range []string{"proc", "socket"} {
		if err := os.Mkdir(filepath.Join(s.Dir, dir), 0o700); err != nil {
			return err
		}
	}
	for path, text := range files {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

func cyrusConf(services []service) string {
	var b strings.Builder
	b.WriteString("# made by cyrlock lab for practice; port 0 is any free one\nSERVICES {\n")
	for _, sv := range services {
		fmt.Fprintf(&b, "  %s cmd=\"%sd\" listen=\"127.0.0.1:0\" prefork=%d maxchild=%d\n",
			sv.name, sv.name, sv.workers, sv.workers)
	}
	b.WriteString("}\n")
	return b.String()
}

// header is the path of a mailbox's cyrus.header.
func (s *stage) header(mailbox string) string {
	return filepath.Join(s.Dir, "spool", "user", "jwade", mailbox, "cyrus.header")
}
