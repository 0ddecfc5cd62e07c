package evidence

import "time"

// A LogLine is one line of a mail server's log. Its strings are what a stranger wrote:
// bounded, but not cleaned ([Clean]).
type LogLine struct {
	Time    time.Time   `json:"time,omitzero"` // zero: the line tells none
	Host    string      `json:"host,omitempty"`
	Ident   string      `json:"ident,omitempty"` // "cyrus/imap"
	PID     int         `json:"pid,omitempty"`   // who logged it; 0: the line tells none
	Text    string      `json:"text"`            // without what is above
	Source  string      `json:"source"`          // path of the file, or "journal"
	Message *LogMessage `json:"message,omitempty"`
}

// A LogMessage is what a line says about a lock or about the end of a process.
type LogMessage struct {
	Kind    LogKind `json:"kind"`
	PID     int     `json:"pid,omitempty"`  // of whom it speaks, if that is not who logged it
	File    string  `json:"file,omitempty"` // as it was logged; empty: it does not tell
	Sleep   float64 `json:"sleep_s,omitempty"`
	Waited  float64 `json:"waited_s,omitempty"`
	Bound   float64 `json:"bound_s,omitempty"` // when the wait is given up, from its beginning; seconds
	Attempt int     `json:"attempt,omitempty"` // from 1
	Of      int     `json:"of,omitempty"`
	Detail  string  `json:"detail,omitempty"` // an errno's text, a signal, what the line adds
}

// A LogKind is what sort of message it is.
type LogKind string

const (
	LogSleeping  LogKind = "sleeping"   // lock_reopen-blocked: sleeping, of John Wade's patch and of the timed lock
	LogGaveUp    LogKind = "gave-up"    // the timed lock's last
	LogGot       LogKind = "got"        // the lock, after a wait
	LogRefused   LogKind = "refused"    // the shim: no lock for a session that could not read
	LogLockError LogKind = "lock-error" // IOERROR: locking …, lock_reopen failed
	LogTimer     LogKind = "locktimer"  // Cyrus's lock_debugtime: got it after that long
	LogLong      LogKind = "longlock"   // Cyrus: held for that long
	LogDied      LogKind = "died"       // master: a child was ended by a signal
)
