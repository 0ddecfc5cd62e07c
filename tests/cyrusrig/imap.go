package cyrusrig

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A Client is an IMAP client that has logged in.
type Client struct {
	PID  int // of the imapd that serves it
	t    testing.TB
	conn net.Conn
	r    *bufio.Reader
	n    int
}

// A Reply is the answer to a command, still to come.
type Reply struct {
	c            *Client
	tag, command string
}

// session is how Cyrus names a session in its answers: server, time, pid, number.
var session = regexp.MustCompile(`SESSIONID=<[^>]*?-\d+-(\d+)-\d+-\d+>`)

// Login connects and logs in.
func (s *Server) Login(t testing.TB, user string) *Client {
	t.Helper()
	return s.login(t, user, net.Dialer{})
}

// LoginSlow connects like a telephone on a bad line: with small packets and hardly
// any room to receive, so that the server soon has nowhere to put what it says.
func (s *Server) LoginSlow(t testing.TB, user string) *Client {
	t.Helper()
	return s.login(t, user, net.Dialer{Control: func(_, _ string, c syscall.RawConn) error {
		var err error
		return errors.Join(c.Control(func(fd uintptr) {
			err = errors.Join(unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, 4096),
				unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_MAXSEG, 536))
		}), err)
	}})
}

func (s *Server) login(t testing.TB, user string, d net.Dialer) *Client {
	t.Helper()
	d.Timeout = Patience
	conn, err := d.DialContext(t.Context(), "tcp", s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	c := &Client{t: t, conn: conn, r: bufio.NewReader(conn)}
	if _, err := c.line(); err != nil {
		t.Fatalf("no greeting: %v", err)
	}
	said := strings.Join(c.Do("LOGIN "+user+" "+password), "\n")
	m := session.FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("no session id in %q", said)
	}
	c.PID, _ = strconv.Atoi(m[1])
	return c
}

// Do sends a command and returns the lines of its answer, which must be OK.
func (c *Client) Do(command string) []string {
	c.t.Helper()
	return c.Send(command).OK()
}

// Send sends a command and does not read the answer.
func (c *Client) Send(command string) *Reply {
	c.t.Helper()
	c.n++
	r := &Reply{c, fmt.Sprintf("c%d", c.n), command}
	_ = c.conn.SetWriteDeadline(time.Now().Add(Patience))
	if _, err := fmt.Fprintf(c.conn, "%s %s\r\n", r.tag, command); err != nil {
		c.t.Fatalf("%.60s: %v", command, err)
	}
	return r
}

// OK reads the answer, which must be OK.
func (r *Reply) OK() (lines []string) {
	r.c.t.Helper()
	lines, answer := r.read()
	if !strings.HasPrefix(answer, "OK") {
		r.c.t.Fatalf("%.60s: %s", r.command, answer)
	}
	return lines
}

// Answer reads the answer, whatever it is: "NO System I/O error".
func (r *Reply) Answer() string {
	r.c.t.Helper()
	_, answer := r.read()
	return answer
}

func (r *Reply) read() (lines []string, answer string) {
	r.c.t.Helper()
	for {
		line, err := r.c.line()
		if err != nil {
			r.c.t.Fatalf("%.60s: %v; so far %.300q", r.command, err, lines)
		}
		lines = append(lines, line)
		if answer, ok := strings.CutPrefix(line, r.tag+" "); ok {
			return lines, answer
		}
	}
}

// line reads one line of the protocol, with the literals in it.
func (c *Client) line() (string, error) {
	_ = c.conn.SetReadDeadline(time.Now().Add(Patience))
	var all strings.Builder
	for {
		part, err := c.r.ReadString('\n')
		if err != nil {
			return "", err
		}
		all.WriteString(part)
		part = strings.TrimRight(part, "\r\n")
		open := strings.LastIndexByte(part, '{')
		if open < 0 || !strings.HasSuffix(part, "}") {
			return strings.TrimRight(all.String(), "\r\n"), nil
		}
		n, err := strconv.Atoi(part[open+1 : len(part)-1])
		if err != nil {
			return all.String(), nil
		}
		if _, err := io.CopyN(&all, c.r, int64(n)); err != nil {
			return "", err
		}
	}
}

// Hangup ends the connection as a client that vanishes does.
func (c *Client) Hangup() { c.conn.Close() }

// greets tells whether a service answers with this word.
func (s *Server) greets(network, addr, word string) error {
	conn, err := net.DialTimeout(network, addr, time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	line, err := bufio.NewReader(conn).ReadString('\n')
	if err == nil && !strings.HasPrefix(line, word) {
		err = fmt.Errorf("%s greets with %q", addr, line)
	}
	return err
}
