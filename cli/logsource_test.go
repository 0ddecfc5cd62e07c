package cli

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// A facility that only imapd.conf names is among those whose logs are looked for.
func TestLogPlace(t *testing.T) {
	file := filepath.Join(t.TempDir(), "imapd.conf")
	for line, want := range map[string][]int{
		"syslog_facility: local3\n": {2, 22, 19},
		"syslog_facility: MAIL\n":   {2, 22},
		"\n":                        {2, 22},
	} {
		if err := os.WriteFile(file, []byte("configdirectory: /var/imap\n"+line), 0o600); err != nil {
			t.Fatal(err)
		}
		if got := logPlace(t.Context(), file).Facilities; !slices.Equal(got, want) {
			t.Errorf("%q: facilities %v, not %v", line, got, want)
		}
	}
}
