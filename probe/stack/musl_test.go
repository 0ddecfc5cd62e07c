package stack_test

import (
	"testing"

	"cyrlock/evidence"
	"cyrlock/probe/stack"
)

// chain is how the target gets to its lock, innermost first.
var chain = []string{"wait_here", "lock_reopen", "starttxn_or_refetch", "myfetch", "db_foreach",
	"seen_readit", "seen_lockread", "append_addseen", "append_each", "append_commit",
	"index_copy", "cmd_copy", "cmdloop", "service_main", "main"}

// TestNoUnwindTables: musl has none, and gdb 13 does not get out of its system
// calls ("#1 0x0 in ?? ()"). Ours finds the caller by searching the stack, says
// so, and has every function of the program from there on.
func TestNoUnwindTables(t *testing.T) {
	locks := holdLocks(t)
	for _, flags := range []string{"-O0 -g -static", "-O2 -g -static"} {
		exe := variant{cc: "musl-gcc", flags: flags}.build(t)
		for _, m := range modes[:4] {
			p := start(t, exe, m, locks)
			for _, stop := range []bool{false, true} {
				th := only(t, stack.Options{Stop: stop}, p.pid)
				if guesses(th.Frames) == 0 {
					t.Errorf("%s, %s: no frame is marked as a guess", flags, m.name)
				}
				at := -1
				for _, f := range th.Frames {
					if f.Func == chain[0] {
						at = 0
					}
					if at >= 0 && at < len(chain) {
						if f.Func != chain[at] {
							t.Errorf("%s, %s, stop %v: function %s, want %s in\n%s", flags, m.name, stop, f.Func, chain[at], ourText(th.Frames))
							break
						}
						at++
					}
				}
				if at != len(chain) {
					t.Errorf("%s, %s, stop %v: %d of %d functions: %s", flags, m.name, stop, max(at, 0), len(chain), th.Error)
				}
			}
		}
	}
}

func guesses(frames []evidence.Frame) int {
	n := 0
	for _, f := range frames {
		if f.How == "guess" {
			n++
		}
	}
	return n
}
