package route

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"time"

	"cyrlock/probe/limit"
	"cyrlock/probe/syslog/conf"
)

const proofLimit = 4 * time.Second // journald and rsyslog may write a second late

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
	proof := &Proof{Socket: r.socket}
	for _, l := range r.Levels {
		proof.Sent = append(proof.Sent, testOf(l))
	}
	ctx, cancel := context.WithCancel(ctx)
	w := r.watch(ctx, proof)
	for i := range proof.Sent {
		w.begin(&proof.Sent[i])
		r.send(ctx, &proof.Sent[i])
	}
	w.until(ctx, proofLimit, func() bool { return r.all(proof) })
	cancel()
	errs := w.end()
	r.Proof = proof
	r.judge(len(errs) > 0)
	r.conclude(req)
	return r, join(errs)
}

// testOf is the test message of a level.
func testOf(l Level) Sent {
	token := rand.Text()
	return Sent{Level: l.Name, token: token, severity: l.severity,
		Text: fmt.Sprintf("this is a test of cyrlock log --test, level %s, nothing has happened: %s", l.Name, token)}
}

// send sends one test message. The log daemon may not take it: it must not block us.
func (r *Route) send(ctx context.Context, s *Sent) {
	line := fmt.Sprintf("<%d>%s cyrlock[%d]: %s", r.facility<<3|s.severity, s.at.Format(time.Stamp), os.Getpid(), s.Text)
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
