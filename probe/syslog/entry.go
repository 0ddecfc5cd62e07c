package syslog

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"cyrlock/evidence"
)

// parseEntry reads an entry of journalctl -o json: systemd.journal-fields(7) and
// "Journal JSON Format" on systemd.io.
func parseEntry(data []byte) (evidence.LogLine, error) {
	var e struct {
		Message  entryField `json:"MESSAGE"`
		Ident    entryField `json:"SYSLOG_IDENTIFIER"`
		Comm     entryField `json:"_COMM"`
		Host     entryField `json:"_HOSTNAME"`
		PID      entryField `json:"_PID"`       // the kernel's word
		Told     entryField `json:"SYSLOG_PID"` // the program's
		Sent     entryField `json:"_SOURCE_REALTIME_TIMESTAMP"`
		Received entryField `json:"__REALTIME_TIMESTAMP"`
	}
	if err := json.Unmarshal(data, &e); err != nil {
		return evidence.LogLine{}, fmt.Errorf("an entry of the journal: %w", err)
	}
	l := evidence.LogLine{Host: string(e.Host), Ident: string(e.Ident), Source: TheJournal}
	if l.Ident == "" {
		l.Ident = string(e.Comm)
	}
	l.Text = string(e.Message[:min(len(e.Message), MaxLine)])
	if l.PID = pid([]byte(e.PID)); l.PID == 0 {
		l.PID = pid([]byte(e.Told))
	}
	for _, at := range []entryField{e.Sent, e.Received} {
		if us, err := strconv.ParseInt(string(at), 10, 64); err == nil && us > 0 {
			l.Time = time.UnixMicro(us)
			break
		}
	}
	return l, nil
}

// An entryField is a string; bytes, as an array of numbers, where it is not printable; an
// array of these, where it was given several times, of which the first counts; or
// null, where it is too long.
type entryField string

func (f *entryField) UnmarshalJSON(data []byte) error {
	if f.one(data) == nil {
		return nil
	}
	var many []json.RawMessage
	if err := json.Unmarshal(data, &many); err != nil || len(many) == 0 {
		return err
	}
	return f.one(many[0])
}

func (f *entryField) one(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) == nil {
		*f = entryField(s)
		return nil
	}
	var b []byte
	err := json.Unmarshal(data, &b)
	*f = entryField(b)
	return err
}
