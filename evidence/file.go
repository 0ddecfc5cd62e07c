package evidence

// A File is one locked file, known by its device and inode as the kernel shows
// them in /proc; its path is what the kernel says today and is never opened.
//
// fcntl and flock locks do not see each other (flock(2)), so a file locked both
// ways is two Files.
type File struct {
	Path string `json:"path"` // without " (deleted)"; empty: not known
	// Dev is the device of the filesystem as "major:minor" in hex, as
	// /proc/locks prints it: the mount's number, right on btrfs and overlayfs.
	Dev  string `json:"dev"`
	Ino  uint64 `json:"ino"`
	FS   string `json:"fs,omitempty"` // "ext4", "nfs4" … from mountinfo
	Kind string `json:"kind"`         // see package diagnose; set by diagnose.Annotate
	Lock string `json:"lock"`         // "flock", "posix" or "ofd"; empty: asked for, and not locked
	// User and Mailbox say whose file it is, by its name or by the processes that
	// use it; empty: not known. Set by diagnose.Annotate.
	User     string   `json:"user,omitempty"`
	Mailbox  string   `json:"mailbox,omitempty"`
	Deleted  bool     `json:"deleted,omitempty"`  // no name leads to this inode any more
	Replaced bool     `json:"replaced,omitempty"` // the same name was seen with another inode
	Holders  []Holder `json:"holders"`
	Waiters  []Waiter `json:"waiters"`        // in queue order where the kernel shows it
	Open     []Opener `json:"open,omitempty"` // others that have it open; only when asked for
	// HolderSeen counts in how many of Reads readings of the lock table a holder
	// of this file was there: pages of that table are not a snapshot.
	HolderSeen int `json:"holder_seen"`
	Reads      int `json:"reads"`
}

// Lock kinds.
const (
	Flock = "flock" // flock(2): belongs to the open file description
	Posix = "posix" // fcntl F_SETLK(W): belongs to the process
	OFD   = "ofd"   // fcntl F_OFD_SETLK(W): belongs to the description, conflicts with posix
)

// Lock modes.
const (
	Read  = "read"  // shared
	Write = "write" // exclusive
)

// A Holder has a lock.
type Holder struct {
	PID   int    `json:"pid"` // 0: held where this PID namespace does not reach
	FD    int    `json:"fd"`  // -1: not known
	Mode  string `json:"mode"`
	Lock  string `json:"lock"`
	Start uint64 `json:"start,omitempty"` // first byte
	End   uint64 `json:"end,omitempty"`   // last byte; 0: to the end of the file
	// Locker is the pid the kernel recorded when the lock was taken. It differs
	// from PID where the description was inherited, and may be dead by now.
	Locker     int  `json:"locker,omitempty"`
	LockerDead bool `json:"locker_dead,omitempty"`
	// Description is the same number for descriptors that share one open file
	// description (kcmp(2) KCMP_FILE); 0: not compared.
	Description int    `json:"description,omitempty"`
	How         string `json:"how"` // "fdinfo": certain; "lock table": the kernel's table only
}

// A Waiter is a thread that sleeps in a lock call.
type Waiter struct {
	PID   int    `json:"pid"`
	TID   int    `json:"tid"`
	FD    int    `json:"fd"` // -1: not known
	Mode  string `json:"mode"`
	Lock  string `json:"lock"`
	Start uint64 `json:"start,omitempty"`
	End   uint64 `json:"end,omitempty"`
	// SinceS is how long it has waited, in seconds. SinceHow says how that is
	// known: "sched" (/proc/PID/sched se.exec_start on its CPU's clock, to some milliseconds) or
	// "at least" (a lower bound: it was watched for that long) or "resumed" (as "sched",
	// but for a stop by cyrlock itself, after which the kernel counts anew).
	SinceS   float64 `json:"since_s"`
	SinceHow string  `json:"since_how,omitempty"`
	// BlockedBy are the holders whose lock conflicts with what it wants, then
	// Ahead the waiters before it in the queue. Set by diagnose.Annotate.
	BlockedBy []int `json:"blocked_by"`
	Queue     int   `json:"queue,omitempty"` // place in the kernel's queue from 1; 0: not seen in the lock table
	// Depth is how deep it is in the kernel's tree of waiters, from 1: those after it
	// that are deeper queue because of it, not because of the holder (fs/locks.c
	// __locks_insert_block). 0: not seen.
	Depth int `json:"depth,omitempty"`
	// Polls marks a waiter that is not in a lock call but sleeps between tries.
	Polls bool `json:"polls,omitempty"`
}

// An Opener has the file open without a lock on it.
type Opener struct {
	PID     int    `json:"pid"`
	FD      int    `json:"fd"`
	Deleted bool   `json:"deleted,omitempty"` // through a name that is gone
	Ino     uint64 `json:"ino"`
}
