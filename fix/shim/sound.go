package shim

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"cyrlock/evidence"
	"cyrlock/fix/timedlock"
)

// Sound says what is wrong with what is installed in a place, and with how the
// processes that were looked at agree with it; nothing if all is well.
func (p Place) Sound(checks []Check) []string {
	in, err := p.Look()
	var wrong []string
	if err != nil {
		wrong = append(wrong, err.Error())
	}
	for _, l := range in.Loaders {
		body, err := os.ReadFile(l.Library)
		switch {
		case l.Library == "":
			wrong = append(wrong, l.Path+" loads no library of cyrlock")
		case err != nil:
			wrong = append(wrong, fmt.Sprintf("%s has a library loaded that cannot be read: %v", l.Path, err))
		case (Library{Body: body}).Name() != path.Base(l.Library):
			wrong = append(wrong, l.Library+" was changed or damaged: its contents are not those that its name stands for")
		}
		if err := trusted(filepath.Dir(l.Library)); l.Library != "" && err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	wrong = append(wrong, in.stale(checks)...)
	if text, err := os.ReadFile(forbidden); err == nil && libraryIn(string(text)) != "" {
		wrong = append(wrong, forbidden+" names a library of cyrlock, so that it is loaded into every program of this machine: cyrlock did not write that and does not change it")
	}
	return wrong
}

// stale finds processes that were started before what is installed was changed: they
// keep the limit that they were told then.
func (in Installed) stale(checks []Check) []string {
	var told []string
	for _, l := range in.Loaders {
		told = append(told, l.told())
	}
	var pids []int
	old := ""
	for _, c := range checks {
		if (c.Status == Effective || c.Status == Idle) && c.Bound > 0 && !slices.Contains(told, c.told()) {
			pids, old = append(pids, c.PID), c.told()
		}
	}
	if len(pids) == 0 || len(told) == 0 { // none: it was removed, and goes with the next start
		return nil
	}
	return []string{fmt.Sprintf("%s (%s) still %s; installed by now is %s: restart Cyrus when it suits, which ends every session", evidence.Plural(len(pids), "process", "processes"), list(pids), map[bool]string{true: "has ", false: "have "}[len(pids) == 1]+old, strings.Join(told, " and "))}
}

// told is what a process was told, in words.
func (c Check) told() string { return words(c.Bound, c.Hybrid, strings.Join(c.Paths, ":")) }

var inLoader = regexp.MustCompile(`\bCYRLOCK_SHIM_(MAXTIME|SCHEDULE|PATHS)='?(.*)['"]`)

// told is what the processes of the next start are told.
func (l Loader) told() string {
	value := map[string]string{}
	for _, m := range inLoader.FindAllStringSubmatch(string(l.Text), -1) {
		value[m[1]] = m[2]
	}
	maxtime, _ := strconv.Atoi(value["MAXTIME"])
	paths := value["PATHS"]
	if filepath.Base(l.Path) == scriptName {
		paths = strings.ReplaceAll(paths, `'\''`, "'")
	} else {
		paths = strings.NewReplacer(`\\`, `\`, `\"`, `"`, "%%", "%").Replace(paths)
	}
	return words(timedlock.Schedule{Maxtime: maxtime}.Bound(), value["SCHEDULE"] != "quadratic", paths)
}

func words(bound int, hybrid bool, paths string) string {
	schedule := map[bool]string{true: "hybrid", false: "quadratic"}[hybrid]
	return fmt.Sprintf("a limit of %d s (%s) on %s", bound, schedule, paths)
}
