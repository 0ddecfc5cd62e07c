package lab

import (
	"errors"
	"os"
	"testing"
)

// skipOrFail skips a test for want of a compiler, unless that must not be.
func skipOrFail(t *testing.T, err error) {
	t.Helper()
	if errors.Is(err, ErrNoCompiler) && os.Getenv("CI") == "" && os.Getenv("CYRLOCK_TESTS") != "all" {
		t.Skip("NOT TESTED, there is no C compiler here: ", err)
	}
	t.Fatal(err)
}
