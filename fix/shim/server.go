package shim

import (
	"bytes"
	"context"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"

	"cyrlock/evidence"
)

// A Proc answers questions about processes, each within a time limit.
type Proc interface {
	Pids(ctx context.Context) ([]int, error)
	// Read reads /proc/PID/name: stat, maps, environ, auxv, cgroup.
	Read(ctx context.Context, pid int, name string) ([]byte, error)
	// Exe is where /proc/PID/exe leads.
	Exe(ctx context.Context, pid int) (string, error)
	// Memory reads n bytes of a process's memory.
	Memory(ctx context.Context, pid int, addr uint64, n int) ([]byte, error)
	// SameRoot tells whether a process sees the files that we see.
	SameRoot(ctx context.Context, pid int) (bool, error)
}

// A Server is what is known of the Cyrus that gets the library.
type Server struct {
	Master    int // 0: none runs
	Pids      []int
	Dirs      []string // where its databases and locks are
	Mailboxes string   // its mailbox list, where imapd.conf has another name for it than mailboxes.db
	Programs  []string // patterns of its programs
	Unit      string   // of systemd: "cyrus-imapd.service"; empty: not started by it
	Preload   []string // other libraries that its master is told to load
	Facility  int      // of its messages, as in syslog(3) without the shift
	Elsewhere bool     // in a container: it would not see what is written here
	Narrow    bool     // of 32 bits, on a processor of 64
	parents   map[int]int
}

// Find looks at the server that is known by its master. option is the value of an option
// of its imapd.conf; empty: it is not there. The error tells what could not be read; the rest is
// returned with it.
func Find(ctx context.Context, proc Proc, known evidence.Cyrus, option func(name string) string) (Server, error) {
	s := Server{Master: known.Master, Programs: usualPrograms(), Facility: facility(option("syslog_facility")), Mailboxes: mailboxes(option("mboxlist_db_path"), known.ConfigDir)}
	for _, dir := range []string{known.ConfigDir, known.LockDir, "/var/imap", "/var/lib/imap", "/var/lib/cyrus"} {
		if dir != "" && !slices.Contains(s.Dirs, dir) {
			s.Dirs = append(s.Dirs, dir)
		}
	}
	if s.Master == 0 {
		return s, nil
	}
	if err := s.family(ctx, proc); err != nil {
		return s, err
	}
	for _, pid := range s.Pids {
		if exe, err := proc.Exe(ctx, pid); err == nil && (pid == s.Master || s.parents[pid] == s.Master) {
			s.addProgram(strings.TrimSuffix(exe, " (deleted)"))
		}
	}
	if text, err := proc.Read(ctx, s.Master, "maps"); err == nil {
		s.Narrow = narrow(text)
	}
	if text, err := proc.Read(ctx, s.Master, "cgroup"); err == nil {
		s.Unit = unitOf(text)
	}
	environ, err := proc.Read(ctx, s.Master, "environ")
	if err != nil {
		return s, fmt.Errorf("environment of the master, %d: %w", s.Master, err)
	}
	for _, name := range strings.FieldsFunc(variable(environ, "LD_PRELOAD"), func(r rune) bool { return r == ':' || r == ' ' }) {
		if !libraryName.MatchString(path.Base(name)) {
			s.Preload = append(s.Preload, name)
		}
	}
	same, err := proc.SameRoot(ctx, s.Master)
	s.Elsewhere = err == nil && !same
	return s, err
}

// family finds the master's descendants, itself first.
func (s *Server) family(ctx context.Context, proc Proc) error {
	pids, err := proc.Pids(ctx)
	if err != nil {
		return err
	}
	s.parents = map[int]int{}
	for _, pid := range pids {
		if st, err := statOf(ctx, proc, pid); err == nil {
			s.parents[pid] = st.ppid
		}
	}
	if _, ok := s.parents[s.Master]; !ok {
		return fmt.Errorf("the master, %d, has ended meanwhile", s.Master)
	}
	s.Pids = []int{s.Master}
	slices.Sort(pids)
	for i := 0; i < len(s.Pids); i++ {
		for _, pid := range pids {
			if s.parents[pid] == s.Pids[i] && !slices.Contains(s.Pids, pid) {
				s.Pids = append(s.Pids, pid)
			}
		}
	}
	slices.Sort(s.Pids[1:])
	return nil
}

// usualPrograms are folders in which nothing but Cyrus is.
func usualPrograms() []string {
	return []string{"/usr/lib/cyrus*/*", "/usr/libexec/cyrus*/*", "/usr/cyrus/bin/*", "/usr/local/cyrus/*"}
}

// addProgram: where the folder is Cyrus's own, all that is in it; else those
// programs that lock seen files, whether they run just now or not.
func (s *Server) addProgram(exe string) {
	if !path.IsAbs(exe) || slices.ContainsFunc(s.Programs, func(p string) bool { return matches(p, exe) }) {
		return
	}
	dir := path.Dir(exe)
	if strings.Contains(dir, "cyrus") {
		s.Programs = append(s.Programs, dir+"/*")
		return
	}
	s.Programs = append(s.Programs, exe)
	for _, name := range []string{"imapd", "lmtpd", "pop3d", "sync_server"} {
		if p := path.Join(dir, name); !slices.Contains(s.Programs, p) && workerDir(exe) {
			s.Programs = append(s.Programs, p)
		}
	}
}

// workerDir: the master may lie elsewhere than the workers, among programs of all
// kinds.
func workerDir(exe string) bool {
	return slices.Contains([]string{"imapd", "lmtpd", "pop3d", "sync_server"}, path.Base(exe))
}

type stat struct {
	comm, state string
	ppid        int
	start       uint64
}

// statOf reads proc(5) stat. The name may hold anything, ")" too.
func statOf(ctx context.Context, proc Proc, pid int) (stat, error) {
	text, err := proc.Read(ctx, pid, "stat")
	if err != nil {
		return stat{}, err
	}
	return parseStat(text)
}

func parseStat(text []byte) (stat, error) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open >= 0 && end > open {
		if f := strings.Fields(string(text[end+1:])); len(f) > 19 {
			ppid, err := strconv.Atoi(f[1])
			start, bad := strconv.ParseUint(f[19], 10, 64)
			if err == nil && bad == nil {
				return stat{string(text[open+1 : end]), f[0], ppid, start}, nil
			}
		}
	}
	return stat{}, fmt.Errorf("stat: bad line %.80q", text)
}

// narrow: a process of 32 bits has nothing above 4 GiB. The mappings are in the order
// of their addresses (proc(5) maps).
func narrow(maps []byte) bool {
	lines := bytes.Split(bytes.TrimSpace(maps), []byte("\n"))
	span, _, _ := bytes.Cut(lines[len(lines)-1], []byte(" "))
	_, hi, _ := bytes.Cut(span, []byte("-"))
	end, err := strconv.ParseUint(string(hi), 16, 64)
	return err == nil && end <= 1<<32
}

// unitOf is the service in a process's cgroup: "0::/system.slice/cyrus-imapd.service",
// with systemd's own hierarchy alone on older systems. What somebody has started by
// hand may be below user@0.service, which starts no Cyrus.
func unitOf(cgroup []byte) string {
	for line := range strings.Lines(string(cgroup)) {
		f := strings.SplitN(strings.TrimSpace(line), ":", 3)
		if len(f) != 3 || f[0] != "0" && f[1] != "name=systemd" {
			continue
		}
		for dir := f[2]; dir != "/" && dir != "."; dir = path.Dir(dir) {
			if name := path.Base(dir); unitName.MatchString(name) && !strings.HasPrefix(name, "user@") {
				return name
			}
		}
	}
	return ""
}

// variable is the value of a variable of an environment; empty if there is none.
func variable(environ []byte, name string) string {
	for entry := range bytes.SplitSeq(environ, []byte{0}) {
		if v, ok := bytes.CutPrefix(entry, []byte(name+"=")); ok {
			return string(v)
		}
	}
	return ""
}

// facility is syslog_facility of an imapd.conf (2.5 and later), else mail: where
// Debian and Red Hat build Cyrus to log, and what every log daemon keeps. The
// local6 of a plain build is often thrown away.
func facility(name string) int {
	const mail = 2
	name = strings.TrimPrefix(strings.ToLower(name), "log_")
	if n, ok := strings.CutPrefix(name, "local"); ok && len(n) == 1 && n[0] >= '0' && n[0] <= '7' {
		return 16 + int(n[0]-'0')
	}
	if i := slices.Index([]string{"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron"}, name); i > 0 {
		return i
	}
	return mail
}

// mailboxes is mboxlist_db_path of an imapd.conf; "" where that is the usual one.
func mailboxes(file, configDir string) string {
	if rest, ok := strings.CutPrefix(file, "{configdirectory}"); ok { // as imapd.conf(5) allows
		file = configDir + rest
	}
	if file = path.Clean(file); file[0] != '/' || path.Base(file) == "mailboxes.db" {
		return ""
	}
	return file
}
