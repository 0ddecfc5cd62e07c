package route

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"cyrlock/probe/limit"
	"cyrlock/probe/syslog/conf"
)

const (
	proofLimit  = 4 * time.Second // journald and rsyslog may write a second late
	proofPause  = 10 * time.Millisecond
	journalAsks = 250 * time.Millisecond
	newBytes    = 32 << 20 // of what a busy log gets while we look
)

// A Proof is what came of test messages.
type Proof struct {
	Socket string `json:"socket"`
	Sent   []Sent `json:"sent"`
}

// Sent is one test message.
type Sent struct {
	Level string  `json:"level"`
	Text  string  `json:"text"`
	Found []Found `json:"found,omitempty"`
	Error string  `json:"error,omitempty"` // why it could not be sent

	token    string
	severity int
	at       time.Time
}

// Found is where a test message came out.
type Found struct {
	Path    string  `json:"path"` // of a file, or "journal"
	Latency float64 `json:"latency_s"`
}

// Prove sends a test message of each level to the log socket and looks for it in r's
// files and the journal, for some seconds. What it finds corrects r's levels, its answer
// and its changes. The error is about places that could not be looked at.
func Prove(ctx context.Context, req Request, r Route) (Route, error) {
	r.Levels, r.Checks, r.Changes = slices.Clone(r.Levels), slices.Clone(r.Checks), slices.Clone(r.Changes)
	if r.socket == "" {
		return r, errors.New("ask Check first")
	}
	var errs []error
	var logs []*tail
	for _, name := range r.Files {
		t, err := newTail(ctx, name)
		if err != nil {
			errs = append(errs, err)
			continue
		}
		logs = append(logs, t)
	}
	proof := &Proof{Socket: r.socket}
	began := time.Now()
	for _, l := range r.Levels {
		proof.Sent = append(proof.Sent, r.send(ctx, l))
	}
	r.search(ctx, proof, logs, began)
	for _, t := range logs {
		if t.err != nil {
			errs = append(errs, t.err)
		}
	}
	r.Proof = proof
	r.judge(len(errs) > 0)
	r.conclude(req)
	return r, join(errs)
}

// send sends one test message. The log daemon may not take it: it must not block us.
func (r *Route) send(ctx context.Context, l Level) Sent {
	token := rand.Text()
	s := Sent{Level: l.Name, token: token, severity: l.severity, at: time.Now(),
		Text: fmt.Sprintf("this is a test of cyrlock log --test, level %s, nothing has happened: %s", l.Name, token)}
	line := fmt.Sprintf("<%d>%s cyrlock[%d]: %s", r.facility<<3|l.severity, s.at.Format(time.Stamp), os.Getpid(), s.Text)
	_, err := limit.Do(ctx, readLimit, func() (int, error) {
		conn, err := net.Dial("unixgram", r.socket)
		if err != nil {
			return 0, err
		}
		defer conn.Close()
		if err := conn.SetWriteDeadline(time.Now().Add(readLimit)); err != nil {
			return 0, err
		}
		return conn.Write([]byte(line))
	})
	if err != nil {
		s.Error = err.Error()
	}
	return s
}

// search looks until all are found everywhere they should be, or the time is over.
func (r *Route) search(ctx context.Context, proof *Proof, logs []*tail, began time.Time) {
	ctx, cancel := context.WithTimeout(ctx, proofLimit)
	defer cancel()
	var asked time.Time
	for ctx.Err() == nil {
		for _, t := range logs {
			more := t.read(ctx)
			for i := range proof.Sent {
				if bytes.Contains(more, []byte(proof.Sent[i].token)) {
					proof.Sent[i].found(t.path)
				}
			}
		}
		if r.Journal && time.Since(asked) > journalAsks {
			text := journal(ctx, began)
			for i := range proof.Sent {
				if bytes.Contains(text, []byte(proof.Sent[i].token)) {
					proof.Sent[i].found("journal")
				}
			}
			asked = time.Now()
		}
		if r.all(proof) {
			return
		}
		select {
		case <-time.After(proofPause):
		case <-ctx.Done():
		}
	}
}

func (s *Sent) found(path string) {
	if !slices.ContainsFunc(s.Found, func(f Found) bool { return f.Path == path }) {
		s.Found = append(s.Found, Found{path, time.Since(s.at).Seconds()})
	}
}

// all tells whether each message came out, and wherever it was expected.
func (r *Route) all(proof *Proof) bool {
	for i, s := range proof.Sent {
		l := r.Levels[i]
		want := max(1, len(l.Files))
		if l.Journal {
			want++
		}
		if s.Error == "" && len(s.Found) < want {
			return false
		}
	}
	return true
}

// judge corrects the levels by what was found; what the configuration promised, and
// did not hold, is told.
func (r *Route) judge(blind bool) {
	lost := false
	for i := range r.Levels {
		l, s := &r.Levels[i], r.Proof.Sent[i]
		selector := r.Facility + "." + l.Name
		said := l.Verdict
		switch {
		case s.Error != "":
			l.Verdict, l.Why = No, "a test message could not be sent: "+s.Error
			r.check("test, "+l.Name, No, []conf.Place{{File: r.socket}}, "%s", l.Why)
		case len(s.Found) == 0 && (said == Unknown || blind):
			l.Verdict, l.Why = Unknown, fmt.Sprintf("a test message of %s did not come out anywhere cyrlock could look", selector)
			r.check("test, "+l.Name, Unknown, nil, "%s (%s)", l.Why, strings.Join(r.looked(), ", "))
		case len(s.Found) == 0:
			why := fmt.Sprintf("a test message of %s did not come out within %v", selector, proofLimit)
			if said == Yes {
				why += "; by what was read it should have, so the daemon hangs, cannot write, drops messages by a limit, or has not read its configuration anew"
				r.Changes = append(r.Changes, Change{What: "restart the log daemon and test again; look at its own messages and at the owner and mode of " + l.where()})
			} else if l.Why != "" {
				why += ": " + l.Why
			}
			l.Verdict, l.Why = No, why
			r.check("test, "+l.Name, No, nil, "%s", why)
		default:
			text := fmt.Sprintf("a test message of %s came out", selector)
			l.Files, l.Journal = nil, false
			for j, f := range s.Found {
				text += map[bool]string{true: " in ", false: " and in "}[j == 0] + fmt.Sprintf("%s after %.0f ms", f.Path, f.Latency*1000)
				if f.Path == "journal" {
					l.Journal = true
				} else {
					l.Files = append(l.Files, f.Path)
				}
			}
			if said == No {
				text += "; by what was read it should not have: " + l.Why
			}
			l.Verdict, l.Why = Yes, ""
			r.check("test, "+l.Name, Yes, nil, "%s", text)
		}
		lost = lost || l.Verdict != Yes
	}
	if !lost { // what is left to do is on Cyrus's side
		r.Changes = slices.DeleteFunc(r.Changes, func(c Change) bool { return c.Put != "debug: yes" })
	}
}

func (r *Route) looked() []string {
	places := slices.Clone(r.Files)
	if r.Journal {
		places = append(places, "the journal")
	}
	if len(places) == 0 {
		return []string{"there was no place to look"}
	}
	return places
}

// journal is what cyrlock has logged there since; empty if it cannot be asked.
func journal(ctx context.Context, since time.Time) []byte {
	out, _ := exec.CommandContext(ctx, "journalctl", "--no-pager", "--quiet", "-o", "cat", "-n", "1000",
		fmt.Sprintf("--since=@%d", since.Unix()-1), "SYSLOG_IDENTIFIER=cyrlock").Output()
	return out
}
