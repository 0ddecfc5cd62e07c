package cyrusrig

import (
	"net"
	"os"
	"path/filepath"
	"strings"
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
