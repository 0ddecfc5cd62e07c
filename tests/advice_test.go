package tests

import (
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"cyrlock/lab"
)

// Whatever is advised on a hang that is really there can be done: no command is one
// that cyrlock would refuse, or that a shell does not know.
func TestAdviceIsNotRefused(t *testing.T) {
	for _, incident := range lab.Incidents() {
		if incident.Class == "healthy" || incident.Class == "slow" {
			continue
		}
		t.Run(incident.Name, func(t *testing.T) {
			r := start(t, incident.Name)
			_, root := await(t, r)
			ran := 0
			for _, a := range root.Advice {
				if a.Command == "" || a.Action == "source" { // which names a folder that only its owner knows
					continue
				}
				ran++
				command := strings.Replace(a.Command, "cyrlock ", binary(t)+" ", 1)
				if strings.HasPrefix(a.Command, "cyrlock fix ") {
					command += " --dry-run --conf " + r.Conf + " --state " + filepath.Join(t.TempDir(), "state")
				}
				if a.Command == "cyrlock check" {
					command += " --conf " + r.Conf + " --file /no/such/file"
				}
				args := []string{"sh", "-c", command}
				if r.Inside != 0 { // as its victims would
					args = append([]string{"nsenter", "-t", strconv.Itoa(r.Inside), "-p", "-m"}, args...)
				}
				out, err := exec.CommandContext(t.Context(), args[0], args[1:]...).CombinedOutput()
				if err != nil {
					t.Errorf("%s: %v\n%s", a.Command, err, out)
				}
				t.Logf("%s\n%s", a.Command, out)
			}
			if ran == 0 {
				t.Errorf("nothing to type on this: %+v", root.Advice)
			}
		})
	}
}
