package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// screen: how soon the first frame is there, on a terminal that never answers,
// what is written for it afterwards, and what it costs while nothing changes.
func (b *bench) screen() error {
	if err := b.firstFrame(); err != nil {
		return err
	}
	for _, size := range [][2]int{{80, 24}, {200, 60}} {
		if err := b.refresh(size[0], size[1]); err != nil {
			return err
		}
	}
	return b.keys()
}

func (b *bench) firstFrame() error {
	worst := time.Duration(0)
	for i := range 5 {
		p, err := openPane(80, 24, b.tool)
		if err != nil {
			return err
		}
		took, err := p.until("a verdict", func(text string) bool { return strings.Contains(text, "VERDICT") && strings.Contains(text, "seen ") })
		worst = max(worst, took)
		if err == nil && i == 4 {
			var idle float64
			idle, err = cpuShare(p.cmd.Process.Pid, 10*time.Second)
			b.goal("share of a core while nothing changes", idle, 1, "%")
		}
		p.close()
		if err != nil {
			return err
		}
	}
	b.goal("first frame with the verdict, terminal that never answers", ms(worst), 300, "ms (worst of 5)")
	return nil
}

var seenAt = regexp.MustCompile(`seen (\d\d:\d\d:\d\d)`)

// refresh counts what is written for looks at a hang in which only clocks go on.
func (b *bench) refresh(w, h int) error {
	p, err := openPane(w, h, b.tool, "demo")
	if err != nil {
		return err
	}
	defer p.close()
	if _, err := p.until("a hang", func(text string) bool {
		return strings.Contains(text, "HUNG") && strings.Contains(text, "stopped reading")
	}); err != nil {
		return err
	}
	const looks = 8
	_, begun := p.shown()
	last, n, most, before := "", 0, 0, begun
	for n <= looks {
		_, err := p.until("the next look", func(text string) bool {
			m := seenAt.FindStringSubmatch(text)
			return m != nil && m[1] != last
		})
		if err != nil {
			return err
		}
		text, bytes := p.shown()
		last = seenAt.FindStringSubmatch(text)[1]
		if n++; n > 3 { // the first looks still find something new
			most = max(most, bytes-before)
		}
		before = bytes
	}
	b.goal(fmt.Sprintf("bytes for a refresh in which only clocks change, %dx%d (most of %d)", w, h, looks-2), float64(most), 1000, "bytes")
	return nil
}

const keysWaiters = 5000

// keys: how long a key waits for its page while 5,000 processes are looked at
// again and again.
func (b *bench) keys() error {
	bin, err := b.compile("crowd", "-O1")
	if err != nil {
		return err
	}
	file := filepath.Join(b.dir, "many.seen")
	c, err := start(true, bin, strconv.Itoa(keysWaiters+1), "3", strconv.Itoa(keysWaiters), file)
	if err != nil {
		return err
	}
	defer c.stop()
	p, err := openPane(200, 60, b.tool, "--threshold", "100ms")
	if err != nil {
		return err
	}
	defer p.close()
	if _, err := p.untilText("5,000 processes wait"); err != nil {
		return err
	}
	var waits []float64
	pages := []struct{ key, shows string }{{"2", "STACKS"}, {"1", "FIND"}, {"4", "FIX"}, {"3", "VERDICT"}}
	for i := range 200 {
		if i%4 == 0 { // a look is always under way
			if err := p.press("r"); err != nil {
				return err
			}
		}
		page := pages[i%len(pages)]
		time.Sleep(100 * time.Millisecond) // as a fast typist
		began := time.Now()
		if err := p.press(page.key); err != nil {
			return err
		}
		if _, err := p.untilTop(page.shows); err != nil {
			return err
		}
		waits = append(waits, ms(time.Since(began)))
	}
	slices.Sort(waits)
	b.goal(fmt.Sprintf("a key until its page is drawn, %d processes being looked at (99 of 100)", keysWaiters), waits[len(waits)*99/100], 50, "ms")
	row("  the median, and the slowest", fmt.Sprintf("%.1f ms, %.1f ms", waits[len(waits)/2], waits[len(waits)-1]))
	return nil
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
