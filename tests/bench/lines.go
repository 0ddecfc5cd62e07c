package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"
)

const (
	floodRate = 20_000 // lines a second
	floodFor  = 6 * time.Second
)

// lines: how long a key waits for its page while 20,000 messages about locks come in a
// second, and what it costs to follow a log in which nothing happens.
func (b *bench) lines() error {
	log := filepath.Join(b.dir, "mail.log")
	if err := os.WriteFile(log, nil, 0o600); err != nil {
		return err
	}
	p, err := openPane(200, 60, b.tool, "--log", log)
	if err != nil {
		return err
	}
	defer p.close()
	if _, err := p.untilTop("VERDICT"); err != nil {
		return err
	}
	if err := p.press("5"); err != nil {
		return err
	}
	if _, err := p.untilText("no line since"); err != nil {
		return err
	}
	pid := p.cmd.Process.Pid
	idle, err := cpuShare(pid, 10*time.Second)
	if err != nil {
		return err
	}
	before, err := cpuTicks(pid)
	if err != nil {
		return err
	}
	done := make(chan flooded, 1)
	go func() { done <- flood(log) }()
	var waits []float64
	var f flooded
	pages := []struct{ key, shows string }{{"3", "VERDICT"}, {"5", "WATCH"}}
	for i := 0; f.took == 0; i++ {
		select {
		case f = <-done:
			continue
		case <-time.After(40 * time.Millisecond): // a key that is held down
		}
		page := pages[i%len(pages)]
		began := time.Now()
		if err := p.press(page.key); err != nil {
			return err
		}
		if _, err := p.untilTop(page.shows); err != nil {
			return err
		}
		waits = append(waits, ms(time.Since(began)))
	}
	if f.err != nil {
		return f.err
	}
	after, err := cpuTicks(pid)
	if err != nil {
		return err
	}
	if err := p.press("5"); err != nil {
		return err
	}
	count := fmt.Sprintf("%d,%03d about locks", f.lines/1000, f.lines%1000)
	if _, err := p.untilText(count); err != nil { // none was lost
		return err
	}
	slices.Sort(waits)
	b.goal(fmt.Sprintf("a key until its page is drawn, %.0f lines a second (the worst of %d)", float64(f.lines)/f.took.Seconds(), len(waits)), waits[len(waits)-1], 50, "ms")
	row("  the median, and 99 of 100", fmt.Sprintf("%.1f ms, %.1f ms", waits[len(waits)/2], waits[len(waits)*99/100]))
	row("  share of a core meanwhile", fmt.Sprintf("%.0f %%", float64(after-before)/f.took.Seconds())) // ticks are hundredths
	b.goal("share of a core while the log is silent", idle, 1, "%")
	return nil
}

// flooded is what a flood was.
type flooded struct {
	lines int
	took  time.Duration
	err   error
}

// flood writes messages of the timed lock, those of each moment together, as syslogd does.
func flood(name string) flooded {
	const at = 100 // moments a second
	f := flooded{}
	log, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return flooded{took: 1, err: err}
	}
	defer log.Close()
	began := time.Now()
	tick := time.NewTicker(time.Second / at)
	defer tick.Stop()
	var text []byte
	for time.Since(began) < floodFor {
		<-tick.C
		text = text[:0]
		stamp := time.Now().Format("2006-01-02T15:04:05.000000-07:00")
		for range int(time.Since(began).Seconds()*floodRate) - f.lines {
			f.lines++
			text = fmt.Appendf(text, "%s mail1 cyrus/imap[%d]: lock_reopen-blocked: sleeping 9 s, attempt 4 of 11, bound 285 s, pid %d, file /var/imap/user/j/jwade.seen\n", stamp, 1000+f.lines%500, 1000+f.lines%500)
		}
		if _, err := log.Write(text); err != nil {
			return flooded{took: 1, err: err}
		}
	}
	f.took = time.Since(began)
	return f
}
