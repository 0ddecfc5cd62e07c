package stack

import "runtime/debug"

// panicOnFault makes a read of a mapped file that somebody has truncated a
// panic of this goroutine, which [guard] turns into an error; else SIGBUS would
// end the program. The result undoes it.
func panicOnFault() (undo func()) {
	old := debug.SetPanicOnFault(true)
	return func() { debug.SetPanicOnFault(old) }
}
