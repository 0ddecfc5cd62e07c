package source

import (
	"strings"
	"testing"

	"cyrlock/diagnose"
)

// What is told here of each release and what the diagnosis advises with say the same
// of the imapd that ends on a seen file.
func TestAgreesWithTheDiagnosis(t *testing.T) {
	for _, v := range []Version{{2, 0, 16}, {2, 1, 0}, {2, 1, 17}, {2, 2, 13}, {2, 3, 0}, {2, 3, 13}, {2, 3, 14}, {2, 3, 19}, {2, 4, 0}, {2, 4, 22}} {
		here := strings.Join(after(v, Classic), "\n")
		there := diagnose.LossOf(diagnose.Seen, v.String()).What
		for sign, word := range map[string]string{"that imapd ends": "version ends", "may end": "may end"} {
			if strings.Contains(here, sign) != strings.Contains(there, word) {
				t.Errorf("%v: %q is said in one of the two only:\n%s\n%s", v, sign, here, there)
			}
		}
	}
}
