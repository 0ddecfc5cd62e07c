package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/creack/pty"
)

// screen: how soon the first frame is there, on a terminal that never answers,
// and what it costs while nothing changes.
func (b *bench) screen() error {
	var first []float64
	var idle float64
	for i := range 5 {
		cmd := exec.Command(b.tool)
		cmd.Env = append(os.Environ(), "TERM=xterm-256color", "LANG=C.UTF-8")
		begin := time.Now()
		tty, err := pty.StartWithSize(cmd, &pty.Winsize{Rows: 24, Cols: 80})
		if err != nil {
			return err
		}
		frame, err := untilFrame(tty)
		first = append(first, ms(time.Since(begin)))
		if err == nil && i == 4 {
			go func() { // keep the terminal empty
				buf := make([]byte, 65536)
				for {
					if _, err := tty.Read(buf); err != nil {
						return
					}
				}
			}()
			idle, err = cpuShare(cmd.Process.Pid, 10*time.Second)
		}
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		tty.Close()
		if err != nil {
			return fmt.Errorf("%w; the terminal shows %q", err, frame)
		}
	}
	worst := 0.0
	for _, t := range first {
		worst = max(worst, t)
	}
	b.goal("first frame, terminal that never answers (worst of 5)", worst, 300, "ms")
	b.goal("share of a core while nothing changes", idle, 2, "%")
	return nil
}

// untilFrame reads until the header row of the first frame is there.
func untilFrame(tty *os.File) (string, error) {
	var seen bytes.Buffer
	buf := make([]byte, 65536)
	if err := tty.SetReadDeadline(time.Now().Add(20 * time.Second)); err != nil {
		return "", err
	}
	for {
		n, err := tty.Read(buf)
		seen.Write(buf[:n])
		if strings.Contains(seen.String(), "cyrlock") && strings.Contains(seen.String(), "VERDICT") {
			return seen.String(), tty.SetReadDeadline(time.Time{})
		}
		if err != nil {
			return seen.String(), fmt.Errorf("no first frame: %w", err)
		}
	}
}

// cpuShare is the processor time a process takes during d, in percent of a core.
func cpuShare(pid int, d time.Duration) (float64, error) {
	before, err := cpuTicks(pid)
	if err != nil {
		return 0, err
	}
	time.Sleep(d)
	after, err := cpuTicks(pid)
	const hz = 100 // USER_HZ, fixed on every Linux ABI
	return 100 * float64(after-before) / hz / d.Seconds(), err
}

// cpuTicks is utime + stime: proc(5) stat fields 14 and 15.
func cpuTicks(pid int) (int, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	f := strings.Fields(rest)
	if len(f) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, stat)
	}
	u, err := strconv.Atoi(f[11])
	if err != nil {
		return 0, err
	}
	s, err := strconv.Atoi(f[12])
	return u + s, err
}
