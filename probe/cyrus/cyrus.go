// Package cyrus knows how a Cyrus IMAP server is laid out: its configuration,
// its processes, and where a user's seen file lies.
//
// It only reads, and only small files: configuration, /proc, the notes that
// Cyrus's workers leave about themselves, and the server's own binaries. It never
// opens or stats anything that holds mail, and every read has a time limit.
// What the running processes show wins over what the configuration implies.
package cyrus

import (
	"path"
	"strings"
	"sync/atomic"
	"time"

	"cyrlock/evidence"
)

// patience is how long one small file may take. All of them are local and most
// are in memory; a server that hangs on its disk must not take the look with it.
const patience = 500 * time.Millisecond

// A Server is a Cyrus server, running or only installed. The zero value is one of
// which nothing is known: its methods work and find little.
type Server struct {
	known   evidence.Cyrus
	from    reader
	options options
	root    string // where its files are for us: "" or "/proc/PID/root"
	exe     string // of the master
	foreign bool   // the master lives in another PID namespace than ours
	boot    time.Time
	gone    *atomic.Bool // the proc directory did not answer in time: ask no more
}

// Evidence is what is known of the server as a whole. Paths are as the server
// itself sees them, which in a container is not where we would look.
func (s Server) Evidence() evidence.Cyrus { return s.known }

// configure takes from imapd.conf what the rest of the package needs.
// The defaults are those of imapd.conf(5).
func (s *Server) configure(conf string, o options) {
	s.known.Conf, s.options = conf, o
	s.known.ConfigDir = o.path("configdirectory", "")
	s.place()
}

// place works out the directories below configdirectory.
func (s *Server) place() {
	dir := s.known.ConfigDir
	if dir == "" {
		return
	}
	s.known.ProcDir = s.options.path("proc_path", path.Join(dir, "proc"))
	s.known.LockDir = s.options.path("mboxname_lockpath", path.Join(dir, "lock"))
}

// release is the version as numbers: 3, 6 for "3.6.1"; 0, 0 where it is unknown.
func (s Server) release() (major, minor int) {
	parts := strings.SplitN(s.known.Version, ".", 3)
	if len(parts) < 2 {
		return 0, 0
	}
	return number(parts[0]), number(parts[1])
}

// number reads a short run of digits; anything else is 0.
func number(s string) int {
	n := 0
	for _, c := range s {
		if c < '0' || c > '9' || n > 1e8 {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}
