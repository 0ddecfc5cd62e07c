package scene

import (
	"path"

	"cyrlock/diagnose"
)

// Meaning explains a bucket to somebody who sees such a stack for the first time,
// by the example of one member.
func (s *Scene) Meaning(b *Bucket, m Member) string {
	file := "a file"
	if b.File != nil {
		file = path.Base(s.FileName(b.File))
	}
	switch {
	case len(m.Thread.Frames) == 0:
		return "without its stack, the system call still says what it is at (" + s.Doing(m.Proc, m.Thread) + "), and the lock table what it holds or wants."
	case b.Part.Waits():
		return s.waiting(b, m, file)
	case b.Part == Holder:
		return s.holds(m, file)
	}
	return "it neither holds a lock that others wait for, nor waits for one."
}

func (s *Scene) waiting(b *Bucket, m Member, file string) string {
	where := "the process"
	if has(m, diagnose.RoleLockReopen) {
		where = "the process is inside lock_reopen and"
	}
	held := s.Holds(m.Proc.PID)
	switch {
	case held == nil:
		return where + " asks the kernel for the lock on " + file + ". The kernel has put it to sleep until the holder lets go."
	case b.Part == Circle && held == b.File:
		return where + " asks for the lock on " + file + ", which it holds itself: it waits for itself, and that never ends."
	case b.Part == Circle:
		return where + " asks for the lock on " + file + ", and holds " + path.Base(s.FileName(held)) + ", for which the holder of that waits in the end: a circle, which never ends by itself."
	}
	return where + " asks for the lock on " + file + ", and sleeps. It holds " + path.Base(s.FileName(held)) + " meanwhile: who waits for that, waits behind it."
}

func (s *Scene) holds(m Member, file string) string {
	signal := false
	for i := range m.Thread.Frames {
		signal = signal || m.Thread.Frames[i].Signal
	}
	switch {
	case m.Proc.Tracer != 0, m.Proc.State == "T", m.Thread.State == "T":
		return "it was " + s.Doing(m.Proc, m.Thread) + " and does not go on: so it cannot let go of " + file + "."
	case m.Thread.State == "D":
		return "it sleeps in the kernel, where not even a signal wakes it, and keeps the lock on " + file + " until the disk or the server answers."
	case signal && has(m, diagnose.RoleAllocator):
		return "a signal came while it was in the allocator, and the handler wants the allocator too: it waits for itself, with the lock on " + file + "."
	case has(m, diagnose.RoleAccept):
		return "an idle worker that waits for the next client, and still has the lock on " + file + ", which it forgot to give back."
	case has(m, diagnose.RoleClientWrite):
		return "it keeps the lock on " + file + " while it writes to its client: who waits for the lock, waits for that client."
	case has(m, diagnose.RoleClientRead):
		return "it keeps the lock on " + file + " while it waits for its client to say something."
	case has(m, diagnose.RoleLockCall):
		return "it holds " + file + " and waits for a lock itself: look at who holds that one."
	case m.Thread.TID != m.Proc.PID:
		return "another thread of a process that holds the lock on " + file + "; the innermost function says what it does meanwhile."
	}
	return "it holds the lock on " + file + "; the innermost function says what it does meanwhile."
}

// has tells whether a frame of the stack has a role.
func has(m Member, role string) bool {
	for i := range m.Thread.Frames {
		if m.Thread.Frames[i].Role == role {
			return true
		}
	}
	return false
}
