package syslog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"

	"cyrlock/evidence"
)

// TheJournal is the source of lines that come from journald.
const TheJournal = "journal"

// A Journal is journald's log, read by journalctl.
type Journal struct {
	Dir        string    // of the journal files; empty: this machine's
	Facilities []int     // of syslog(3): 2 is mail, 22 is local6; nil: all messages
	Since      time.Time // the zero time: all that is there; with Follow, only what comes from now on
	Follow     bool      // go on when all that is there was read
	Last       int       // only so many of those that are there; 0: all
}

const (
	maxEntry = 256 << 10 // bytes of an entry as JSON: journalctl leaves out fields over 4 KiB
	farewell = 2 * time.Second
)

// Read gives the journal's lines. journalctl runs as long as Read does, and ends with
// us, however we end. Messages that journald dropped, by its own count, are told as
// a [Note].
func (j Journal) Read(ctx context.Context, to Sink) error {
	// The kernel sends Pdeathsig when the thread ends that started the process
	// (prctl(2), PR_SET_PDEATHSIG).
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()

	cmd := exec.CommandContext(ctx, "journalctl", j.args()...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL, Setpgid: true} // Ctrl-C is ours
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = farewell
	said := &head{left: 2 << 10}
	cmd.Stderr = said
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("the journal cannot be read: %w", err)
	}
	to.note(Note{Source: TheJournal, What: Opened})
	readErr := entries(out, to)
	err = cmd.Wait()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		err = fmt.Errorf("journalctl: %w: %s", err, strings.TrimSpace(evidence.Clean(said.String())))
	case readErr != nil:
		err = fmt.Errorf("journalctl: %w", readErr)
	case j.Follow:
		err = errors.New("journalctl ended of its own accord")
	}
	if err != nil {
		to.note(Note{Source: TheJournal, What: Ended, Err: err})
	}
	return err
}

// args: matches of one field are alternatives, and so is what "+" divides.
func (j Journal) args() []string {
	args := []string{"--no-pager", "-o", "json"}
	if j.Dir != "" {
		args = append(args, "-D", j.Dir)
	}
	switch {
	case !j.Since.IsZero():
		at := j.Since.UnixMicro()
		args = append(args, fmt.Sprintf("--since=@%d.%06d", at/1e6, at%1e6))
		if j.Follow {
			args = append(args, "--no-tail")
		}
	case j.Follow:
		args = append(args, "-n", "0")
	case j.Last > 0:
		args = append(args, "-n", strconv.Itoa(j.Last))
	}
	if j.Follow {
		args = append(args, "-f")
	}
	for _, f := range j.Facilities {
		args = append(args, fmt.Sprintf("SYSLOG_FACILITY=%d", f))
	}
	if len(j.Facilities) > 0 {
		args = append(args, "+", "SYSLOG_IDENTIFIER=systemd-journald")
	}
	return args
}

// entries takes the journal's entries, one JSON object a line.
func entries(r io.Reader, to Sink) error {
	lines := splitter{max: maxEntry}
	buf := make([]byte, atATime)
	var asLine []byte
	for {
		n, err := r.Read(buf)
		lines.feed(buf[:n], func(text []byte, cut int64) {
			e, jsonErr := parseEntry(text)
			if cut > 0 {
				to.note(Note{Source: TheJournal, What: Cut, Lost: cut})
				return
			}
			if jsonErr != nil {
				to.note(Note{Source: TheJournal, What: Unreadable, Err: jsonErr})
				return
			}
			if e.Ident == "systemd-journald" {
				if strings.HasPrefix(e.Text, "Suppressed ") {
					to.note(Note{Source: TheJournal, What: Dropped, Lost: -1, Err: errors.New(evidence.Clean(e.Text))})
				}
				return
			}
			if to.Maybe != nil {
				asLine = fmt.Appendf(asLine[:0], "%s %s[%d]: %s", e.Host, e.Ident, e.PID, e.Text)
				if !to.Maybe(asLine) {
					return
				}
			}
			to.Line(e)
		})
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// A head keeps the beginning of what a program said.
type head struct {
	bytes.Buffer
	left int
}

func (h *head) Write(p []byte) (int, error) {
	n := min(len(p), h.left)
	h.left -= n
	h.Buffer.Write(p[:n])
	return len(p), nil
}
