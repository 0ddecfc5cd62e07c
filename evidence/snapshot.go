// Package evidence holds what was seen on a machine, as plain versioned data.
//
// A [Snapshot] is the only thing the rest of the program reasons about. It comes
// from the live machine, from a saved capture or from a lesson, and nothing
// downstream can tell which. What could not be read is a [Gap] in it, with its
// reason: absence of evidence is evidence too.
//
// The JSON names are a contract that people script against (see docs/json.md);
// a change of meaning needs a new [Schema].
package evidence

import "time"

// Schema is the version of the JSON form. Fields may be added without a new number.
const Schema = 1

// Tool is what this program calls itself in a snapshot, with its version.
const Tool = "cyrlock 0.1"

// A Snapshot is one look at a machine.
type Snapshot struct {
	Schema    int       `json:"schema"`
	Taken     time.Time `json:"taken"`
	Tool      string    `json:"tool"` // "cyrlock 0.1"
	Host      Host      `json:"host"`
	Focus     *Focus    `json:"focus,omitempty"` // what the look was asked about; nil: everything
	Locks     int       `json:"locks"`           // locks held on the machine, of any program
	TookMS    float64   `json:"took_ms"`         // how long the look took, in milliseconds
	Files     []File    `json:"files"`
	Processes []Process `json:"processes"`
	Gaps      []Gap     `json:"gaps"`
	// Readings are what the look really read, counted where it is read.
	Readings []Reading `json:"readings,omitempty"`
	// ThresholdS is the age, in seconds, from which a wait was called hung where it was
	// looked, so that a capture is judged as it was seen; 0: not known.
	ThresholdS float64 `json:"threshold_s,omitempty"`
}

// A Host is the machine that was looked at.
type Host struct {
	Name   string `json:"name"`
	Kernel string `json:"kernel"`  // uname -r
	BootID string `json:"boot_id"` // /proc/sys/kernel/random/boot_id
	UID    int    `json:"uid"`     // of the looking process: 0 sees everything
	// Container is set when the look was taken inside a PID namespace other than
	// the machine's first: holders outside it are invisible (kernel: proc_pid_ns).
	Container bool  `json:"container,omitempty"`
	Cyrus     Cyrus `json:"cyrus"`
}

// Cyrus is what is known of the mail server that is installed or running.
type Cyrus struct {
	Version   string    `json:"version"`    // "3.6.1"; empty: unknown
	Lock      string    `json:"lock"`       // "fcntl" or "flock", by what the binaries import; empty: unknown
	Conf      string    `json:"conf"`       // imapd.conf in use; empty: none found
	ConfigDir string    `json:"config_dir"` // configdirectory
	ProcDir   string    `json:"proc_dir"`   // proc_path
	LockDir   string    `json:"lock_dir"`   // mboxname_lockpath
	Master    int       `json:"master"`     // pid of the running master; 0: none
	Services  []Service `json:"services,omitempty"`
}

// A Service is one entry of cyrus.conf.
type Service struct {
	Name     string `json:"name"`
	MaxChild int    `json:"max_child,omitempty"` // 0: unlimited or unknown
	Running  int    `json:"running"`             // processes seen of it
}

// A Focus narrows a look to one user's seen file, or to one file.
type Focus struct {
	User  string     `json:"user,omitempty"`
	File  string     `json:"file,omitempty"`
	Paths []SeenPath `json:"paths"`
}

// A SeenPath is a path that the focus stands for, and how that is known.
type SeenPath struct {
	Path string `json:"path"`
	How  string `json:"how"` // "asked for", "observed: imapd 24870 has it open", "from imapd.conf: configdirectory + user/j/jwade.seen"
}

// A Gap is something that could not be read.
type Gap struct {
	PID  int    `json:"pid,omitempty"` // 0: the machine as a whole
	What string `json:"what"`          // "stack", "descriptors", "lock table" …
	Why  string `json:"why"`           // and what would be needed: "permission denied: run as root"
}

// A Reading is one kind of thing that was read, and how often: one for every
// system call that names a file or another process.
type Reading struct {
	// How is "read" for a file, "list" for a folder, "link" for where a link leads,
	// "stat" for what a file is, "open" for a folder that names are found below,
	// "call" for a system call that names no file, and "stop" where reading stopped
	// a thread for a moment, which no look does.
	How string `json:"how"`
	// What is a path, with PID, TID and * for the numbers of processes, threads and
	// descriptors: "/proc/PID/fdinfo/*"; of a mapped program or library it is the
	// file's own; of a call its name: "process_vm_readv(2)".
	What   string `json:"what"`
	Count  int    `json:"count"`
	Failed int    `json:"failed,omitempty"` // of these: it was gone, or refused
}

// Process finds the process with this pid.
func (s *Snapshot) Process(pid int) *Process {
	for i := range s.Processes {
		if s.Processes[i].PID == pid {
			return &s.Processes[i]
		}
	}
	return nil
}

// A Query says what a look is for.
type Query struct {
	User string // a Cyrus userid: its seen file, wherever that is
	File string // a path, never opened: compared with what processes have open
	// Openers asks for every process that has the focus open, not only those
	// that hold or want a lock on it. It costs a scan of all descriptors.
	Openers bool
}

// LockTable is the What of the gap that leaves a look blind: /proc/locks itself.
const LockTable = "lock table"
