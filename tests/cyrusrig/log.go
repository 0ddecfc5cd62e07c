package cyrusrig

import (
	"bytes"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// listenLog receives what the server writes to its system log.
func (s *Server) listenLog(t testing.TB) error {
	file := filepath.Join(s.Dir, "dev", "log")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: file, Net: "unixgram"})
	if err != nil {
		return err
	}
	t.Cleanup(func() { conn.Close() })
	if err := os.Chmod(file, 0o666); err != nil {
		return err
	}
	go func() {
		line := make([]byte, 64<<10)
		for {
			n, err := conn.Read(line)
			if err != nil {
				return // closed: the test is over
			}
			s.mu.Lock()
			s.log = append(s.log, strings.TrimSpace(string(line[:n])))
			s.mu.Unlock()
		}
	}()
	return nil
}

// Log is what the server has logged so far, one message a line.
func (s *Server) Log() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.log, "\n")
}

// A transcript is what processes write, readable while they do.
type transcript struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (t *transcript) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.Write(p)
}

func (t *transcript) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text.String()
}

// Output is what the server's processes have said on standard output and error.
func (s *Server) Output() string { return s.output.String() }
