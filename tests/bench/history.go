package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

const (
	historyLines = 1_000_000
	historyRuns  = 5
	// historyRole makes this program the one that is measured: it reads the log that is
	// named after it, and with "all" takes every line apart.
	historyRole = "-read-history"
)

// history: a million lines of a mail log, one of a thousand of them about a lock.
func (b *bench) history() error {
	small, err := b.mailLog("small.log", historyLines/10)
	if err != nil {
		return err
	}
	log, err := b.mailLog("history.log", historyLines)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	grep, err := onOneCore("grep", "-c", "lock_reopen-blocked", log)
	if err != nil {
		return err
	}
	filtered, err := onOneCore(self, historyRole, log)
	if err != nil {
		return err
	}
	all, err := onOneCore(self, historyRole, log, "all")
	if err != nil {
		return err
	}
	less, err := onOneCore(self, historyRole, small, "all")
	if err != nil {
		return err
	}
	if g, f := strings.TrimSpace(grep.out), strings.TrimSpace(filtered.out); g != f {
		return fmt.Errorf("grep found %s lines, cyrlock %s", g, f)
	}
	info, err := os.Stat(log)
	if err != nil {
		return err
	}
	row(fmt.Sprintf("%d lines, %d MB, one core", historyLines, info.Size()>>20), "processor    peak memory")
	show := func(what string, c cost) {
		row(what, fmt.Sprintf("%6.3f s   %8.1f MB   (%.1f times grep)", c.cpu.Seconds(), c.rss, c.cpu.Seconds()/grep.cpu.Seconds()))
	}
	show("grep -c, one word", grep)
	show("cyrlock, those about locks", filtered)
	show("cyrlock, every line taken apart", all)
	show("the same, a tenth of the lines", less)
	b.goal("a million lines, those about locks", filtered.cpu.Seconds(), 1, "s")
	b.goal("a million lines, all taken apart", all.cpu.Seconds(), 1, "s")
	b.goal("memory for ten times the lines, more", max(all.rss-less.rss, 0), 8, "MB")
	return nil
}

// mailLog writes a log as rsyslog does.
func (b *bench) mailLog(name string, lines int) (string, error) {
	path := filepath.Join(b.dir, name)
	f, err := os.Create(path)
	if err != nil {
		return "", err
	}
	w := bufio.NewWriterSize(f, 1<<20)
	at := time.Date(2026, 11, 1, 0, 0, 0, 0, time.Local)
	for i := range lines {
		at = at.Add(time.Second)
		stamp := at.Format(time.Stamp)
		if i%2 == 0 {
			stamp = at.Format("2006-01-02T15:04:05.000000-07:00")
		}
		text := fmt.Sprintf("login: mail.example.com [192.0.2.%d] jwade%d plaintext+TLS User logged in SESSIONID=<%d>", i%256, i%999, i)
		if i%1000 == 0 {
			text = fmt.Sprintf("lock_reopen-blocked: sleeping 4 s, attempt 3 of 11, bound 285 s, pid %d, file /var/imap/user/j/jwade%d.seen", i%30000+1, i%999)
		}
		fmt.Fprintf(w, "%s mail1 cyrus/imap[%d]: %s\n", stamp, i%30000+1, text)
	}
	if err := w.Flush(); err != nil {
		return "", err
	}
	return path, f.Close()
}

// A cost is what a process used.
type cost struct {
	cpu time.Duration
	rss float64 // MB
	out string
}

// onOneCore is the median of some runs, by processor time.
func onOneCore(name string, args ...string) (cost, error) {
	var all []cost
	for range historyRuns {
		cmd := exec.Command(name, args...)
		cmd.Env = append(os.Environ(), "GOMAXPROCS=1", "LC_ALL=C")
		cmd.Stderr = os.Stderr
		var out strings.Builder
		cmd.Stdout = &out
		if err := cmd.Start(); err != nil {
			return cost{}, err
		}
		rss := peak(cmd.Process.Pid)
		if err := cmd.Wait(); err != nil {
			return cost{}, fmt.Errorf("%s: %w", filepath.Base(name), err)
		}
		s := cmd.ProcessState
		all = append(all, cost{s.UserTime() + s.SystemTime(), rss, out.String()})
	}
	slices.SortFunc(all, func(a, b cost) int { return int(a.cpu - b.cpu) })
	return all[len(all)/2], nil
}

// peak looks at a process until it ends, for the most memory that it has had, in MB.
// What wait4 tells counts the time before its exec, when it was a copy of us.
func peak(pid int) (mb float64) {
	for {
		status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
		if err != nil {
			return mb
		}
		_, after, there := strings.Cut(string(status), "VmHWM:")
		if !there { // it has ended, and waits for us
			return mb
		}
		var kb float64
		if _, err := fmt.Sscan(after, &kb); err == nil {
			mb = kb / 1024
		}
		time.Sleep(time.Millisecond)
	}
}

// readHistory is the process that is measured.
func readHistory(path string, all bool) error {
	n := 0
	sink := syslog.Sink{Maybe: syslog.MayMatter, Line: func(evidence.LogLine) { n++ }}
	if all {
		sink.Maybe = nil
	}
	_, err := syslog.History(context.Background(), path, time.Time{}, sink)
	fmt.Println(n)
	return err
}
