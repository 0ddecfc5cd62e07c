package scene

// NextTime is what to do before the next hang, where nothing hangs now.
func (s *Scene) NextTime() []string {
	var out []string
	if s.Report.Host.UID != 0 {
		out = append(out, "run cyrlock as root: an ordinary user sees the lock table, and little of who holds a lock.")
	}
	return append(out,
		"let the monitoring call cyrlock check: it ends with 2 when somebody hangs, and its first line says who holds.",
		"look before you end anything: cyrlock check --json >hang.json keeps all that was seen.",
		"end the one that holds, not those that wait: ending a waiter frees at most those behind it, and a restart of the server ends every session.",
		"attach no gdb and no strace to one that waits: it loses its place in the queue, and its time of waiting starts anew.",
		"delete no lock file and no .seen file: those that have it open then fight over a file without a name.")
}
