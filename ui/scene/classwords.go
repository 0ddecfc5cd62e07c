package scene

import "cyrlock/diagnose"

// Meaning explains a class to somebody who meets it for the first time.
func Meaning(c diagnose.Class) string {
	switch c {
	case diagnose.StalledClient:
		return "the holder writes to a client that no longer reads. The kernel keeps it in that call until the client reads on or the connection goes, and the lock stays with it."
	case diagnose.IdleHolder:
		return "the holder sleeps with the lock: it waits for its client to say something, or for its next connection. Until that comes, and at times even then, it does not let go."
	case diagnose.SelfDeadlock:
		return "the process has the file open twice, and through one open wants what it holds through the other. The kernel takes that for two strangers, so it waits for itself for ever."
	case diagnose.Cycle:
		return "each holds what the next one wants, so none can go on until one of them ends. The kernel notices that only among POSIX locks."
	case diagnose.StoppedHolder:
		return "the holder is stopped, by a signal or by a debugger. What is stopped runs no code, so it cannot let go of its lock until somebody lets it run on."
	case diagnose.OrphanLock:
		return "a flock belongs to the open file, not to the process that took it. That process is gone; a child that inherited the open file keeps the lock without knowing of it."
	case diagnose.SharedCrowd:
		return "several readers share the lock, and who wants to write must wait until all of them have let go. Ending one of them frees nobody."
	case diagnose.UninterruptibleHolder:
		return "the holder sleeps in the kernel (state D), for a disk, a file server or a child. No signal reaches it there until that answers; KILL may."
	case diagnose.SignalReentry:
		return "a signal came while the holder was allocating memory, and its handler allocates too. It waits for a lock of its own that it cannot let go of any more."
	case diagnose.StaleInode:
		return "the file was deleted or replaced while it was locked. Those that still have the old one open fight over a file without a name; new sessions use the new one."
	case diagnose.OutsideHolder:
		return "the holder is no part of the mail server: a backup, an editor, a script. It locked a file of the mail server's, and the mail server waits for it as for its own."
	case diagnose.ForeignHolder:
		return "no process that can be seen from here holds the lock. Somebody in another container or on another host does, and must be looked for there."
	case diagnose.LostWakeup:
		return "nobody holds the lock, and the waiter sleeps on. The kernel may have failed to wake it; that is rare, so believe every other cause first."
	case diagnose.WorkingHolder:
		return "the holder runs: slow, not hung. Those behind it get the lock when its work is done."
	}
	return ""
}

// VerdictMeaning explains the one word to somebody who meets it for the first time.
func (s *Scene) VerdictMeaning() string {
	switch s.Report.Verdict {
	case diagnose.Healthy:
		return "no process waits for a file lock that another one holds. Locks come and go within milliseconds; a worker that queues for its next connection is at rest, not stuck."
	case diagnose.Slow:
		return "somebody waits, but not for longer than " + s.Limit.String() + ", or behind a holder that makes progress."
	case diagnose.Hung:
		return "somebody has waited for longer than " + s.Limit.String() + ", or will wait for ever."
	}
	return "too little could be seen to say whether somebody hangs. No news is not good news here."
}
