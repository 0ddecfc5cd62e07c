package tests

import (
	"os"
	"sync"
	"testing"
)

var (
	built     sync.Once
	builtDir  string
	builtPath string
	builtErr  error
)

func TestMain(m *testing.M) {
	if asked := os.Getenv(looksEnv); asked != "" {
		os.Exit(takeLooks(asked))
	}
	code := m.Run()
	if builtDir != "" {
		_ = os.RemoveAll(builtDir)
	}
	os.Exit(code)
}
