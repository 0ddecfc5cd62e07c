package cyrus

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// The first of a name counts: what a file itself says comes before what it includes.
func TestSettings(t *testing.T) {
	dir := t.TempDir()
	main, more := filepath.Join(dir, "imapd.conf"), filepath.Join(dir, "more.conf")
	for name, text := range map[string]string{
		main: "# c\nsyslog_facility: \\\n local3\nwhat is this\n@include: " + more + "\n@include: " + filepath.Join(dir, "gone.conf") + "\ndebug: yes\n",
		more: "debug: no\nSyslog_Facility: mail\nmboxlist_db_path: /srv/list.db\n",
	} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got, err := Settings(t.Context(), main)
	want := map[string]Setting{
		"syslog_facility":  {"local3", main, 2},
		"debug":            {"yes", main, 7},
		"mboxlist_db_path": {"/srv/list.db", more, 3},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if err == nil || !strings.Contains(err.Error(), "gone.conf") || strings.Contains(err.Error(), "what") {
		t.Errorf("error %v", err)
	}
}
