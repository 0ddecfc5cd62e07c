package cyrusrig

import (
	"fmt"
	"net"
	"net/textproto"
	"strconv"
	"testing"
	"time"
)

// A Delivery is a message on its way.
type Delivery struct {
	t    testing.TB
	done chan delivered
}

type delivered struct {
	pid int
	err error
}

// Deliver brings a message by LMTP, in the background. The recipient is a user, or
// "+name" for a shared mailbox.
func (s *Server) Deliver(t testing.TB, recipient string) *Delivery {
	d := &Delivery{t, make(chan delivered, 1)}
	go func() {
		pid, err := deliver(s.Socket, recipient, 1)
		d.done <- delivered{pid, err}
	}()
	return d
}

// DeliverMany brings n messages and waits for the last.
func (s *Server) DeliverMany(t testing.TB, recipient string, n int) {
	t.Helper()
	if _, err := deliver(s.Socket, recipient, n); err != nil {
		t.Fatal(err)
	}
}

// OK waits until the message is accepted and tells which lmtpd took it.
func (d *Delivery) OK() (pid int) {
	d.t.Helper()
	r := <-d.done // the connection has a deadline
	if r.err != nil {
		d.t.Fatal(r.err)
	}
	return r.pid
}

func deliver(socket, recipient string, n int) (pid int, err error) {
	conn, err := net.Dial("unix", socket)
	if err != nil {
		return 0, err
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(2 * Patience))
	c := textproto.NewConn(conn)
	if _, _, err := c.ReadResponse(220); err != nil {
		return 0, fmt.Errorf("LMTP greeting: %w", err)
	}
	ask := func(code int, format string, args ...any) (said string, err error) {
		if err = c.PrintfLine(format, args...); err == nil {
			_, said, err = c.ReadResponse(code)
		}
		if err != nil {
			err = fmt.Errorf("LMTP "+format+": %w", append(args, err)...)
		}
		return said, err
	}
	if _, err := ask(250, "LHLO rig"); err != nil {
		return 0, err
	}
	for i := range n {
		if _, err := ask(250, "MAIL FROM:<>"); err != nil {
			return 0, err
		}
		if _, err := ask(250, "RCPT TO:<%s>", recipient); err != nil {
			return 0, err
		}
		if _, err := ask(354, "DATA"); err != nil {
			return 0, err
		}
		id := fmt.Sprintf("%d.%d@rig", time.Now().UnixNano(), i)
		said, err := ask(250, "Message-ID: <%s>\r\nFrom: a@rig\r\nTo: b@rig\r\nSubject: test\r\nDate: Mon, 6 Jan 2025 10:00:00 +0000\r\n\r\nhello\r\n.", id)
		if err != nil {
			return 0, err
		}
		if m := session.FindStringSubmatch(said); m != nil {
			pid, _ = strconv.Atoi(m[1])
		}
	}
	return pid, nil
}
