package fix

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

const auditName = "audit.jsonl"

// An entry is one line of the audit log.
type entry struct {
	Time time.Time `json:"time"`
	// What is "begin" before the first step, then "applied" or "failed"; "undo"
	// before the first step back, then "undone" or "not undone"; "proof".
	What    string   `json:"what"`
	Receipt int      `json:"receipt"`
	Kind    string   `json:"kind"`
	Title   string   `json:"title"`
	By      By       `json:"by"`
	Basis   *Basis   `json:"basis,omitempty"`
	Capture string   `json:"capture,omitempty"`
	Steps   []string `json:"steps,omitempty"` // "done: SIGTERM to imapd 24870"
	Error   string   `json:"error,omitempty"`
	Proof   *Proof   `json:"proof,omitempty"`
}

// note appends a line. What cannot be noted is not begun.
func (b *book) note(what string, r *Receipt) error {
	e := entry{Time: time.Now(), What: what, Receipt: r.ID, Kind: r.Plan.Kind, Title: r.Plan.Title, By: me(), Basis: r.Plan.Basis, Capture: r.Saved, Error: r.Error}
	for i, s := range r.Steps {
		line := string(s.State) + ": " + r.Plan.Changes[i].Text
		if s.Said != "" {
			line += ": " + s.Said
		}
		e.Steps = append(e.Steps, line)
	}
	if what == "proof" {
		e.Proof = r.Proof
	}
	line, err := json.Marshal(e)
	if err == nil {
		err = b.append(append(line, '\n'))
	}
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(b.dir, auditName), bare(err))
	}
	return nil
}

// append writes a whole line at once. Half a line, left by a full disk, is ended
// first, so that it spoils no other.
func (b *book) append(line []byte) (err error) {
	f, err := b.root.OpenFile(auditName, os.O_RDWR|os.O_APPEND|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil {
		return err
	}
	last := []byte{'\n'}
	if end > 0 {
		if _, err := f.ReadAt(last, end-1); err != nil {
			return err
		}
	}
	if last[0] != '\n' {
		line = append([]byte{'\n'}, line...)
	}
	if _, err := f.Write(line); err != nil {
		return err
	}
	return f.Sync()
}

// me is who does it.
func me() By { return By{UID: os.Getuid(), Sudo: os.Getenv("SUDO_USER"), PID: os.Getpid()} }
