package syslog

import (
	"errors"
	"io/fs"
	"time"

	"golang.org/x/sys/unix"
)

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
	a.from, a.piece = t, piece
	a.more = t != f.now || len(piece) > len(f.buf)/2 // else that was all
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
		f.well(false)
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
	late := f.trouble != "" && !f.began // what came in the meantime is not known
	f.begin(t)
	f.now = t
	f.well(late)
	for len(f.old) > maxOld {
		first := f.old[0]
		if lost := first.unread(); lost > 0 {
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

func (f *follower) well(late bool) {
	n := Note{What: Opened}
	if late {
		n.Lost = -1
	}
	if f.trouble != Opened {
		f.note(n)
	}
	f.trouble = Opened
}
