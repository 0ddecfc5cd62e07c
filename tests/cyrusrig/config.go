package cyrusrig

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
)

// configure makes the directories, the configuration and the password file.
func (s *Server) configure(users []string) error {
	cyrus, err := user.Lookup("cyrus")
	if err != nil {
		return err
	}
	uid, err := strconv.Atoi(cyrus.Uid)
	if err != nil {
		return err
	}
	gid, err := strconv.Atoi(cyrus.Gid)
	if err != nil {
		return err
	}
	if err := os.Chmod(s.Dir, 0o755); err != nil {
		return err
	}
	for _, d := range []string{"", "dev", "conf", "conf/db", "conf/socket", "conf/user", "conf/log", "proc", "lock", "spool", "sieve"} {
		d = filepath.Join(s.Dir, d)
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
		if err := os.Chown(d, uid, gid); err != nil {
			return err
		}
	}
	host, _, err := net.SplitHostPort(s.Addr)
	if err != nil {
		return err
	}
	// The master does not hand its -C on to what it starts.
	files := map[string]string{
		"imapd.conf": strings.ReplaceAll(`configdirectory: DIR/conf
proc_path: DIR/proc
mboxname_lockpath: DIR/lock
lmtpsocket: DIR/conf/socket/lmtp
idlesocket: DIR/conf/socket/idle
notifysocket: DIR/conf/socket/notify
defaultpartition: default
partition-default: DIR/spool
sievedir: DIR/sieve
sasl_sasldb_path: DIR/sasldb
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_mech_list: PLAIN
allowplaintext: yes
admins: cyrus
unixhierarchysep: yes
altnamespace: no
servername: rig
`, "DIR", s.Dir),
		"cyrus.conf": fmt.Sprintf(`START {
  recover cmd="ctl_cyrusdb -C %[1]s -r"
}
SERVICES {
  imap cmd="imapd -C %[1]s" listen="%[2]s" prefork=3 maxchild=40 proto="%[4]s"
  lmtpunix cmd="lmtpd -C %[1]s" listen="%[3]s" prefork=1 maxchild=10
}
EVENTS {
}
`, s.Conf, s.Addr, s.Socket, map[bool]string{true: "tcp4", false: "tcp6"}[strings.Contains(host, ".")]),
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(s.Dir, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	sasldb := filepath.Join(s.Dir, "sasldb")
	for _, u := range users {
		cmd := exec.Command("saslpasswd2", "-p", "-c", "-u", "rig", "-f", sasldb, u)
		cmd.Stdin = strings.NewReader(password)
		if said, err := cmd.CombinedOutput(); err != nil {
			return fmt.Errorf("saslpasswd2 for %s: %w\n%s", u, err, said)
		}
	}
	return os.Chown(sasldb, uid, gid)
}

// freeAddr is a port of the loopback that nobody listens on just now.
func freeAddr() (string, error) {
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}
