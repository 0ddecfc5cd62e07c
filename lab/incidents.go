package lab

// incidents is the list with what brings each about. A story tells what people
// notice; the cause is for the learner to find, and stands at the function.
//
// To add one: a script that ends when the kernel shows the state (never after a
// time), an entry here, and a look at its cause in the test of the same name.
// What it needs of the mail server is written in C as a mail server would have
// it, with the mistake where a mail server could have made it.
func incidents() []incident {
	return []incident{
		{Incident{
			Name: Seed, Class: "stalled-client",
			Title: "Nobody can open jwade's mail, and deliveries stop",
			Story: "Several imapds hang for one user, jwade, and every new session of this user joins them. " +
				"A little later incoming mail stops too: the lmtpds wait for one of jwade's mailboxes. " +
				"Restarting the mail program does not help.",
		}, playSeed},
		{Incident{
			Name: "stalled-client", Class: "stalled-client",
			Title: "One client went away without saying so",
			Story: "jwade put a laptop to sleep while mail was arriving on it. " +
				"Now jwade's telephone cannot copy messages any more.",
		}, playStalledClient},
		{Incident{
			Name: "idle-holder", Class: "idle-holder",
			Title: "A session that does nothing blocks the others",
			Story: "jwade has a mail program open in the office and is not using it. " +
				"At home, copying a message never ends. " +
				"The office session looks perfectly idle.",
		}, playIdleHolder},
		{Incident{
			Name: "forgotten-lock", Class: "idle-holder",
			Title: "Nobody is logged in any more, and still it hangs",
			Story: "A session of jwade's ended minutes ago. " +
				"Since then copying messages hangs for this user, though the process list shows nobody who could be in the way.",
		}, playForgottenLock},
		{Incident{
			Name: "self-deadlock", Class: "self-deadlock",
			Title: "An imapd that waits for itself",
			Story: "Copying a message out of an old folder hung at once, for the only user who was logged in. " +
				"Everything that came after it hangs too, deliveries included. " +
				"There is no other process that could hold the lock.",
		}, playSelfDeadlock},
		{Incident{
			Name: "cycle-of-two", Class: "cycle",
			Title: "Two sessions of one user lock each other out",
			Story: "jwade set a flag on one machine and copied a message on another at the same moment. " +
				"Both hang, and neither has a slow client or a slow disk.",
		}, playCycleOfTwo},
		{Incident{
			Name: "cycle-of-three", Class: "cycle",
			Title: "Three sessions in a ring",
			Story: "A flag, a copy and a rename came together. " +
				"All three sessions hang, each of them waiting for a different file or a different process.",
		}, playCycleOfThree},
		{Incident{
			Name: "stopped-holder", Class: "stopped-holder",
			Title: "A process that somebody stopped",
			Story: "Somebody looked at a busy imapd last night, with kill -STOP, and went home. " +
				"Since then one user's mail is stuck.",
		}, playStoppedHolder},
		{Incident{
			Name: "traced-holder", Class: "stopped-holder",
			Title: "A debugger that was left behind",
			Story: "Yesterday's investigation ended with a dropped SSH connection. " +
				"Its debugger may still be there, and since then one user's mail is stuck.",
		}, playTracedHolder},
		{Incident{
			Name: "orphan-lock", Class: "orphan-lock",
			Title: "The lock's owner is dead",
			Story: "An imapd was killed for lack of memory. " +
				"The lock that it had taken did not go away with it: the lock table names a process that does not exist.",
		}, playOrphanLock},
		{Incident{
			Name: "shared-crowd", Class: "shared-crowd",
			Title: "Many readers and one who wants to write",
			Story: "Three POP sessions of the same user are open, and deliveries to this user hang. " +
				"Ending one of the sessions changes nothing.",
		}, playSharedCrowd},
		{Incident{
			Name: "uninterruptible-holder", Class: "uninterruptible-holder",
			Title: "A process in state D",
			Story: "A check for new mail starts a program that logs somewhere. " +
				"Since the reader of that log is gone, the imapd sleeps in state D, and others of the same user hang behind it.",
		}, playUninterruptible},
		{Incident{
			Name: "signal-reentry", Class: "signal-reentry",
			Title: "An alarm at the wrong moment",
			Story: "A session in IDLE hung by itself, with a client that is alive and a disk that is fast. " +
				"It happens every few weeks, and only on busy servers.",
		}, playSignalReentry},
		{Incident{
			Name: "stale-inode", Class: "stale-inode",
			Title: "They fight over a file that is no longer there",
			Story: "Somebody restored jwade's seen file from a backup while sessions were open. " +
				"New sessions work, the old ones hang for ever, and the file that can be seen is locked by nobody.",
		}, playStaleInode},
		{Incident{
			Name: "outside-holder", Class: "outside-holder",
			Title: "It is not the mail server at all",
			Story: "Every night at three, one user's mail hangs until somebody cancels the backup.",
		}, playOutsideHolder},
		{Incident{
			Name: "foreign-holder", Class: "foreign-holder",
			Title: "The holder is on the other side of a wall",
			Story: "The mail server runs in a container, the backup outside. " +
				"From inside, imapds and lmtpds hang for a lock that nobody seems to hold. " +
				"Needs root.",
		}, playForeignHolder},
		{Incident{
			Name: "working-holder", Class: "working-holder",
			Title: "Slow, but not hung",
			Story: "A search through a large mailbox has been running for a while. " +
				"Other sessions of the same user wait for it, and it does get on.",
		}, playWorkingHolder},
		{Incident{
			Name: "slow", Class: "slow",
			Title: "A busy user",
			Story: "Four sessions of one user search all the time, each for a moment. " +
				"Every one of them waits now and then, and none for long.",
		}, playSlow},
		{Incident{
			Name: "healthy", Class: "healthy",
			Title: "Nothing is wrong",
			Story: "Two sessions are open, other workers are idle. " +
				"A good tool says so, and does not take workers at rest for victims.",
		}, playHealthy},
	}
}
