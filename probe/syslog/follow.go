package syslog

import (
	"context"
	"time"

	"cyrlock/probe/limit"
)

const (
	poll    = time.Second      // what inotify does not tell is found within that time
	drain   = 10 * time.Second // a replaced file is read until nothing has come for so long
	maxOld  = 16               // replaced files that are read at the same time
	atATime = 64 << 10         // bytes of one read
)

// A From is where to begin. The zero value is the end: only what is written from now
// on, with the line that is being written.
type From struct {
	Start bool      // what is in the file already, too
	After *Position // where History ended; what was rotated since is read first
}

// Follow gives what is written to the log of that name, until ctx ends. The file need
// not be there yet. It is found again after it was renamed, replaced, emptied in place,
// or could not be read for a while; one that was replaced is read on until nobody
// writes to it any more.
//
// The error is why ctx ended.
func Follow(ctx context.Context, path string, from From, to Sink) error {
	f := &follower{path: path, from: from, buf: make([]byte, atATime), to: to}
	ask, answers := make(chan struct{}), make(chan answer, 1)
	defer close(ask)
	go f.reader(ask, answers)

	kick := watch(ctx, path)
	ticker := time.NewTicker(poll)
	defer ticker.Stop()
	for {
		for more := true; more; {
			ask <- struct{}{}
			a, err := f.wait(ctx, answers)
			if err != nil {
				return err
			}
			f.deliver(a)
			more = a.more
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-kick:
		case <-ticker.C:
		}
	}
}

// A follower is one Follow. The files are its reader's, what is read its taker's; the
// reader works only while the taker waits for it.
type follower struct {
	path string
	from From
	buf  []byte

	now     *tail   // the file of that name
	old     []*tail // that had it, the oldest first
	began   bool
	trouble What // that was told last
	notes   []Note

	to Sink
}

// An answer is what one round of reading found.
type answer struct {
	notes []Note
	from  *tail
	piece []byte
	ended []*tail // whose last line may have no end
	more  bool
}

// reader does all that a file server may hang. If it does, this goroutine stays
// behind, with its files, until the server answers.
func (f *follower) reader(ask <-chan struct{}, answers chan<- answer) {
	for range ask {
		answers <- f.round()
	}
	for _, t := range f.old {
		t.f.Close()
	}
	if f.now != nil {
		f.now.f.Close()
	}
}

// wait waits for an answer, and says so when it is long in coming.
func (f *follower) wait(ctx context.Context, answers <-chan answer) (answer, error) {
	timer := time.NewTimer(patience)
	defer timer.Stop()
	late := false
	for {
		select {
		case a := <-answers:
			if late {
				f.to.note(Note{Source: f.path, What: Opened})
			}
			return a, nil
		case <-timer.C:
			late = true
			f.to.note(Note{Source: f.path, What: Unreachable, Err: limit.ErrTime})
		case <-ctx.Done():
			return answer{}, context.Cause(ctx)
		}
	}
}

func (f *follower) deliver(a answer) {
	for _, n := range a.notes {
		f.to.note(n)
	}
	for _, t := range a.ended {
		t.lines.rest(f.taker(t))
	}
	if a.from != nil {
		a.from.lines.feed(a.piece, f.taker(a.from))
	}
}

func (f *follower) taker(t *tail) func([]byte, int64) {
	return func(text []byte, cut int64) {
		if cut > 0 {
			f.to.note(Note{Source: f.path, What: Cut, Lost: cut})
		}
		t.keep.take(text, t.changed, f.to)
	}
}
