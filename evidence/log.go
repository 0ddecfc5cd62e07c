package evidence

import "time"

// A LogLine is one line of a mail server's log. Its strings are what a stranger wrote:
// bounded, but not cleaned ([Clean]).
type LogLine struct {
	Time     time.Time   `json:"time,omitzero"` // zero: the line tells none
	Host     string      `json:"host,omitempty"`
	Ident    string      `json:"ident,omitempty"`    // "cyrus/imap"
	PID      int         `json:"pid,omitempty"`      // who logged it; 0: the line tells none
	Text     string      `json:"text"`               // without what is above
	Repeated int         `json:"repeated,omitempty"` // the log daemon says that it came so often; 0: once
	Source   string      `json:"source"`             // path of the file, or "journal"
	Message  *LogMessage `json:"message,omitempty"`
}

// About is the pid of whom the line speaks: of who logged it, or of the child whose end
// master tells. 0: the line tells none.
func (l LogLine) About() int {
	if l.Message != nil && (l.Message.Kind == LogDied || l.PID == 0) {
		return l.Message.PID
	}
	return l.PID
}

// A LogMessage is what a line says about a lock or about the end of a process.
type LogMessage struct {
	Kind LogKind `json:"kind"`
	// PID is that of the text: of master's child, or once more of who logged it.
	PID     int     `json:"pid,omitempty"`
	File    string  `json:"file,omitempty"`     // as it was logged; empty: it does not tell
	Mailbox string  `json:"mailbox,omitempty"`  // where a mailbox is named instead
	Sleep   float64 `json:"sleep_s,omitempty"`  // until the next try
	Waited  float64 `json:"waited_s,omitempty"` // for the lock; of [LogLong]: that it was held
	Bound   float64 `json:"bound_s,omitempty"`  // when the wait is given up, from its beginning; seconds
	Attempt int     `json:"attempt,omitempty"`  // tries made, from 1
	Of      int     `json:"of,omitempty"`       // tries of a wait that is given up
	Detail  string  `json:"detail,omitempty"`   // an errno's text, a signal, what the line adds
	Service string  `json:"service,omitempty"`  // of master's child: "imap"
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
