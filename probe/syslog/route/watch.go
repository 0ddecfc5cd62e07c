package route

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"cyrlock/evidence"
	"cyrlock/probe/syslog"
)

// A watch looks for the test messages in all places at once.
type watch struct {
	proof *Proof
	mu    sync.Mutex // of what stands below, and of what was found
	ready map[string]bool
	errs  map[string]error // of the places that are not read
	news  chan struct{}    // holds one: something has changed
	all   sync.WaitGroup
}

// watch begins to follow r's files, from their ends on, and the journal, and waits until
// each has said whether it can be read.
func (r *Route) watch(ctx context.Context, proof *Proof) *watch {
	w := &watch{proof: proof, ready: map[string]bool{}, errs: map[string]error{}, news: make(chan struct{}, 1)}
	for _, name := range r.Files {
		w.all.Go(func() { _ = syslog.Follow(ctx, name, syslog.From{}, w.sink(name)) }) // until ctx ends
	}
	if r.Journal {
		j := syslog.Journal{Facilities: []int{r.facility}, Since: time.Now().Add(-time.Second), Follow: true}
		w.all.Go(func() {
			if err := j.Read(ctx, w.sink(syslog.TheJournal)); ctx.Err() == nil {
				w.note(syslog.Note{Source: syslog.TheJournal, What: syslog.Ended, Err: err})
			}
		})
	}
	w.until(ctx, readLimit, func() bool {
		for _, name := range r.Files {
			if !w.ready[name] {
				return false
			}
		}
		return true
	})
	return w
}

func (w *watch) sink(place string) syslog.Sink {
	return syslog.Sink{
		Maybe: func(line []byte) bool {
			for i := range w.proof.Sent {
				if bytes.Contains(line, []byte(w.proof.Sent[i].token)) {
					return true
				}
			}
			return false
		},
		Line: func(l evidence.LogLine) {
			w.mu.Lock()
			defer w.mu.Unlock()
			for i := range w.proof.Sent {
				if s := &w.proof.Sent[i]; strings.Contains(l.Text, s.token) {
					s.found(place)
				}
			}
			w.rouse()
		},
		Note: w.note,
	}
}

// note keeps why a place is not read. One that is not there may come, and is read then.
func (w *watch) note(n syslog.Note) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ready[n.Source] = true
	switch n.What {
	case syslog.Opened:
		delete(w.errs, n.Source)
	case syslog.Denied, syslog.Unreadable, syslog.Unreachable, syslog.Ended:
		w.errs[n.Source] = fmt.Errorf("%v", n)
	}
	w.rouse()
}

// begin starts the clock of a message that is about to be sent.
func (w *watch) begin(s *Sent) {
	w.mu.Lock()
	defer w.mu.Unlock()
	s.at = time.Now()
}

func (w *watch) rouse() {
	select {
	case w.news <- struct{}{}:
	default:
	}
}

// until waits until something is so, or the time is over.
func (w *watch) until(ctx context.Context, limit time.Duration, so func() bool) {
	timer := time.NewTimer(limit)
	defer timer.Stop()
	for {
		w.mu.Lock()
		done := so()
		w.mu.Unlock()
		if done {
			return
		}
		select {
		case <-w.news:
		case <-timer.C:
			return
		case <-ctx.Done():
			return
		}
	}
}

// end waits for those who look, once their context has ended.
func (w *watch) end() (errs []error) {
	w.all.Wait()
	for _, err := range w.errs {
		errs = append(errs, err)
	}
	return errs
}
