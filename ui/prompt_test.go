package ui

import (
	"errors"
	"testing"
	"time"

	"cyrlock/evidence"
	"cyrlock/ui/sample"
)

// typing is what a person types after a colon, key by key, and enter.
func typing(line string) []string {
	keys := []string{":"}
	for _, r := range line {
		keys = append(keys, string(r))
	}
	return append(keys, "enter")
}

func TestPrompt(t *testing.T) {
	for line, want := range map[string]string{
		"stacks 24876": "STACKS",
		"s":            "more than one command begins with \"s\"",
		"st":           "STACKS",
		"verdict":      "VERDICT",
		"fix":          "FIX",
		"every 7":      "every 7s",
		"every off":    "LIVE on r",
		"every 1ms":    "every 1ms: a time such as 5s, at least 200ms, or off",
		"every soon":   "a time such as 5s",
		"stacks 4":     "4: no process of this look has that number",
		"stacks x y":   "x y: no process of this look has that number",
		"reboot":       `no command begins with "reboot"`,
		"help":         "one page up",
		"commands":     "cat /proc/locks",
		"pause":        "PAUSED",
		"":             "VERDICT",
	} {
		s := screens(t, sample.Recorded(sample.Incident()), colour, 100, 50)
		press(t, s, typing(line)...)
		shows(t, s, want)
	}
}

// TestPromptAsks: a user named after find is asked for, as on the page.
func TestPromptAsks(t *testing.T) {
	m := &one{snapshot: sample.Incident()}
	s := screens(t, m, colour, 80, 24)
	press(t, s, typing("find lsmith")...)
	if got, want := m.asked[len(m.asked)-1], (evidence.Query{User: "lsmith", Openers: true}); got != want {
		t.Errorf("asked %+v, want %+v", got, want)
	}
	shows(t, s, "FIND", "User or file: lsmith")
}

// TestPromptRow: the line shows what it may become, and no key but its own is heard.
func TestPromptRow(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), without, 80, 24, ":", "v")
	shows(t, s, "\n :v_   verdict")
	press(t, s, "q", "backspace", "backspace")
	shows(t, s, ":_   find stacks verdict fix watch every look")
	press(t, s, "backspace")
	hides(t, s, ":_")
	press(t, s, ":", "esc")
	hides(t, s, ":_")
}

func TestSave(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24, "w")
	shows(t, s, "a capture cannot be saved here")
	var saved evidence.Snapshot
	s.options.Save = func(e evidence.Snapshot) (string, error) { saved = e; return "/root/\x1b[2Jx.json", nil }
	press(t, s, "w")
	shows(t, s, `saved /root/\x1b[2Jx.json`)
	if len(saved.Processes) != len(s.Report.Processes) {
		t.Error("the capture is not what is on the screen")
	}
	s.options.Save = func(evidence.Snapshot) (string, error) { return "", errors.New("open /root: no space left on device") }
	press(t, s, "w")
	shows(t, s, "not saved: open /root: no space left")
}

// TestRecordedDoesNotPause: what does not change has no pause and no rhythm.
func TestRecordedDoesNotPause(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	s.options.Label = recordedLabel
	press(t, s, "p")
	s.Update(ticked(epoch.Add(time.Hour)))
	shows(t, s, "this is recorded", "RECORDED 2026-11-23")
	hides(t, s, "PAUSED", "1h0m0s old")
}
