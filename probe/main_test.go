package probe

import (
	"os"
	"runtime"
	"testing"
)

// An actor's own goroutine keeps the leading thread to itself, which only an init
// can promise: what runs in the background is then never the leader.
func init() {
	if os.Getenv(actorEnv) != "" {
		runtime.LockOSThread()
	}
}

func TestMain(m *testing.M) {
	if os.Getenv(actorEnv) != "" {
		act(os.Stdin, os.Stdout)
		return
	}
	os.Exit(m.Run())
}

// missing skips a test for want of a tool, but not where every test must run.
func missing(tb testing.TB, what string) {
	tb.Helper()
	if os.Getenv("CI") != "" || os.Getenv("CYRLOCK_TESTS") == "all" {
		tb.Fatalf("needs %s", what)
	}
	tb.Skipf("NOT TESTED: needs %s", what)
}

// asRoot skips a test that an ordinary user cannot run.
func asRoot(tb testing.TB) {
	tb.Helper()
	if os.Geteuid() != 0 {
		missing(tb, "root")
	}
}
