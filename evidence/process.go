package evidence

// A Process is one process that holds, waits, or was asked for.
// Pid and Start together name it: a pid alone may be reused.
type Process struct {
	PID         int     `json:"pid"`
	PPID        int     `json:"ppid"`
	Start       uint64  `json:"start"`                   // clock ticks after boot: proc(5) stat field 22
	StartedAgoS float64 `json:"started_ago_s,omitempty"` // seconds before the look
	Exe         string  `json:"exe"`                     // the link's text; " (deleted)" stays
	Comm        string  `json:"comm"`                    // as the kernel names it: 15 bytes
	Title       string  `json:"title,omitempty"`         // /proc/PID/cmdline, spaces between, bytes as they are
	Cyrus       bool    `json:"cyrus,omitempty"`         // part of a Cyrus server
	Service     string  `json:"service,omitempty"`       // "imap": cyrus.conf's name, or the program's
	User        string  `json:"user,omitempty"`          // the Cyrus userid it serves
	Mailbox     string  `json:"mailbox,omitempty"`
	Client      string  `json:"client,omitempty"`  // host it serves, as Cyrus wrote it
	Command     string  `json:"command,omitempty"` // IMAP command, where the proc file has it (2.5+)
	State       string  `json:"state"`             // proc(5): R S D T t Z …
	UID         int     `json:"uid"`
	Tracer      int     `json:"tracer,omitempty"` // pid of who traces it
	TracerName  string  `json:"tracer_name,omitempty"`
	// Container is set for a process of another PID namespace than the looker's.
	Container bool     `json:"container,omitempty"`
	Code      *Code    `json:"code,omitempty"` // of Cyrus only; nil: not known
	Peer      *Conn    `json:"peer,omitempty"` // its client's connection
	Threads   []Thread `json:"threads"`
}

// Code is how old what a process of Cyrus runs is, and whether the timed lock of fix
// shim is in it. A Cyrus that was built with a timed lock does not show here.
type Code struct {
	// Replaced are its program and libraries of Cyrus that were replaced or removed
	// since it was started. What was written over in place is not among them.
	Replaced []string `json:"replaced,omitempty"`
	Timed    *Timed   `json:"timed,omitempty"` // nil: its waits have no limit from there
}

// Timed is the library of fix shim as a process has it in its memory.
type Timed struct {
	Library string   `json:"library"`           // the path of its file; the name changes with every version
	BoundS  int      `json:"bound_s,omitempty"` // seconds after which a wait ends; 0: not known
	Paths   []string `json:"paths,omitempty"`   // patterns of the files with a limit: * is anything, slashes too
}

// A Thread is one task of a process.
type Thread struct {
	TID     int      `json:"tid"`
	State   string   `json:"state,omitempty"`
	Syscall string   `json:"syscall"`        // name; "running"; empty: not known
	Args    []uint64 `json:"args,omitempty"` // its six arguments
	Wchan   string   `json:"wchan"`
	// SinceS is how long the thread has not run, in seconds; SinceHow as in [Waiter].
	SinceS   float64 `json:"since_s,omitempty"`
	SinceHow string  `json:"since_how,omitempty"`
	// Moved is set when the thread ran between the first and the last reading of
	// the look, WatchedMS apart: it makes progress of some kind.
	Moved     bool    `json:"moved,omitempty"`
	WatchedMS float64 `json:"watched_ms,omitempty"`
	// On is what its system call works on: the file it reads, the socket it writes.
	On     *Descriptor `json:"on,omitempty"`
	Method string      `json:"method,omitempty"`  // of the stack: "no-stop" or "stop"
	StopUS float64     `json:"stop_us,omitempty"` // how long it was stopped, in microseconds
	Frames []Frame     `json:"frames,omitempty"`  // innermost first
	Error  string      `json:"error,omitempty"`   // why the stack is missing or ends early
}

// A Frame is one function of a stack, as gdb shows it.
type Frame struct {
	PC      Addr   `json:"pc"`                 // run-time address; a return address but for the innermost
	Func    string `json:"func"`               // empty: no symbol
	Module  string `json:"module"`             // path of the ELF file, "[vdso]"
	Offset  Addr   `json:"offset"`             // of PC in the module, as linked
	BuildID string `json:"build_id,omitempty"` // only where Func is empty
	File    string `json:"file,omitempty"`
	Line    int    `json:"line,omitempty"`
	Inlined bool   `json:"inlined,omitempty"`
	Signal  bool   `json:"signal,omitempty"` // "<signal handler called>"
	Args    []Arg  `json:"args,omitempty"`
	Role    string `json:"role,omitempty"` // see package diagnose; set by diagnose.Annotate
	How     string `json:"how"`            // "cfi", or "guess" where the stack was searched
}

// An Arg is one argument with its value as gdb prints it: 22, 0x55d0 "x", <optimized out>.
type Arg struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// A Descriptor is an open file of a process.
type Descriptor struct {
	FD   int    `json:"fd"`
	Kind string `json:"kind"` // "file", "socket", "pipe", "tty", "other"
	Path string `json:"path"` // the link's text
	Conn *Conn  `json:"conn,omitempty"`
}

// A Conn is a network connection (/proc/net/tcp, tcp6, unix).
type Conn struct {
	FD     int    `json:"fd"`
	Local  string `json:"local"`  // "192.0.2.1:143", "[2001:db8::1]:143", a path
	Remote string `json:"remote"` // the peer
	State  string `json:"state"`  // "ESTABLISHED" …
	SendQ  int    `json:"send_q"` // bytes sent and not yet acknowledged, or not yet sent
	RecvQ  int    `json:"recv_q"` // bytes that wait to be read
	// Timer is what the kernel waits for: "retransmit", "keepalive", "zero window" or "".
	Timer string `json:"timer,omitempty"`
}
