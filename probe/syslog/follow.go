package syslog

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"

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
		if f.to.Maybe != nil && !f.to.Maybe(text) {
			return
		}
		l := Parse(text)
		f.to.Line(t.keep.keep(l, l.Time(t.changed)))
	}
}

// round looks for the file and reads one piece of the oldest that has something new.
func (f *follower) round() answer {
	f.notes = f.notes[:0]
	a := answer{}
	if ended := f.look(); ended != nil {
		a.ended = append(a.ended, ended...)
	}
	for i := 0; i < len(f.old); i++ {
		t := f.old[i]
		if f.read(t, &a) {
			break
		}
		if time.Since(t.quiet) > drain {
			f.close(i, &a)
			i--
		}
	}
	if a.piece == nil && f.now != nil {
		f.read(f.now, &a)
	}
	a.notes = f.notes
	return a
}

// read reads a piece of t, if something is there.
func (f *follower) read(t *tail, a *answer) bool {
	piece, emptied, err := t.read(f.buf)
	if err != nil && !t.failed {
		f.note(Note{What: Unreadable, Err: err})
	}
	if t.failed = err != nil; t.failed {
		return false
	}
	if emptied {
		f.note(Note{What: Truncated, Lost: -1})
		a.ended = append(a.ended, t)
	}
	if len(piece) == 0 {
		return false
	}
	t.quiet = time.Now()
	a.from, a.piece, a.more = t, piece, true
	return true
}

func (f *follower) note(n Note) {
	n.Source = f.path
	f.notes = append(f.notes, n)
}

// close ends the reading of a replaced file.
func (f *follower) close(i int, a *answer) {
	t := f.old[i]
	t.f.Close()
	a.ended = append(a.ended, t)
	f.old = append(f.old[:i], f.old[i+1:]...)
}

// look opens the file of that name if it is another one than before. It returns the
// replaced files that had to be given up for it.
func (f *follower) look() (ended []*tail) {
	var st unix.Stat_t
	err := unix.Stat(f.path, &st)
	if err == nil && f.now != nil && idOf(&st) == f.now.id {
		f.well()
		return nil
	}
	var t *tail
	if err == nil {
		t, err = f.open(idOf(&st))
	}
	if err != nil {
		f.bad(err)
		return nil
	}
	if f.now != nil {
		f.now.quiet = time.Now()
		f.old = append(f.old, f.now)
		f.note(Note{What: Rotated})
	}
	f.begin(t)
	f.now = t
	f.well()
	for len(f.old) > maxOld {
		first := f.old[0]
		if lost := first.size - first.offset; lost > 0 {
			f.note(Note{What: Dropped, Lost: lost})
		}
		a := answer{}
		f.close(0, &a)
		ended = append(ended, a.ended...)
	}
	return ended
}

// open opens the file, or takes back one that has its name again.
func (f *follower) open(want id) (*tail, error) {
	for i, t := range f.old {
		if t.id == want { // it is open: nobody else can have its number
			f.old = append(f.old[:i], f.old[i+1:]...)
			return t, nil
		}
	}
	return openTail(f.path)
}

// begin goes to where the reading is to begin, once. t may be nil: there is no file,
// and what comes to its name later is read from its beginning.
func (f *follower) begin(t *tail) {
	if f.began {
		return
	}
	f.began = true
	at := f.from.After
	switch {
	case at != nil && t != nil && (id{at.Dev, at.Ino}) == t.id:
		t.offset = min(at.Offset, t.size)
	case at != nil:
		if before := f.renamed(*at); before != nil {
			f.old = append(f.old, before)
		} else {
			f.note(Note{What: Rotated, Lost: -1})
		}
	case t != nil && !f.from.Start:
		if err := t.toEnd(); err != nil {
			f.note(Note{What: Unreadable, Err: err})
		}
	}
}

// renamed finds the file of a position by another name.
func (f *follower) renamed(at Position) *tail {
	names, _ := rotated(f.path)
	for _, name := range names {
		t, err := openTail(name)
		if err != nil {
			continue
		}
		if t.id == (id{at.Dev, at.Ino}) {
			t.offset, t.keep.source = min(at.Offset, t.size), f.path
			return t
		}
		t.f.Close()
	}
	return nil
}

// bad tells why the file cannot be opened, once. One that is open is still read: its
// daemon may write to it under no name.
func (f *follower) bad(err error) {
	n := Note{What: Unreadable, Err: err}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		n = Note{What: Missing}
		f.begin(nil)
	case errors.Is(err, fs.ErrPermission):
		n.What = Denied
	}
	if f.trouble != n.What {
		f.note(n)
	}
	f.trouble = n.What
}

func (f *follower) well() {
	if f.trouble != Opened {
		f.note(Note{What: Opened})
	}
	f.trouble = Opened
}
