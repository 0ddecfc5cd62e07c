package ui

import (
	"testing"

	"cyrlock/ui/page"
	"cyrlock/ui/sample"
)

// TestSelectionWalksAlong: the process that is selected on one page is selected on
// the next, all the way around.
func TestSelectionWalksAlong(t *testing.T) {
	chains := sample.Incident()
	chains.Files = append(chains.Files, sample.Files([3]int{8, 24102, 24103}).Files...)
	s := screens(t, sample.Recorded(chains), colour, 80, 24, "n")
	shows(t, s, ">HOLDS  imapd 24102", "chain 2 of 2")
	press(t, s, "tab")
	shows(t, s, "FIX", "imapd 24102 holds /f8", ">1 end imapd 24102")
	press(t, s, "tab", "shift+tab", "3")
	shows(t, s, "VERDICT", ">HOLDS  imapd 24102")
	press(t, s, "j", "4", "shift+tab")
	shows(t, s, "VERDICT", ">└ 1 imapd 24103")
	press(t, s, "4", "n", "3")
	shows(t, s, ">HOLDS  imapd 24870")
	press(t, s, "2")
	if got := s.pages[page.StepStacks].Selected(s.Scene).PID; got != 24870 {
		t.Errorf("Stacks stands on %d", got)
	}
	press(t, s, "3", "j", "j", "5", "3") // nothing is selected on Watch
	shows(t, s, ">├ 2 imapd 24901")
	press(t, s, "enter", "4")
	if got := s.pages[page.StepFix].Selected(s.Scene).PID; got != 24901 {
		t.Errorf("Fix stands on %d", got)
	}
}

// TestEvidenceFromAnywhere: esc and e lead back to where it was asked for, and esc from
// there to where that was come from.
func TestEvidenceFromAnywhere(t *testing.T) {
	s := screens(t, sample.Recorded(sample.Incident()), colour, 80, 24)
	for _, back := range []string{"esc", "e"} {
		for step, title := range []string{"FIND", "STACKS", "VERDICT", "FIX", "WATCH"} {
			press(t, s, "3", "2", string(rune('1'+step)), "e")
			shows(t, s, "VERDICT", "How we know   fdinfo 24870/22")
			if step != int(page.StepVerdict) {
				shows(t, s, "esc back")
			}
			press(t, s, back)
			shows(t, s, title)
		}
	}
	press(t, s, "3", "2", "e", "esc", "esc")
	shows(t, s, "VERDICT", "HOLDS")
	press(t, s, "e", "esc") // on its own page it is the tree that comes back
	shows(t, s, "VERDICT", "HOLDS")
	press(t, s, "4", "e", "1", "3") // left another way
	shows(t, s, "VERDICT", "HOLDS")
}
