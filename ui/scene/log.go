package scene

import (
	"context"
	"time"

	"cyrlock/diagnose"
	"cyrlock/evidence"
)

// A Log is where the mail server logs. Its methods are called from other goroutines
// than the screen's.
type Log interface {
	// Follow puts what is logged into a box, until ctx ends; first what the last
	// minutes brought. It returns why it ended, or why there is nothing to follow: a
	// sentence that says what to do about that.
	Follow(ctx context.Context, to *LogBox) error
	// History is the waits of the last days, as far as they could be read beside an
	// error.
	History(ctx context.Context) (diagnose.Record, error)
}

// A LogTester is a [Log] that can also test whether messages arrive.
type LogTester interface {
	// Test sends a line of each level, as Cyrus would the messages of the timed lock,
	// and looks for them in the logs. The error is that none could be sent.
	Test(ctx context.Context) (LogTest, error)
}

// Bounds of what a [Log] is asked: some million lines, and a line that is looked for.
const (
	HistoryLimit = 30 * time.Second
	TestLimit    = 20 * time.Second
)

// TestSays is what a person has to know before a test; without a full stop.
const TestSays = "Three lines are sent to the log of this machine, one each of debug, notice and error, as Cyrus would send them, and looked for in the logs. They stay there; they say that this is a test"

// A LogTest is what became of a line that was sent.
type LogTest struct {
	Good     bool     // such a message would be seen
	Sentence string   // what became of it
	Lines    []string // how that is known, and exactly what to change; each a sentence, a line to type, or empty
}

// A LogNote is what happened to a log, other than a line.
type LogNote struct {
	At      time.Time
	Source  string // path of the file, or "journal"
	Text    string // a sentence about it
	Trouble bool   // it is not read, until another note says otherwise
	Loss    bool   // lines of it are missing
}

// LogState is what is known of the following, for the row that keeps silence from
// being taken for health.
type LogState struct {
	Wanted  bool      // somebody follows, or has tried to
	Since   time.Time // of the following
	Heard   int       // lines, of whatever kind
	About   int       // of these, messages about locks
	Before  int       // messages about locks that were there already
	Last    time.Time // when the last line came
	Told    time.Time // of the last message about locks
	Sources []LogNote // the last of each source, in the order of their names
	Waits   LogWaits  // that go on
	Err     error     // why nothing is followed (any more)
}

// Read are the sources that are being read.
func (l *LogState) Read() (out []string) {
	for _, n := range l.Sources {
		if !n.Trouble {
			out = append(out, n.Source)
		}
	}
	return out
}

// Trouble is the first source that is not read; nil: there is none.
func (l *LogState) Trouble() *LogNote {
	for i, n := range l.Sources {
		if n.Trouble {
			return &l.Sources[i]
		}
	}
	return nil
}

// mostLogText bounds what is kept of a line, in bytes.
const mostLogText = 1024

// kept is a line in bounded room.
func kept(l evidence.LogLine) evidence.LogLine {
	cut := func(s *string, most int) {
		if len(*s) > most {
			*s = string([]byte((*s)[:most])) // the rest is let go
		}
	}
	cut(&l.Text, mostLogText)
	cut(&l.Host, 256)
	cut(&l.Ident, 256)
	if m := l.Message; m != nil {
		m := *m
		cut(&m.File, mostLogText)
		cut(&m.Mailbox, mostLogText)
		cut(&m.Detail, mostLogText)
		l.Message = &m
	}
	return l
}
