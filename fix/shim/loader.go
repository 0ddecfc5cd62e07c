package shim

import (
	"path/filepath"
	"strings"

	"cyrlock/fix"
)

// header is for whoever finds a file of ours.
func header(what string) string {
	return mark + " " + what + "\n# 'cyrlock fix shim verify' tells whether it works, 'cyrlock fix shim remove' takes it out.\n"
}

// dropIn is the file by which systemd gives a service more settings
// (systemd.unit(5)).
func (p Place) dropIn(unit string) string {
	return filepath.Join(p.Systemd, unit+".d", dropInName)
}

// dropInText: each variable on a line of its own, quoted; a later Environment of
// the same name would take its place (systemd.exec(5)).
func dropInText(env []string) string {
	var b strings.Builder
	b.WriteString(header("a time limit on waits for locks of Cyrus."))
	b.WriteString("[Service]\n")
	quote := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "%", "%%")
	for _, v := range env {
		b.WriteString(`Environment="` + quote.Replace(v) + "\"\n")
	}
	return b.String()
}

// reload has systemd read its units again; it restarts nothing.
func (p Place) reload() fix.Change {
	command := []string{p.Systemctl, "daemon-reload"}
	return fix.Change{Text: "have systemd read its files again; nothing is restarted", Run: &fix.Run{Command: command, Undo: command}}
}

// script is the file that a start script reads where systemd does not run.
func (p Place) script() string { return filepath.Join(p.Dir, scriptName) }

// scriptText is for any Bourne shell. It does nothing when the library is gone: the
// loader would complain to the client of a worker that starts a program.
func scriptText(library string, env []string) string {
	var b strings.Builder
	b.WriteString(header("a time limit on waits for locks of Cyrus, for its start script."))
	b.WriteString("if [ -r " + library + " ]; then\n")
	var names []string
	for _, v := range env {
		name, value, _ := strings.Cut(v, "=")
		b.WriteString("\t" + name + "='" + strings.ReplaceAll(value, "'", `'\''`) + "'\n")
		names = append(names, name)
	}
	b.WriteString("\texport " + strings.Join(names, " ") + "\nfi\n")
	return b.String()
}

// StartLine is the line for the start script, above the one that starts the master.
// It does no harm when nothing is installed.
func (p Place) StartLine() string {
	return "if [ -r " + p.script() + " ]; then . " + p.script() + "; fi"
}

// startLines say what remains to be done so that the library is loaded.
func (p Place) startLines(unit string) []string {
	if unit != "" {
		return []string{"To have it loaded, restart Cyrus when it suits: systemctl restart " + unit + ". That ends every session."}
	}
	return []string{
		"systemd did not start this Cyrus. Put this line into its start script, above the one that starts the master: " + p.StartLine(),
		"Then restart Cyrus when it suits. That ends every session.",
	}
}
