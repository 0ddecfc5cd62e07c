package shim

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"cyrlock/evidence"
	"cyrlock/fix"
)

// Install plans what to write so that the server loads the library from its next
// start on. unit is the service of systemd that starts it; "" is the one that did,
// and where none did, a script comes in its place.
func (p Place) Install(l Library, s Server, unit string, o Options) (fix.Plan, error) {
	programs := append(slices.Clone(o.Programs), s.Programs...)
	err := errors.Join(o.check(s.Dirs...), o.spares(s.Mailboxes), checkList("--programs", programs))
	if err == nil {
		err = p.refusal(s, unit)
	}
	if err != nil {
		return fix.Plan{}, err
	}
	guessed := unit == "" && p.Systemd != "" && s.Unit != ""
	if guessed {
		unit = s.Unit
	}
	in, err := p.Look()
	if err == nil {
		err = in.other(l, o.Replace)
	}
	if err != nil {
		return fix.Plan{}, err
	}

	library := filepath.Join(p.Dir, l.Name())
	env := o.environment(library, s.Preload, programs, s.Facility)
	loader, text := p.script(), scriptText(library, env)
	if unit != "" {
		loader, text = p.dropIn(unit), dropInText(env)
	}
	var plan fix.Plan
	err = errors.Join(
		write(&plan, "the library", library, l.Body, 0o755),
		write(&plan, "the file that has it loaded", loader, []byte(text), 0o644))
	if err != nil {
		return fix.Plan{}, err
	}
	plan.Kind, plan.Title, plan.Risk = "shim", "install the timed lock without a rebuild", "some"
	plan.Why = "Cyrus itself waits for a lock without end, and cannot be told otherwise."
	if len(plan.Changes) == 0 {
		plan.What = "It is installed like this already; cyrlock fix shim verify tells which processes have it."
		return plan, nil
	}
	if unit != "" {
		plan.Changes = append(plan.Changes, p.reload())
	}
	plan.What = fmt.Sprintf("From its next start on, Cyrus gives up a wait for the lock on a file like %s after %d s. Until then nothing changes.",
		strings.Join(o.paths(), " or "), o.Schedule.Bound())
	start := p.startLines(unit)
	if guessed && !strings.Contains(unit, "cyrus") { // started by hand or by cron it would be in the service of those
		start = append(start, "The master runs in "+unit+", which is taken for the service that starts it. If another one does, name that: --unit.")
	}
	plan.Warnings = o.warnings(s, start)
	return plan, nil
}

// refusal says why the library cannot be installed here.
func (p Place) refusal(s Server, unit string) error {
	switch {
	case unit != "" && !unitName.MatchString(unit):
		return fmt.Errorf("--unit %q: a service of systemd is called like cyrus-imapd.service", unit)
	case unit != "" && p.Systemd == "":
		return fmt.Errorf("--unit %s: systemd does not run here: leave it out, and the lines for the start script are shown", unit)
	case s.Elsewhere:
		return fmt.Errorf("the master, %d, runs in a container or below another root, where it would not see the library: install it from inside, or put it into the image", s.Master)
	case s.Narrow:
		// Its loader would complain on standard error, which is the client's connection.
		return fmt.Errorf("the master, %d, is a program of 32 bits, and the library is one of 64: use cyrlock fix source there", s.Master)
	case unit == "" && p.Systemd != "" && s.Master == 0:
		return errors.New("no Cyrus is running, so it is not known which service starts it: name it, as in --unit cyrus-imapd.service, or start it first")
	}
	for _, dir := range []string{p.Dir, p.Systemd} {
		if dir == "" {
			continue
		}
		if err := trusted(dir); err != nil {
			return err
		}
	}
	return nil
}

// other refuses to replace a library that was made from other source, unless that
// is asked for, and one that is not what its name says.
func (in Installed) other(l Library, replace bool) error {
	for _, loader := range in.Loaders {
		if loader.Library == "" || replace {
			continue
		}
		body, err := os.ReadFile(loader.Library)
		if errors.Is(err, os.ErrNotExist) {
			continue // it is written again
		}
		old, bad := Read(body)
		switch {
		case err != nil:
			return err
		case bad != nil:
			return fmt.Errorf("%s is loaded by %s and is %w: look what it is; --replace has another one loaded in its place", loader.Library, loader.Path, bad)
		case old.Name() != filepath.Base(loader.Library):
			return fmt.Errorf("%s was changed or damaged: its contents are not those that its name stands for; --replace has a good one loaded in its place", loader.Library)
		case old.Source != l.Source:
			return fmt.Errorf("the library of another version is installed (%s, this one is %s): %s has it loaded; --replace has this one loaded in its place", old.Source, l.Source, loader.Path)
		}
	}
	return nil
}

// warnings are what whoever installs it must know.
func (o Options) warnings(s Server, start []string) []string {
	w := append([]string{}, start...)
	w = append(w,
		"A time-out loses what waited: messages that were read just then show as unread again. A session that could not read its seen file shows all as unread, and what it marks as read is not kept until it connects anew.",
		"Programs with more rights than their user (setuid, setgid, file capabilities, a change of SELinux domain) ignore LD_PRELOAD, and static ones have no loader: verify finds them.")
	if len(s.Pids) > 0 {
		w = append(w, evidence.Plural(len(s.Pids), "process of Cyrus runs without it until it is started again.", "processes of Cyrus run without it until they are started again."))
	}
	if len(s.Preload) > 0 {
		w = append(w, "Cyrus is told to load other libraries too, and goes on doing so: "+strings.Join(s.Preload, ", ")+".")
	}
	for _, d := range Dangers() {
		if slices.Contains(o.Accept, d.Word) {
			w = append(w, "Accepted, "+d.Word+": "+d.What)
		}
	}
	if !slices.Equal(o.paths(), SeenFiles()) {
		w = append(w, "Only for seen files is it known what a time-out does to Cyrus: try others where no mail is at stake.")
	}
	return w
}

// write adds to a plan what it takes to make a file have this text: nothing, if it
// has it already.
func write(plan *fix.Plan, what, file string, text []byte, mode os.FileMode) error {
	old, err := contents(file)
	if err != nil || string(old) == string(text) && old != nil {
		return err
	}
	dir, name := split(file)
	c := &fix.File{Dir: dir, Name: name, Old: old, New: text, Mode: mode}
	if !strings.HasPrefix(string(text), "\x7fELF") {
		c.Diff = diff(file, old, text)
	}
	plan.Changes = append(plan.Changes, fix.Change{Text: "write " + file + ", " + what, File: c})
	return nil
}

// contents reads a file; nil: there is none.
func contents(file string) ([]byte, error) {
	if file == forbidden {
		return nil, errors.New(forbidden + " is never touched: it loads a library into every program of the machine")
	}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err == nil && text == nil {
		text = []byte{}
	}
	return text, err
}

// split parts a path into the nearest folder that is there, and the rest.
func split(file string) (dir, name string) {
	for dir = filepath.Dir(file); dir != "/"; dir = filepath.Dir(dir) {
		if info, err := os.Stat(dir); err == nil && info.IsDir() {
			break
		}
	}
	name, _ = filepath.Rel(dir, file)
	return dir, name
}

// diff shows a small file as replaced whole.
func diff(file string, old, text []byte) string {
	var b strings.Builder
	from := file
	if old == nil {
		from = "/dev/null"
	}
	fmt.Fprintf(&b, "--- %s\n+++ %s\n", from, map[bool]string{true: "/dev/null", false: file}[text == nil])
	for _, part := range []struct {
		sign string
		text []byte
	}{{"-", old}, {"+", text}} {
		for line := range strings.Lines(string(part.text)) {
			b.WriteString(part.sign + strings.TrimSuffix(line, "\n") + "\n")
		}
	}
	return b.String()
}
